"""How the web server runs: `python -m gunicorn --config config/gunicorn.py config.wsgi`."""

from gevent import monkey

monkey.patch_all()  # before all other imports: psycopg and requests then wait without blocking the worker

import os  # noqa: E402
import resource  # noqa: E402
from signal import SIGKILL  # noqa: E402
from typing import Any  # noqa: E402

from django.conf import settings  # noqa: E402

from config.child import end_with  # noqa: E402

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(
    resource.RLIMIT_NOFILE, (most_files, most_files)
)  # a connection is a file; many start at 1024

bind = f"{settings.HOST}:{settings.PORT}"
workers = settings.WEB_WORKERS
worker_class = "config.worker.Worker"  # gevent's, with our words for what is no HTTP
worker_connections = 4000  # each: whoever waits for an upstream costs memory, and hardly any
limit_request_line = 8190  # characters: an ASIN may come as a long address
limit_request_field_size = 16_380  # what is too long for a header of ours is refused by name, not as no HTTP
keepalive = 30  # seconds; callers that come back soon save a connection
graceful_timeout = 25  # seconds for requests under way when asked to stop
worker_tmp_dir = os.environ.get("TMPDIR")
control_socket_disable = True  # it would lie in the home folder
logger_class = "config.worker.Log"  # api.middleware writes a line for each request
logconfig_dict = settings.LOGGING | {  # its own words as JSON too, without secrets
    "loggers": {"gunicorn.error": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}


def post_fork(server: Any, worker: Any) -> None:
    """Let the kernel end the worker with its master, however that ends."""
    end_with(server.pid, SIGKILL)
