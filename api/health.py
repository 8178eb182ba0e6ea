"""Whether this process lives, and whether it can work. For load balancers, probes and people."""

from collections.abc import Callable

import structlog
from django.db import connection
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from api.renderers import dumps

log = structlog.stdlib.get_logger("pallet.health")


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process answers at all; asks nobody."""
    return reply(200, {"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when calls can be served, else 503; either way say which server answers.

    Without Redis they are served, a little slower: no reason for a load balancer to send nobody here.
    """
    checks = {"postgresql": state(ask_postgresql), "redis": state(ask_redis)}
    if checks["postgresql"] != "ok":
        return reply(503, {"status": "unavailable", "checks": checks})
    status = "ok" if checks["redis"] == "ok" else "degraded"
    return reply(200, {"status": status, "checks": checks})


def state(ask: Callable[[], None]) -> str:
    """Return `ok` or `down`; why it is down stands in the log, not in an answer anyone can read."""
    try:
        ask()
    except (DatabaseError, RedisError, OSError) as error:
        log.warning("dependency is down", dependency=ask.__name__.removeprefix("ask_"), error=str(error))
        return "down"
    return "ok"


def ask_postgresql() -> None:
    """Raise a DatabaseError unless PostgreSQL answers a query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def ask_redis() -> None:
    """Raise a RedisError unless Redis answers."""
    get_redis_connection("default").ping()


def reply(status: int, body: dict[str, object]) -> HttpResponse:
    """Return a small JSON answer."""
    return HttpResponse(dumps(body), status=status, content_type="application/json")
