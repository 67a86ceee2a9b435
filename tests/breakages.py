"""Break things one at a time and see the page's check fail at the right step.

Run it by hand, with an engine in the environment: ``python tests/breakages.py [NAME ...]``.  Each
breakage is made in a private copy of the site; the check of that copy must fail, and the failure
must name the step that the breakage falsifies.  Exit status 1 where one went unnoticed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "explanation/practical-implications.rst"
COPIED = (
    "conf.py",
    "index.rst",
    "pyproject.toml",
    "tools",
    "_static",
    "_templates",
    "explanation",
    "how-to",
    "reference",
    "example",
    "records",
)


@dataclass(frozen=True)
class Breakage:
    """One thing broken, and the step whose failure shows it."""

    name: str
    file: str
    old: str
    new: str
    step: str
    # part of the first line of the failure
    nth: int = 1
    # which occurrence of `old` is replaced, counted from 1
    page: str = NAME
    # the page whose check has to notice
    visible: bool = False
    # checks the visible lines alone: what the breakage folds away was needed


def page(name: str, old: str, new: str, step: str, nth: int = 1) -> Breakage:
    """Return a breakage of the page itself."""
    return Breakage(name, NAME, old, new, step, nth)


def other(page: str, name: str, file: str, old: str, new: str, step: str) -> Breakage:
    """Return a breakage that another page has to notice: of that page, or of what it works on."""
    return Breakage(name, file or page, old, new, step, page=page)


def folded(page: str, name: str, old: str, step: str) -> Breakage:
    """Return a breakage that puts a block into a claim's proof, where no reader has to type it."""
    new = old.replace(".. console::", ".. claim:: It works.")
    new = new.replace("```{console}", "```{claim} It works.")
    return Breakage(name, page, old, new, step, page=page, visible=True)


def sample(name: str, file: str, old: str, new: str, step: str, nth: int = 1) -> Breakage:
    """Return a breakage of the sample project."""
    return Breakage(name, f"example/{file}", old, new, step, nth)


