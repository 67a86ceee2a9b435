#!/bin/sh
# Starts HAProxy as the official image does: a master with workers, in the foreground.
set -e

case "$1" in
    -*) set -- haproxy "$@" ;;
esac
if [ "$1" = haproxy ]; then
    shift
    set -- haproxy -W -db "$@"
fi
exec "$@"
