from django.core.management.commands import migrate
from django.db import connections

# Any number will do, as long as nothing else that uses the database takes it.
LOCK = 20_000


class Command(migrate.Command):
    """Django's migrate, one at a time: several containers may start at once."""

    def handle(self, *args, **options):
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            try:
                super().handle(*args, **options)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
