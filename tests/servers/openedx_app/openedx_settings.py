"""Settings of the Open edX forum server that the tests run.

These are the app's own test settings (`forum.settings.test`, which already switches the HTTP API on) with what a lone
server needs in addition: Django REST framework with Basic authentication, a SQLite file, and a search class that looks
into the forum's own tables. It is not how Open edX installs the forum (there it is a plugin of the LMS, with MySQL and
a search engine), but models, views, rules and JSON are the released app's.

Runs inside the server's own environment, never inside modtui's. `MODTUI_OPENEDX_DB` names the SQLite file.
"""

# mypy: ignore-errors
import os

from forum.settings.test import *  # noqa: F403
from forum.settings.test import INSTALLED_APPS as _APPS

INSTALLED_APPS = (*_APPS, "rest_framework")

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["MODTUI_OPENEDX_DB"],
        # The development server answers each connection in a thread of its own: writers wait for one another.
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
# Basic authentication hashes the password on every request; the default hasher takes about 0.4 s each time.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Full text search needs Elasticsearch, Typesense or Meilisearch; see openedx_search.
FORUM_SEARCH_BACKEND = "openedx_search.WordSearch"

# As in Open edX. With Django's default zone (Chicago) the app would print local times with a "Z" in some answers.
TIME_ZONE = "UTC"

# As on a real site, an unforeseen error is a bare HTML page with status 500.
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
