"""Errors in requests are reported to the error tracker."""

import os

import sentry_sdk
from sentry_sdk.integrations.django import DjangoIntegration

sentry_sdk.init(
    dsn=os.environ["SENTRY_DSN"],
    integrations=[DjangoIntegration()],
    # Looking for everything else it could integrate with would take longer than all of Django does.
    auto_enabling_integrations=False,
    auto_session_tracking=False,
)
