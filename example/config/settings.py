"""Settings of the guestbook: all that differs between environments comes from variables."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent


def is_on(name):
    """Tell whether a variable is set to 1."""
    return os.environ.get(name) == "1"


SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
DEBUG = is_on("DJANGO_DEBUG")
ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS", "").split()

# HTTPS that ends at a load balancer, which says so to Django in a header.
CSRF_TRUSTED_ORIGINS = os.environ.get("DJANGO_CSRF_TRUSTED_ORIGINS", "").split()
if is_on("DJANGO_SECURE_PROXY_SSL_HEADER"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
if is_on("DJANGO_HTTPS_ONLY"):
    SECURE_SSL_REDIRECT = CSRF_COOKIE_SECURE = True
    # Health checks come from within, without HTTPS.
    SECURE_REDIRECT_EXEMPT = ["^health$"]
    SECURE_HSTS_SECONDS = 3600
    # What these two ask for binds the whole domain, for years: decide that by hand.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

GUESTBOOK_TITLE = os.environ.get("GUESTBOOK_TITLE", "Guestbook")

# The guestbook first: its `runserver` is used instead of that of `staticfiles`.
INSTALLED_APPS = ["guestbook", "django.contrib.staticfiles"]
MIDDLEWARE = [
    "guestbook.traffic.count_and_log",
    "django.middleware.security.SecurityMiddleware",
    # Serves static files where Django's own development server does not.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

LANGUAGE_CODE = "en-gb"
USE_TZ = True
TIME_ZONE = "UTC"

# The Postgres client reads these variables too, so psql finds the same database. It also reads
# PGSSLMODE and PGSSLROOTCERT: `verify-full` and a certificate encrypt the connection.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ.get("PGHOST", ""),
        "USER": os.environ.get("PGUSER", ""),
        "PASSWORD": os.environ.get("PGPASSWORD", ""),
        "NAME": os.environ.get("PGDATABASE", "postgres"),
        "OPTIONS": {"connect_timeout": 5},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
# Outside of /app, where development mounts the source over what the image holds.
STATIC_ROOT = os.environ.get("DJANGO_STATIC_ROOT", "/usr/local/share/guestbook/static")

# Uploaded files go to object storage: every container reads them there, and they outlive all
# containers. Without keys, boto3 looks for credentials itself, for example those of a role.
STORAGES = {
    "default": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": os.environ.get("AWS_STORAGE_BUCKET_NAME"),
            "endpoint_url": os.environ.get("AWS_S3_ENDPOINT_URL") or None,
            "access_key": os.environ.get("AWS_ACCESS_KEY_ID") or None,
            "secret_key": os.environ.get("AWS_SECRET_ACCESS_KEY") or None,
            "region_name": os.environ.get("AWS_S3_REGION_NAME") or None,
            "addressing_style": os.environ.get("AWS_S3_ADDRESSING_STYLE", "auto"),
            "file_overwrite": False,
        },
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    # The container's own file system: removed with the container.
    "local": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": "/var/lib/guestbook"},
    },
}

# All logs go to standard output, where Docker collects them.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname} {message}", "style": "{"}},
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "plain",
        }
    },
    "root": {"handlers": ["stdout"], "level": "WARNING"},
    "loggers": {
        "guestbook": {"level": os.environ.get("LOG_LEVEL", "INFO")},
        "django": {"handlers": [], "level": "INFO"},
        # The line that runserver logs for each request: guestbook.traffic logs a better one.
        "django.server": {"level": "CRITICAL"},
    },
}
