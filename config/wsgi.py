"""The entry point for web servers."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018   import the views now, not while the first caller waits

from api import usage  # noqa: E402   its models had to be loaded first

usage.start()  # from now on this process writes down the calls that it answers
