"""The entry point for web servers."""

import os

from django.conf import settings
from django.core.cache import close_caches
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, reset_queries
from django.urls import get_resolver

from api import batches
from billing.offline import guard

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
guard.insist()
get_resolver().url_patterns  # noqa: B018   import the views now, not while the first caller waits

# At the end of each request its database connection goes back to the pool; the rest of what Django does then,
# and again at the beginning of the next one, is for installs without a pool and costs as much as a query.
request_started.disconnect(close_old_connections)
request_finished.disconnect(close_caches)
if not settings.DEBUG:
    request_started.disconnect(reset_queries)
batches.start()  # from now on this process writes down the calls that it answers, and those it makes itself
