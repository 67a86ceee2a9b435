#!/bin/sh
# Runs a weed command; the servers keep their files in /data unless told otherwise.
command=${1:-help}
[ $# -gt 0 ] && shift

case "$command" in
    master) set -- -mdir=/data "$@" ;;
    volume | server | mini) set -- -dir=/data "$@" ;;
esac
exec /usr/bin/weed "$command" "$@"
