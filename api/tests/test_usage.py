"""Every call leaves one row and is summed, through the front door."""

import os
import subprocess
import sys
import threading
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import APIKey, User
from accounts.tests.factories import PASSWORD, bearing, logged_in
from api import usage
from api.ids import new_request_id, request_id_of, uuid_of
from api.models import APICall, UsageDay
from api.tests.factories import a_call, recount, sums

BALANCE = "/api/v1/credits/balance"


def recorded() -> list[APICall]:
    """Every call so far, the oldest first."""
    usage.flush()
    return list(APICall.objects.order_by("id"))


def only() -> APICall:
    """The one call there was."""
    (call,) = recorded()
    return call


def test_a_call_with_a_key_leaves_one_row(key: tuple[APIKey, APIClient], alice: User) -> None:
    answer = key[1].get(BALANCE, {"secret": "x"}, headers={"X-Client-Request-Id": "mine-1 {}"})
    call = only()
    assert request_id_of(call.id) == answer.headers["Request-Id"]
    assert (call.user_id, call.key_id) == (alice.pk, key[0].pk)
    assert (call.method, call.status, call.client_request_id) == ("GET", answer.status_code, "mine-1")
    assert call.operation == "credits:balance"
    assert call.credits == 0
    assert call.duration_us > 0


def test_a_session_has_no_key(alice: User) -> None:
    bearing(logged_in(alice).access_token).get(BALANCE)
    call = only()
    assert (call.user_id, call.key_id, call.outcome) == (alice.pk, None, "ok")


@pytest.mark.parametrize(
    ("method", "path", "facts"),
    [
        ("GET", BALANCE, (401, "authentication_required", "credits:balance")),
        ("GET", "/api/v1/nothing", (404, "not_found", "api:unknown")),
        ("POST", "/api/v1/credits/packages", (405, "method_not_allowed", "credits:packages")),
        ("GET", "/api/v1/credits/packages", (200, "ok", "credits:packages")),
    ],
)
@pytest.mark.django_db
def test_anonymous_calls_leave_one_row_too(
    client: Client, method: str, path: str, facts: tuple[int, str, str]
) -> None:
    client.generic(method, path)
    call = only()
    assert (call.status, call.outcome, call.operation) == facts
    assert (call.user_id, call.key_id) == (None, None)


def test_what_is_refused_after_its_caller_is_known_is_the_callers(
    key: tuple[APIKey, APIClient], alice: User
) -> None:
    key[1].get("/api/v1/credits/history", {"limit": "many"})
    call = only()
    assert (call.user_id, call.status, call.outcome) == (alice.pk, 422, "validation_error")


@pytest.mark.django_db
def test_a_bad_key_is_nobodys(client: Client) -> None:
    client.get(BALANCE, headers={"X-API-Key": "plt_live_nonsense"})
    call = only()
    assert (call.user_id, call.outcome) == (None, "invalid_key")


@pytest.mark.django_db
def test_pages_and_probes_are_no_calls(client: Client) -> None:
    for path in ("/", "/health", "/health/live", "/admin/login/", "/apiary", "/api/docs/"):
        client.get(path)
    assert recorded() == []


@pytest.mark.django_db
def test_nothing_secret_is_kept(client: Client) -> None:
    body = {"email": "alice@example.com", "password": PASSWORD}
    client.post("/api/v1/auth/login?token=s3cret", body, content_type="application/json")
    assert all(word not in str(vars(only())) for word in (PASSWORD, "s3cret", "127.0.0.1", "alice@"))


def test_to_note_a_call_asks_no_database(key: tuple[APIKey, APIClient]) -> None:
    key[1].get(BALANCE)
    with CaptureQueriesContext(connection) as queries:
        key[1].get(BALANCE)
    assert not [query for query in queries if "api_" in query["sql"]]
    assert len(usage.writer.waiting) == 2


@pytest.mark.django_db
def test_many_calls_are_written_in_as_many_statements_as_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for count in (1, usage.BATCH):
        for _ in range(count):
            usage.writer.put(a_call())
        with django_assert_num_queries(1):
            usage.flush()
    assert APICall.objects.count() == 1 + usage.BATCH


@pytest.mark.django_db
def test_the_days_say_what_a_recount_says() -> None:
    users, keys = [None, UUID(int=1), UUID(int=2)], [None, UUID(int=3)]
    for number in range(300):
        facts = {"user_id": users[number % 3], "key_id": keys[number % 2], "credits": str(number % 4)}
        status = 402 if number % 5 == 0 else 200
        usage.writer.put(a_call(**facts, status=status, operation=f"test.{number % 7}", seconds=number / 1e5))
        if number % 100 == 99:
            usage.flush()
    assert sums() == recount()
    assert sum(day[6] for day in sums()) == 300


@pytest.mark.django_db
def test_a_batch_that_is_written_twice_counts_once() -> None:
    batch = [a_call() for _ in range(3)]
    for _ in range(2):
        usage.writer.waiting.extend(batch)
        usage.flush()
    assert APICall.objects.count() == 3
    assert [day.calls for day in UsageDay.objects.all()] == [3]


@pytest.mark.django_db(transaction=True)
def test_a_call_that_no_database_takes_does_not_hold_up_the_others() -> None:
    for call in (a_call(), a_call(credits="many"), a_call(status=10**6), a_call()):
        usage.writer.put(call)
    usage.flush()
    assert APICall.objects.count() == 2
    assert sums() == recount()


@pytest.mark.django_db(transaction=True)
def test_writers_of_the_same_sums_do_not_deadlock() -> None:
    users = [UUID(int=number) for number in range(40)]
    failures: list[BaseException] = []

    def work(order: int) -> None:
        try:
            for _ in range(10):
                batch = usage.Writer()
                batch.waiting.extend(a_call(user_id=user) for user in users[::order])
                batch.flush()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(order,)) for order in (1, -1, 1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sums() == recount()
    assert sum(day[6] for day in sums()) == 4 * 10 * 40


@pytest.mark.django_db
def test_no_more_calls_wait_than_a_process_can_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "MOST_WAITING", 3)
    writer = usage.Writer()
    for _ in range(5):
        writer.put(a_call())
    writer.flush()
    assert (APICall.objects.count(), writer.lost) == (3, 2)


def test_the_child_of_a_fork_leaves_the_calls_of_its_parent_alone() -> None:
    program = """
import os, django
django.setup()
from api import usage
usage.writer.waiting.append("the parent's")
child = os.fork()
if child == 0:
    os._exit(len(usage.writer.waiting))
_, status = os.waitpid(child, 0)
waiting = len(usage.writer.waiting)
usage.writer.waiting.clear()
assert (os.waitstatus_to_exitcode(status), waiting) == (0, 1)
"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120, env=environment)


def test_a_request_id_and_its_row_have_one_order() -> None:
    ids = [new_request_id() for _ in range(100)]
    assert sorted(ids) == [request_id_of(number) for number in sorted(uuid_of(one) for one in ids)]