COMPOSE = "docker-compose.yml"
DATA = "explanation/where-data-lives.rst"
REACH = "explanation/who-can-reach-what.rst"
IMAGE = "explanation/one-image-many-places.rst"
BREAKAGES = (
    # the page: what a writer gets wrong
    page("a-promise-by-one-character", "(3, False)", "(3, True)", "len(answering)"),
    page("a-count-by-one", "\n        30 a photo", "\n        31 a photo", "/photo/1/"),
    page(
        "a-misspelt-command",
        "$ docker compose restart db",
        "$ docker compose restrat db",
        "restrat",
    ),
    page("a-misspelt-service", "exec db psql", "exec dbb psql", "exec dbb psql"),
    page(
        "an-exit-status-removed",
        "No such container: example-web\n   [1]",
        "No such container: example-web",
        "docker exec -i example-web python",
    ),
    page(
        "another-exit-status",
        "no response\n   [2]",
        "no response\n   [1]",
        "pg_isready -h 127.0.0.1",
    ),
    page(
        "an-output-deleted",
        "".join(f"   web-{number} ...| INFO GET /?visit=\n" for number in (1, 2, 3)),
        "",
        "grep -o",
    ),
    page("a-line-of-output-deleted", "   web-2 ...| INFO GET /?visit=\n", "", "grep -o"),
    page(
        "no-such-command-before-a-nested-prompt",
        "$ docker compose run --rm web python manage.py shell",
        "$ no-such-command python manage.py shell",
        "no-such-command python",
    ),
    page("another-program-s-prompt", "   db=# select count", "   db=> select count", "dbshell"),
    page("a-program-never-left", "   >>> exit()\n", "   >>> 0\n   0\n", "`0`"),
    page("the-wrong-container-name", "exec -it example-web-1", "exec -it example-web-7", "web-7"),
    page(
        "run-without-rm",
        "$ docker compose run --rm web true",
        "$ docker compose run web true",
        "docker ps --all --filter",
        nth=1,
    ),
    page(
        "every-address-published",
        "       - 127.0.0.1:5432:5432\n",
        "       - 5432:5432\n",
        "docker compose port db 5432",
    ),
    page(
        "a-restart-for-an-up",
        "   $ docker compose up -d --wait db\n",
        "   $ docker compose restart db\n",
        "restart db",
    ),
    page(
        "the-edit-s-context-misquoted",
        "     image: postgres:17\n",
        "     image: postgres:9.4\n",
        "the lines around the change are not found",
    ),
    page(
        "a-new-environment-by-restart",
        "printenv GUESTBOOK_TITLE\n   Guestbook\n",
        "printenv GUESTBOOK_TITLE\n   Visitors\n",
        "printenv GUESTBOOK_TITLE",
    ),
    page("a-build-forgotten", "   $ docker compose build\n   ...\n", "", "import humanize; print"),
    page("a-directive-misspelt", ".. console::", ".. consol::", "consol"),
    page(
        "a-block-that-begins-with-output",
        "   $ curl -s http://127.0.0.1:8000/whoami\n",
        "",
        "the block begins with output",
    ),
    # the sample project: what a maintainer breaks
    sample(
        "the-database-without-its-volume",
        COMPOSE,
        "    volumes:\n      - db-data:/var/lib/postgresql/data\n",
        "",
        "from guestbook_entry",
    ),
    sample(
        "the-balancer-s-port-missing",
        COMPOSE,
        "    ports:\n      - 127.0.0.1:8000:8000\n",
        "",
        "curl -s http://127.0.0.1:8000/whoami",
    ),
    sample(
        "the-balancer-points-at-one-replica",
        "balancer/haproxy.cfg",
        "server-template web 10",
        "server-template web 1",
        "len(answering)",
    ),
    sample(
        "uploads-on-the-local-disk",
        "config/settings.py",
        '        "BACKEND": "storages.backends.s3.S3Storage",\n        "OPTIONS": {\n',
        '        "BACKEND": "django.core.files.storage.FileSystemStorage",\n        "OPTIONS": '
        '{"location": "/tmp"},\n        "WERE": {\n',
        "/photo/1/",
    ),
    sample("the-image-without-psql", "Dockerfile", "postgresql-client", "file", "dbshell"),
    sample(
        "the-alias-postgres-gone",
        COMPOSE,
        "          - postgres\n",
        "          - other\n",
        "psql -h postgres",
    ),
    sample(
        "the-media-storage-forgets",
        COMPOSE,
        "      - media-data:/data\n",
        "      - media-data:/elsewhere\n",
        "/photo/1/",
    ),
    sample(
        "the-server-does-not-reload",
        COMPOSE,
        "runserver 0.0.0.0:8000",
        "runserver --noreload 0.0.0.0:8000",
        "/hello",
    ),
    sample("the-code-is-not-mounted", COMPOSE, "    volumes:\n      - .:/app\n", "", "/hello"),
    sample(
        "requests-are-not-logged",
        "guestbook/traffic.py",
        "logger.info(",
        "logger.debug(",
        "grep -c visit=",
    ),
    sample(
        "requests-are-not-counted",
        "guestbook/traffic.py",
        "self.value += 1",
        "pass",
        'answer["requests"]',
    ),
    sample(
        "another-line-in-the-environment",
        ".env-local",
        "GUESTBOOK_TITLE=Guestbook",
        "GUESTBOOK_TITLE=Visitors' book",
        "the lines around the change are not found",
    ),
    sample(
        "the-requirement-is-there-already",
        "requirements.txt",
        "six==",
        "humanize==4.17.0\nsix==",
        'python -c "import humanize"',
    ),
    sample(
        "a-table-renamed",
        "guestbook/models.py",
        "class Entry(",
        "class Note(",
        "--wait",
    ),
    sample(
        "another-port",
        COMPOSE,
        "127.0.0.1:8000:8000",
        "127.0.0.1:8001:8000",
        "curl -s http://127.0.0.1:8000/whoami",
    ),
    # the rest of the guide
    other(DATA, "a-fate-misstated", "", "layer: gone", "layer: kept", "look_for_notes"),
    other(
        DATA,
        "a-named-volume-without-its-name",
        "",
        "- notes-data:/named-volume",
        "- /named-volume",
        "look_for_notes",
    ),
    other(
        DATA,
        "down-that-keeps-the-volumes",
        "",
        "   $ docker compose down -v\n",
        "   $ docker compose down\n",
        "look_for_notes",
    ),
    other(
        DATA,
        "photos-in-the-container-s-own-layer",
        "example/docker-compose.yml",
        "      - media-data:/data\n",
        "      - media-data:/elsewhere\n",
        "look_for_notes",
    ),
    other(
        REACH,
        "the-database-published-after-all",
        "example/docker-compose.yml",
        "    image: postgres:17\n",
        "    image: postgres:17\n    ports:\n      - 127.0.0.1:5432:5432\n",
        "docker ps --filter network=example_default",
    ),
    other(REACH, "a-link-that-is-none", "", "- db:database", "- media:store", "getent hosts"),
    other(
        REACH,
        "a-database-that-asks-after-all",
        "",
        "     POSTGRES_HOST_AUTH_METHOD: trust",
        "     POSTGRES_PASSWORD: secret",
        "come in",
    ),
    other(
        REACH,
        "the-database-trusts-anybody",
        "example/docker-compose.yml",
        "      POSTGRES_DB: db\n",
        "      POSTGRES_DB: db\n      POSTGRES_HOST_AUTH_METHOD: trust\n",
        "psql -w",
    ),
    other(
        REACH,
        "an-address-of-ipv4-alone",
        "",
        "     - 8000:8000\n\n.. console",
        "     - 0.0.0.0:8000:8000\n\n.. console",
        "[::1]",
    ),
    other(
        IMAGE,
        "secrets-in-the-image",
        "example/.dockerignore",
        ".env*",
        ".nothing",
        "ls .env-local",
    ),
    other(
        IMAGE,
        "a-default-for-the-secret",
        "example/config/settings.py",
        'os.environ["DJANGO_SECRET_KEY"]',
        'os.environ.get("DJANGO_SECRET_KEY", "x")',
        "docker run --rm $image",
    ),
    other(
        IMAGE,
        "a-header-that-django-ignores",
        "example/config/settings.py",
        "    SECURE_PROXY_SSL_HEADER = (",
        "    IGNORED = (",
        "DJANGO_SECURE_PROXY_SSL_HEADER=1",
    ),
    other(
        IMAGE,
        "a-development-server-in-the-image",
        "example/Dockerfile",
        'CMD ["gunicorn", "--bind=0.0.0.0:8000", ',
        'CMD ["python", "manage.py", "runserver", "0.0.0.0:8000"]\n# ["',
        "docker inspect",
    ),
    other(
        IMAGE,
        "a-test-that-fails",
        "example/guestbook/views.py",
        'HttpResponse("ok\\n"',
        'HttpResponse("okay\\n"',
        "manage.py test",
    ),
    other(
        "how-to/restart-or-rebuild.rst",
        "a-server-without-its-reloader",
        "example/docker-compose.yml",
        "runserver 0.0.0.0:8000",
        "runserver --noreload 0.0.0.0:8000",
        "curl -s http://127.0.0.1:8000/health",
    ),
    other(
        "how-to/restart-or-rebuild.rst",
        "a-matrix-by-wishful-thinking",
        "",
        "   $ docker compose up -d --build\n   ...\n   $ docker compose exec -T web pip freeze",
        "   $ docker compose up -d\n   ...\n   $ docker compose exec -T web pip freeze",
        "pip freeze",
    ),
    other(
        "how-to/use-the-compose-you-have.rst",
        "a-script-that-takes-the-other-compose",
        "",
        "if docker compose version",
        "if ! docker compose version",
        "echo $compose",
    ),
    other(
        "how-to/use-the-compose-you-have.rst",
        "compatibility-forgotten",
        "",
        "docker compose --compatibility up",
        "docker compose up",
        "docker ps --filter",
    ),
    other(
        "how-to/upgrade-postgres.rst",
        "the-new-version-on-the-old-volume",
        "",
        "     - db-data-18:/var",
        "     - db-data:/var",
        "up -d --wait db",
    ),
    other(
        "how-to/upgrade-postgres.rst",
        "a-dump-that-was-not-made",
        "",
        "-U postgres db > upgrade.sql",
        "-U postgres --schema-only db > upgrade.sql",
        "select name, text",
    ),
    other(
        "how-to/open-a-shell.rst",
        "the-site-runs-as-root",
        "example/Dockerfile",
        "USER app\n",
        "",
        "app@...",
    ),
    other(
        "how-to/open-a-shell.rst",
        "run-for-exec",
        "",
        "   $ docker compose exec -T web cat /etc/hostname > inside",
        "   $ docker compose run --rm -T web cat /etc/hostname > inside 2> /dev/null",
        "grep -c -f inside",
    ),
    other(
        "how-to/read-the-logs.md",
        "a-log-that-nobody-writes",
        "example/guestbook/traffic.py",
        "logger.info(",
        "logger.debug(",
        "grep -c visit=",
    ),
    other(
        "how-to/find-an-error.rst",
        "another-project-s-key",
        "",
        "=http://9e5b000000004000800000000000c0de@",
        "=http://9e5b000000004000800000000000dead@",
        "until ask",
    ),
    other(
        "how-to/query-the-database.rst",
        "a-transaction-that-was-not-begun",
        "",
        "   db=# begin;\n   BEGIN\n   db=*# delete",
        "   db=# delete",
        "select count(*)",
    ),
    other(
        "how-to/query-the-database.rst",
        "an-environment-without-the-password",
        "example/.env-local",
        "PGPASSWORD=guestbook\n",
        "PGPASSWORD=\n",
        "docker compose up",
    ),
    other(
        "how-to/back-up-the-database.md",
        "a-restore-from-nothing",
        "",
        "ON_ERROR_STOP=1 restored < backup.sql",
        "ON_ERROR_STOP=1 restored < /dev/null",
        "diff <(",
    ),
    other(
        "how-to/change-the-database-password.rst",
        "a-password-that-was-not-changed",
        "",
        "alter role postgres password 'visitors';",
        "alter role postgres password 'guestbook';",
        "up -d --wait web",
    ),
    other(
        "how-to/connect-a-database-tool.rst",
        "a-port-that-is-free",
        "",
        "(python3 -m http.server --bind 127.0.0.1 5432 >",
        "(python3 -m http.server --bind 127.0.0.3 5432 >",
        "until curl",
    ),
    other(
        "how-to/store-uploaded-files.rst",
        "a-volume-that-is-not-at-media-root",
        "",
        "- uploads:/var/lib/guestbook",
        "- uploads:/var/lib/elsewhere",
        "/photo/1/",
    ),
    other(
        "how-to/move-files-to-s3.rst",
        "a-file-that-was-not-copied",
        "",
        "in sorted(Path('/old').rglob('*')):",
        "in sorted(Path('/old').rglob('*'))[2:]:",
        "old-media:/old:ro",
    ),
    other(
        "how-to/open-a-shell.rst",
        "a-restart-for-a-new-container",
        "",
        "   $ docker compose up -d --force-recreate --no-deps web\n",
        "   $ docker compose restart web\n",
        "ls /tmp/mark",
    ),
    other(
        "how-to/change-environment-variables.rst",
        "another-title",
        "example/.env-local",
        "GUESTBOOK_TITLE=Guestbook",
        "GUESTBOOK_TITLE=Book",
        "the lines around the change are not found",
    ),
    other(
        "how-to/add-a-python-package.rst",
        "packages-that-anybody-may-write",
        "example/Dockerfile",
        "USER app\n",
        "RUN chmod -R a+rwX /usr/local/lib\nUSER app\n",
        "touch /usr/local",
    ),
    other(
        "how-to/run-several-web-containers.rst",
        "a-balancer-with-one-favourite",
        "example/balancer/haproxy.cfg",
        "server-template web 10",
        "server-template web 1",
        "until [",
    ),
    other(
        "how-to/keep-ports-private.rst",
        "a-door-left-open",
        "",
        "       - 127.0.0.1:5432:5432\n\n.. console::\n\n   $ docker compose up -d --wait db\n",
        "       - 127.0.0.2:5432:5432\n\n.. console::\n\n   $ docker compose up -d --wait db\n",
        "pg_isready -h 127.0.0.2",
    ),
    other(
        "how-to/fix-permissions.rst",
        "a-command-as-the-wrong-user",
        "",
        'run --rm --user "$(id -u):$(id -g)" web python manage.py makemigrations',
        "run --rm --user app web python manage.py makemigrations",
        "makemigrations",
    ),
    other(
        "how-to/fix-permissions.rst",
        "a-user-of-the-image-with-a-persons-number",
        "example/Dockerfile",
        "--uid 10001 ",
        "",
        "id -u app",
    ),
    other(
        "how-to/fix-permissions.rst",
        "an-image-without-a-folder-for-its-volume",
        "example/Dockerfile",
        " --owner app --group app",
        "",
        "--volume /var/lib/guestbook",
    ),
    other(
        "how-to/fix-line-endings.rst",
        "a-rule-that-names-no-line-ending",
        "",
        "   * text=auto eol=lf",
        "   * text=auto",
        "./check-migrations",
    ),
    other(
        "how-to/clean-up.rst",
        "a-volume-that-stays",
        "",
        "   $ docker compose down -v\n   ...\n\n.. claim::",
        "   $ docker compose down\n   ...\n\n.. claim::",
        "docker volume ls",
    ),
    other(
        "reference/console-syntax.rst",
        "a-terminal-of-another-width",
        "",
        "\n\n   $ pwd\n   /home/you/example\n   $ stty size\n   1000 120",
        "\n\n   $ pwd\n   /home/you/example\n   $ stty size\n   1000 80",
        "stty size",
    ),
    other(
        "reference/compatibility.rst",
        "another-major-version",
        "example/docker-compose.yml",
        "    image: postgres:17\n    environment:\n",
        "    image: postgres:18\n    environment:\n      PGDATA: /var/lib/postgresql/data\n",
        "postgres --version",
    ),
    # a fold that holds what a later visible line needs
    folded(
        NAME,
        "a-new-environment-in-a-fold",
        ".. console::\n\n   $ docker compose up -d web\n",
        "docker ps --filter name=example-web",
    ),
    folded(
        DATA,
        "functions-in-a-fold",
        ".. console::\n\n   $ leave_notes() {",
        "look_for_notes",
    ),
    folded(IMAGE, "an-id-in-a-fold", ".. console::\n\n   $ image=", "check --deploy"),
    folded(
        "how-to/back-up-the-database.md",
        "a-restore-in-a-fold",
        "```{console}\n$ docker compose stop web\n",
        "dropdb",
    ),
    folded(
        "how-to/clean-up.rst",
        "a-removal-in-a-fold",
        ".. console::\n   :name: down\n\n   $ docker compose down --remove-orphans\n"
        "   ...\n\n.. claim::",
        "docker ps --all",
    ),
    folded(
        "how-to/keep-ports-private.rst",
        "a-new-container-in-a-fold",
        ".. console::\n   :name: publish\n",
        "docker ps --filter name=example",
    ),
    folded(
        "how-to/move-files-to-s3.rst",
        "a-start-in-a-fold",
        ".. console::\n   :name: start\n\n   $ docker",
        "exec web python manage.py shell",
    ),
    folded(
        "how-to/open-a-shell.rst",
        "a-program-opened-in-a-fold",
        ".. console::\n\n   $ docker compose run --rm web python manage.py shell\n"
        "   ...\n\n.. claim::",
        "`exit()`",
    ),
    folded(
        "how-to/query-the-database.rst",
        "a-transaction-in-a-fold",
        ".. console::\n\n   $ docker compose exec db psql -U postgres db\n   ...\n   db=# begin;",
        "`rollback;`",
    ),
    folded(
        "how-to/upgrade-postgres.rst",
        "a-dump-in-a-fold",
        ".. console::\n   :name: upgrade\n",
        "rm upgrade.sql",
    ),
)


