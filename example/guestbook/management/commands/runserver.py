import os

from django.contrib.staticfiles.management.commands import runserver
from django.core.management import call_command
from django.utils.autoreload import DJANGO_AUTORELOAD_ENV


class Command(runserver.Command):
    """Django's runserver, which first migrates the database."""

    def handle(self, *args, **options):
        # runserver starts a second process, which serves, and replaces it when code changes.
        if os.environ.get(DJANGO_AUTORELOAD_ENV) != "true":
            call_command("migrate")
        super().handle(*args, **options)
