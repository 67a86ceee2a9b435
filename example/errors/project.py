"""Make the project that the guestbook reports its errors to."""

from projects.models import Project

Project.objects.get_or_create(
    pk=1,
    defaults={"name": "Guestbook", "sentry_key": "9e5b0000-0000-4000-8000-00000000c0de"},
)
