import os

from django.core.management import call_command
from django.core.management.commands import runserver
from django.utils.autoreload import DJANGO_AUTORELOAD_ENV


class Command(runserver.Command):
    """Django's runserver, which first brings the tables of the database up to date."""

    def handle(self, *args, **options):
        # It starts a second process, which serves and is replaced when code changes.
        if os.environ.get(DJANGO_AUTORELOAD_ENV) != "true":
            call_command("migrate")
        super().handle(*args, **options)
