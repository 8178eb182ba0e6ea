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
    """Answer 200 when PostgreSQL and Redis answer, else 503; either way say which does."""
    checks = {"postgresql": state(ask_postgresql), "redis": state(ask_redis)}
    works = all(check == "ok" for check in checks.values())
    return reply(200 if works else 503, {"status": "ok" if works else "unavailable", "checks": checks})


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
