#!/bin/sh
# Prepares the database, then runs the server and its worker of background tasks, both or neither.
set -e

/app/prepare
exec monofy \
    gunicorn --bind "0.0.0.0:$PORT" --access-logfile - bugsink.wsgi \
    '|||' bugsink-runsnappea
