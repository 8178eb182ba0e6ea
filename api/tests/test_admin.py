"""Operators find calls, and change none."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from api.ids import uuid_of
from api.tests.factories import a_call, write

URL = "/admin/api/apicall/"


@pytest.fixture
def operator(client: Client, db: None) -> Client:
    """A browser in which an operator is logged in."""
    client.force_login(User.objects.create_superuser("op@example.com"), "accounts.backends.EmailBackend")
    return client


def test_a_call_is_found_by_its_id_and_by_its_caller(operator: Client, alice: User) -> None:
    (mine,), (nobodys,) = write([a_call(user_id=alice.pk)]), write([a_call()])
    for term, ids in {
        "": {mine, nobodys},
        nobodys: {nobodys},
        "ALICE@example.com": {mine},
        str(alice.pk): {mine},
        "nobody@example.com": set(),
        "req_1": set(),
        "%": set(),
    }.items():
        page = operator.get(URL, {"q": term}).content.decode()
        assert {one for one in (mine, nobodys) if one in page} == ids, term


def test_the_page_does_not_count_all_calls(operator: Client, alice: User) -> None:
    write(a_call() for _ in range(3))
    with CaptureQueriesContext(connection) as queries:
        assert operator.get(URL).status_code == 200
    counts = [query["sql"] for query in queries if "api_apicall" in query["sql"] and "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT 10000" in sql for sql in counts)


def test_a_call_can_be_looked_at_and_nothing_else(operator: Client) -> None:
    (one,) = write([a_call()])
    address = f"{URL}{uuid_of(one)}/"
    assert operator.get(f"{address}change/").status_code == 200
    assert operator.post(f"{address}change/", {"operation": "x"}).status_code == 403
    assert operator.post(f"{address}delete/", {"post": "yes"}).status_code == 403
    assert operator.get(f"{URL}add/").status_code == 403
