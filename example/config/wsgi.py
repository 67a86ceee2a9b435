"""The guestbook for a WSGI server, runserver included."""

import os

import sentry_sdk
from django.core.wsgi import get_wsgi_application
from sentry_sdk.integrations.django import DjangoIntegration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# What fails while serving a visitor is reported to the error tracker, if there is one.
if dsn := os.environ.get("SENTRY_DSN"):
    sentry_sdk.init(
        dsn=dsn,
        integrations=[DjangoIntegration()],
        # Looking for everything else it could integrate with would double the time to start.
        auto_enabling_integrations=False,
        auto_session_tracking=False,
    )

application = get_wsgi_application()
