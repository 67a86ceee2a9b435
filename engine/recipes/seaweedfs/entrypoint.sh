#!/bin/sh
# Runs a weed command as the user seaweed; the servers keep their files in /data unless told otherwise.
if [ "$(id -u)" = 0 ]; then
    [ "$(stat -c %u /data)" = 1000 ] || chown -R seaweed:seaweed /data
    exec setpriv --reuid=seaweed --regid=seaweed --init-groups "$0" "$@"
fi
command=${1:-help}
[ $# -gt 0 ] && shift

case "$command" in
    master) set -- -mdir=/data "$@" ;;
    volume | server | mini) set -- -dir=/data "$@" ;;
esac
exec /usr/bin/weed -logtostderr=true "$command" "$@"
