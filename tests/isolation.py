"""Gives each parallel test worker a Redis database of its own, as pytest-django gives it a PostgreSQL one.

A pytest plugin (`-p tests.isolation` in pytest.ini), because it must act before the settings are read.
"""

import os
from urllib.parse import urlsplit

number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
os.environ["REDIS_DB"] = str(number)
if os.environ.get("REDIS_URL"):
    os.environ["REDIS_URL"] = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}").geturl()
os.environ.setdefault("PUBLIC_URL", "http://testserver")