def broken(text: str, breakage: Breakage) -> str:
    """Return a file's text with the breakage in it; ValueError where there is nothing to break."""
    parts = text.split(breakage.old)
    if len(parts) <= breakage.nth:
        raise ValueError(f"{breakage.name}: {breakage.file} has no such text: {breakage.old!r}")
    before = breakage.old.join(parts[: breakage.nth])
    return before + breakage.new + breakage.old.join(parts[breakage.nth :])


def first_complaint(report: str) -> str:
    """Return the first line of the first failure in pytest's report, or nothing."""
    found = re.search(r"^_{3,} .* _{3,}$\n(.*)$", report, re.MULTILINE)
    return found.group(1) if found else ""


def try_one(breakage: Breakage) -> tuple[bool, str]:
    """Break one thing in a copy of the site; tell whether the right step failed, and how."""
    with tempfile.TemporaryDirectory() as scratch:
        site = Path(scratch)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, site / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, site / name)
        file = site / breakage.file
        file.write_text(broken(file.read_text(encoding="utf-8"), breakage), encoding="utf-8")
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-p",
                "no:cacheprovider",
                "--require-docker",
                "--compose",
                "v2",
                *(["--visible"] if breakage.visible else []),
                "--override-ini",
                "testpaths=",
                breakage.page,
            ],
            cwd=site,
            capture_output=True,
            text=True,
            check=False,
        )
    said = first_complaint(done.stdout) or done.stdout[-300:].strip()
    return done.returncode == 1 and breakage.step in said, said


def main() -> int:
    """Try all breakages, or those named, and count the unnoticed ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = [b.name for b in BREAKAGES]
    parser.add_argument(
        "names", nargs="*", choices=[*known, []], metavar="NAME", help="those to try"
    )
    wanted = parser.parse_args().names
    missed = 0
    tried = [b for b in BREAKAGES if not wanted or b.name in wanted]
    for breakage in tried:
        start = time.monotonic()
        caught, said = try_one(breakage)
        missed += not caught
        seconds = time.monotonic() - start
        verdict = "caught" if caught else "MISSED"
        print(f"{verdict} {breakage.name} ({seconds:.0f} s)\n       {said[:200]}", flush=True)
    print(f"{len(tried) - missed} passed, {missed} failed")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
