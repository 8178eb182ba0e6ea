"""Calls to test with."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, Sum

from api import calls
from api.calls import Call
from api.ids import first_of, new_request_id, request_id_of
from api.models import APICall, UsageDay


def a_call(**facts: Any) -> Call:
    """Return a call as it is noted, but for these facts; `at` gives it another time."""
    at: datetime | None = facts.pop("at", None)
    common: dict[str, Any] = {
        "request_id": moved(new_request_id(), at) if at else new_request_id(),
        "user_id": None,
        "key_id": None,
        "operation": "test",
        "method": "GET",
        "status": 200,
        "outcome": "ok",
        "credits": "1",
        "seconds": 0.002,
        "client_request_id": "",
    }
    return Call(**{**common, **facts})


def moved(request_id: str, at: datetime) -> str:
    """Return a request id as it would have been made at another time."""
    return request_id_of(first_of(at))[:14] + request_id[14:]


def write(made: Iterable[Call]) -> list[str]:
    """Write calls; their request ids, the newest first."""
    batch = list(made)
    calls.write(batch)
    return sorted((call.request_id for call in batch), reverse=True)


def sums() -> list[tuple[Any, ...]]:
    """What the days say, in one order."""
    facts = ("user_id", "day", "operation", "key_id", "outcome", "status", "calls", "credits", "duration_us")
    return sorted(UsageDay.objects.values_list(*facts), key=str)


def recount() -> list[tuple[Any, ...]]:
    """What the days should say, from the calls."""
    facts = ("user_id", "at__date", "operation", "key_id", "outcome", "status")
    figures = {"calls": Count("*"), "all_credits": Sum("credits"), "us": Sum("duration_us")}
    return sorted(APICall.objects.values_list(*facts).annotate(**figures), key=str)
