"""Make the project that the guestbook reports its errors to, and a token to read them with."""

from bsmain.models import AuthToken
from projects.models import Project

Project.objects.get_or_create(
    pk=1,
    defaults={"name": "Guestbook", "sentry_key": "9e5b0000-0000-4000-8000-00000000c0de"},
)
AuthToken.objects.get_or_create(
    token="9e5b00000000000000000000000000000000c0de",
    defaults={"description": "Guestbook", "issues_read": True, "events_read": True},
)
