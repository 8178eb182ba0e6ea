"""What there is to use and to run has its line in the documents: calls, scopes, regular tasks, queues."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from accounts.scopes import SCOPES
from tests.routes import PARAMETER, Route, api_routes

DOCS = Path(settings.BASE_DIR, "docs")
WORDS = "\n".join(path.read_text() for path in sorted(DOCS.glob("*.md")))
CALLS = [route for route in api_routes() if route.pattern.startswith("api/v1/")]
UNITS = {"s": 1, "min": 60, "h": 3600}
TASK = re.compile(r"^\| `([\w.]+\.tasks\.\w+)` \| (\d+) (s|min|h) \|", re.MULTILINE)


def methods_told(route: Route) -> set[str]:
    """Return the methods that the documents name before this path, as in `GET, POST keys`."""
    parts = PARAMETER.split(route.pattern.removeprefix("api/v1/"))
    address = r"\{\w+\}".join(re.escape(part) for part in parts[:: PARAMETER.groups + 1])
    told = re.findall(rf"((?:\b[A-Z]+\b[`, ]+)+)(?:/api/v1/)?{address}`", WORDS)
    return {method.lower() for names in told for method in re.findall("[A-Z]+", names)}


def first_column(pattern: str) -> set[str]:
    """Return what stands in the first column of tables, in code."""
    return set(re.findall(rf"^\| `({pattern})` \|", WORDS, re.MULTILINE))


@pytest.mark.parametrize("route", CALLS, ids=lambda route: route.name)
def test_every_call_is_in_a_document(route: Route) -> None:
    assert set(route.methods) <= methods_told(route)


def test_every_scope_is_in_a_document() -> None:
    assert set(SCOPES) <= first_column(r"\w+:\w+")


def test_every_regular_task_is_in_the_documents_with_its_time_the_most_frequent_first() -> None:
    told = [(int(number) * UNITS[unit], name) for name, number, unit in TASK.findall(WORDS)]
    entries = settings.CELERY_BEAT_SCHEDULE.values()
    assert {(entry["schedule"], entry["task"]) for entry in entries} == set(told)
    assert [seconds for seconds, _ in told] == sorted(seconds for seconds, _ in told)


def test_every_queue_is_in_a_document() -> None:
    assert set(settings.CELERY_TASK_QUEUES) <= first_column(r"[\w.]+")
