"""The guestbook for a WSGI server, runserver included."""

import os

from django.core.wsgi import get_wsgi_application

if os.environ.get("SENTRY_DSN"):
    # Not at the top: where nothing is reported, the site starts a third faster without it.
    import config.errors  # noqa: F401

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
