#!/bin/bash
# Starts PostgreSQL as the official image does: the first time, it makes the database that the
# POSTGRES_* variables describe; every time, the server runs as the user postgres.
set -euo pipefail

# Let each POSTGRES_X be given by a file instead, named by POSTGRES_X_FILE.
from_file() {
    local variable=$1 file_variable=$1_FILE
    if [ -n "${!variable:-}" ] && [ -n "${!file_variable:-}" ]; then
        echo "error: both $variable and $file_variable are set (but are exclusive)" >&2
        exit 1
    fi
    if [ -n "${!file_variable:-}" ]; then
        export "$variable=$(< "${!file_variable}")"
        unset "$file_variable"
    fi
}

# Here and below, messages are the official image's own words, so that a reader who searches for one
# finds it (docker-entrypoint.sh of docker-library/postgres, commit 6edb0a8, 26 February 2026).
refuse_without_password() {
    if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
        cat >&2 <<'END'
Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".

       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all
       connections without a password. This is *not* recommended.

       See PostgreSQL documentation about "trust":
       https://www.postgresql.org/docs/current/auth-trust.html
END
        exit 1
    fi
    [ "$POSTGRES_HOST_AUTH_METHOD" = trust ] || return 0
    cat >&2 <<'END'
********************************************************************************
WARNING: POSTGRES_HOST_AUTH_METHOD has been set to "trust". This will allow
         anyone with access to the Postgres port to access your database without
         a password, even if POSTGRES_PASSWORD is set. See PostgreSQL
         documentation about "trust":
         https://www.postgresql.org/docs/current/auth-trust.html
         In Docker's default configuration, this is effectively any other
         container on the same system.

         It is not recommended to use POSTGRES_HOST_AUTH_METHOD=trust. Replace
         it with "-e POSTGRES_PASSWORD=password" instead to set a password in
         "docker run".
********************************************************************************
END
}

# From 18 on the files lie in a folder of their major version. Files, or a volume, where versions
# before had theirs stop the first start: a new, empty database would look as if all were lost.
refuse_old_files() {
    local folder found=()
    [ "$PGDATA" = "/var/lib/postgresql/$PG_MAJOR/docker" ] || return 0
    for folder in /var/lib/postgresql /var/lib/postgresql/data /var/lib/postgresql/*/docker; do
        if [ -s "$folder/PG_VERSION" ]; then found+=("$folder"); fi
    done
    if [ ${#found[@]} = 0 ] && mountpoint -q /var/lib/postgresql/data; then
        found=('/var/lib/postgresql/data (unused mount/volume)')
    fi
    [ ${#found[@]} -gt 0 ] || return 0
    cat >&2 <<END
Error: in 18+, these Docker images are configured to store database data in a
       format which is compatible with "pg_ctlcluster" (specifically, using
       major-version-specific directory names).  This better reflects how
       PostgreSQL itself works, and how upgrades are to be performed.

       See also https://github.com/docker-library/postgres/pull/1259

       Counter to that, there appears to be PostgreSQL data in:
         ${found[*]}

       This is usually the result of upgrading the Docker image without
       upgrading the underlying database using "pg_upgrade" (which requires both
       versions).

       The suggested container configuration for 18+ is to place a single mount
       at /var/lib/postgresql which will then place PostgreSQL data in a
       subdirectory, allowing usage of "pg_upgrade --link" without mount point
       boundary issues.

       See https://github.com/docker-library/postgres/issues/37 for a (long)
       discussion around this process, and suggestions for how to do so.
END
    exit 1
}

run_initdb_scripts() {
    local file
    local psql=(psql -v ON_ERROR_STOP=1 --no-psqlrc -U "$POSTGRES_USER" -d "$POSTGRES_DB")
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
            *.sh)
                echo "$0: running $file"
                if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
            *.sql) echo "$0: running $file"; "${psql[@]}" -f "$file" ;;
            *.sql.gz) echo "$0: running $file"; gunzip -c "$file" | "${psql[@]}" ;;
            *.sql.xz) echo "$0: running $file"; xz -dc "$file" | "${psql[@]}" ;;
            *.sql.zst) echo "$0: running $file"; zstd -dc "$file" | "${psql[@]}" ;;
            */'*') ;;
            *) echo "$0: ignoring $file" ;;
        esac
    done
}

make_database() {
    refuse_without_password
    refuse_old_files
    local words=()
    eval "words=(${POSTGRES_INITDB_ARGS:-})"
    initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${words[@]}"
    printf '\nhost all all all %s\n' "$POSTGRES_HOST_AUTH_METHOD" >> "$PGDATA/pg_hba.conf"

    # Nobody outside can reach the server before its database is complete.
    PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
    if [ "$POSTGRES_DB" != postgres ]; then
        psql -v ON_ERROR_STOP=1 --no-psqlrc -U "$POSTGRES_USER" -d postgres -v db="$POSTGRES_DB" \
            <<< 'CREATE DATABASE :"db";'
    fi
    run_initdb_scripts
    PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -m fast -w stop
    printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

[ "${1:-}" ] || set -- postgres
[ "${1:0:1}" = - ] && set -- postgres "$@"

serves=yes
[ "$1" = postgres ] || serves=no
for argument in "$@"; do
    case $argument in
        -'?' | --help | --describe-config | -V | --version) serves=no ;;
    esac
done

if [ $serves = yes ]; then
    if [ "$(id -u)" = 0 ]; then
        mkdir -p "$PGDATA"
        chmod 00700 "$PGDATA"
        find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres {} +
        exec setpriv --reuid=postgres --regid=postgres --init-groups "$BASH_SOURCE" "$@"
    fi
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        from_file POSTGRES_PASSWORD
        from_file POSTGRES_USER
        from_file POSTGRES_DB
        from_file POSTGRES_INITDB_ARGS
        export POSTGRES_USER=${POSTGRES_USER:-postgres}
        export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
        export POSTGRES_PASSWORD=${POSTGRES_PASSWORD:-}
        export POSTGRES_HOST_AUTH_METHOD=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
        make_database
    else
        printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
    fi
fi

exec "$@"
