"""Operators look at calls to upstreams, and change none."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from monitoring.models import UpstreamCall
from monitoring.tests.factories import an_attempt, failed, written

URL = "/admin/monitoring/upstreamcall/"


@pytest.fixture
def browser(client: Client, db: None) -> Client:
    """A browser in which an operator is logged in."""
    client.force_login(User.objects.create_superuser("op@example.com"), "accounts.backends.EmailBackend")
    return client


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, {"first-call", "second-call"}),
        ({"outcome": "timeout"}, {"second-call"}),
        ({"provider": "sample"}, {"first-call"}),
    ],
)
def test_calls_are_found_by_upstream_and_outcome(
    browser: Client, query: dict[str, str], shown: set[str]
) -> None:
    written(
        an_attempt(provider="sample", operation="first-call"),
        failed("timeout", operation="second-call"),
    )
    page = browser.get(URL, query).content.decode()
    assert {name for name in ("first-call", "second-call") if name in page} == shown


def test_the_page_does_not_look_at_all_calls(browser: Client) -> None:
    written(an_attempt())
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(URL).status_code == 200
    asked = [query["sql"] for query in queries if "monitoring_upstreamcall" in query["sql"]]
    counts = [sql for sql in asked if "COUNT(" in sql]
    assert counts
    assert all("LIMIT 10000" in sql for sql in counts)
    assert not [sql for sql in asked if "DISTINCT" in sql]


def test_a_call_can_be_looked_at_and_nothing_else(browser: Client) -> None:
    written(an_attempt())
    address = f"{URL}{UpstreamCall.objects.get().pk}/"
    assert browser.get(f"{address}change/").status_code == 200
    assert browser.post(f"{address}change/", {"provider": "x"}).status_code == 403
    assert browser.post(f"{address}delete/", {"post": "yes"}).status_code == 403
    assert browser.get(f"{URL}add/").status_code == 403
