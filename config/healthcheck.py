"""Ask the web server whether it can work: `python -m config.healthcheck` exits 0 then. For containers."""

import http.client
import os
import sys
from contextlib import closing, suppress

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def is_ready(host: str, port: int) -> bool:
    """Whether the readiness check answers 200, asked by a name that this install answers to."""
    names = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"]
    if not host.strip("0.:"):  # it listens on all addresses
        host = "::1" if ":" in host else "127.0.0.1"
    connection = http.client.HTTPConnection(host, port, timeout=5)
    with closing(connection), suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/health/ready", headers={"Host": names[0]} if names else {})
        return connection.getresponse().status == 200
    return False


if __name__ == "__main__":
    sys.exit(0 if is_ready(settings.HOST, settings.PORT) else 1)
