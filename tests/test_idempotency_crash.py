"""Never twice: many at once under one key, a process that is killed, a Redis that is away."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection, connections
from django.utils import timezone
from django_redis import get_redis_connection
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user, bearing, key_of
from api.models import IdempotentRequest
from config.tests.waiting import eventually
from credits.holds import release_expired
from credits.models import LedgerEntry
from products.models import Product
from products.tests.factories import ASIN, a_product, full, give, purse, sample, upstream
from providers.errors import ErrorClass, ProviderError

pytestmark = pytest.mark.django_db(transaction=True)
LOOKUP = "/api/v1/products/asin"
# A server that answers one call and stops where it would write the answer down: inside the middleware that
# keeps it, outside the view that has charged.
ANSWER_AND_HANG = """
import sys
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.MIDDLEWARE.append("__main__.Hang")
class Hang:
    def __init__(self, get_response):
        self.get_response = get_response
    def __call__(self, request):
        response = self.get_response(request)
        print(response.status_code, response.headers.get("X-Charge-Id"), flush=True)
        sys.stdin.read()
django.setup()
from rest_framework.test import APIClient
client = APIClient()
client.credentials(HTTP_X_API_KEY=sys.argv[2], HTTP_IDEMPOTENCY_KEY="k-1")
client.post("/api/v1/products/asin", {"asin": sys.argv[3]}, format="json")
"""


@pytest.fixture(autouse=True)
def stand_in(settings: Settings) -> None:
    """Ask the stand-in whatever the environment says."""
    settings.PROVIDERS = [sample()]


@pytest.fixture
def key(alice: User) -> str:
    """Alice's key."""
    return key_of(alice)[1]


def post(key: str) -> Any:
    """One lookup under one Idempotency-Key."""
    headers = {"idempotency-key": "k-1"}
    return bearing(key).post(LOOKUP, {"asin": ASIN}, format="json", headers=headers)


def at_once(count: int, call: Callable[[], Any]) -> list[Any]:
    """What so many threads get who all call at the same moment."""
    barrier = threading.Barrier(count, timeout=30)

    def run(_: int) -> Any:
        barrier.wait()
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_of_fifty_at_once_one_is_done_and_paid(alice: User, key: str, settings: Settings) -> None:
    asked: list[str] = []
    settings.PROVIDERS = [upstream("counted", lambda *_: a_product(), asked)]
    answers = at_once(50, lambda: post(key))
    assert set(Counter(answer.status_code for answer in answers)) <= {200, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {
        "idempotency_in_progress"
    }
    done = [answer for answer in answers if answer.status_code == 200]
    assert sum("Idempotent-Replayed" not in answer.headers for answer in done) == 1
    assert len({answer.content for answer in done}) == 1
    assert asked == [ASIN]
    assert purse(alice) == full(99, charges=1)
    assert post(key).content == done[0].content


@contextmanager
def another_process(script: str, key: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A server of its own that takes one lookup and is killed at the end: no handler runs."""
    connections.close_all()
    arguments = [connection.settings_dict["NAME"], key, ASIN]
    variables = {"DJANGO_SETTINGS_MODULE": "config.settings", "PROVIDERS": "sample", **environment}
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=configured.BASE_DIR,
        env={**os.environ, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.send_signal(signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL


def killed_after_the_charge(key: str) -> list[str]:
    """Status and charge of a lookup whose process was killed when it had charged; nobody got its answer."""
    with another_process(ANSWER_AND_HANG, key) as process:
        assert process.stdout is not None
        return next((line for line in process.stdout if not line.startswith("{")), "").split()


def test_a_process_killed_between_charge_and_answer_does_not_make_the_next_pay(alice: User, key: str) -> None:
    status, charge = killed_after_the_charge(key)
    assert status == "200"
    assert purse(alice) == full(99, charges=1)
    waiting = post(key)
    assert (waiting.status_code, waiting.json()["code"]) == (409, "idempotency_in_progress")
    let_time_pass()
    answer = post(key)
    assert (answer.status_code, answer.json()["data"]["asin"]) == (200, ASIN)
    assert (answer.headers["X-Charge-Id"], answer.headers["X-Credits-Charged"]) == (charge, "1")
    assert "Idempotent-Replayed" not in answer.headers
    assert purse(alice) == full(99, charges=1)
    assert LedgerEntry.objects.for_user(alice).of_kind("charge").get().key == charge
    assert post(key).content == answer.content


def test_what_a_killed_process_charged_is_given_back_when_there_is_no_such_product_any_more(
    alice: User, key: str, settings: Settings
) -> None:
    killed_after_the_charge(key)
    settings.PROVIDERS = [upstream("none", lambda *_: None)]
    let_time_pass()
    Product.objects.all().delete()
    answer = post(key)
    assert (answer.status_code, answer.json()["credits_charged"]) == (404, 0)
    assert purse(alice) == full(100, charges=1)
    assert post(key).headers["Idempotent-Replayed"] == "true"
    assert purse(alice) == full(100, charges=1)


def test_a_stale_answer_after_a_killed_process_is_free(alice: User, key: str, settings: Settings) -> None:
    def fail(*_: object) -> None:
        raise ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)

    killed_after_the_charge(key)
    settings.PROVIDERS = [upstream("down", fail)]
    settings.PRODUCT_FRESH_SECONDS = 0
    let_time_pass()
    answer = post(key)
    assert (answer.json()["data"]["freshness"], answer.headers["X-Credits-Charged"]) == ("stale", "0")
    assert "X-Charge-Id" not in answer.headers
    assert purse(alice) == full(100, charges=1)


def test_the_last_credit_set_aside_by_a_killed_process_pays_for_its_answer() -> None:
    bob = a_user()
    give(bob, 1)
    key = key_of(bob)[1]
    with another_process(ANSWER_AND_HANG, key, SAMPLE_LATENCY_MS="60000"):
        eventually(lambda: purse(bob)["held"] == 1)
    let_time_pass()
    owner = a_user()
    give(owner, 1)
    assert bearing(key_of(owner)[1]).post(LOOKUP, {"asin": ASIN}, format="json").status_code == 200
    answer = post(key)
    assert (answer.status_code, answer.headers["X-Credits-Charged"]) == (200, "1")
    assert purse(bob) == full(0, charges=1)


def test_of_many_who_come_after_a_killed_process_none_pays(alice: User, key: str) -> None:
    killed_after_the_charge(key)
    let_time_pass()
    answers = at_once(12, lambda: post(key))
    assert set(Counter(answer.status_code for answer in answers)) <= {200, 409}
    assert purse(alice) == full(99, charges=1)
    assert post(key).headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("is_swept", [False, True])
def test_a_process_killed_while_an_upstream_is_asked_leaves_a_hold_that_is_not_in_the_way(
    alice: User, key: str, is_swept: bool
) -> None:
    with another_process(ANSWER_AND_HANG, key, SAMPLE_LATENCY_MS="60000"):
        eventually(lambda: purse(alice)["held"] == 1)
    if is_swept:
        assert release_expired(timezone.now() + timedelta(hours=1)) == 1
    let_time_pass()
    answer = post(key)
    assert (answer.status_code, answer.headers["X-Credits-Charged"]) == (200, "1")
    assert purse(alice) == full(99, charges=1)
    assert post(key).content == answer.content
    assert purse(alice) == full(99, charges=1)


def let_time_pass() -> None:
    """The time of the attempt under way is over, as is all that it had in Redis."""
    assert IdempotentRequest.objects.get().answer is None
    get_redis_connection("default").flushdb()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE api_idempotentrequest SET locked_until = statement_timestamp()")


def test_without_redis_a_call_is_still_done_once(alice: User, key: str, redis_away: None) -> None:
    first, again = post(key), post(key)
    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert again.content == first.content
    assert purse(alice) == full(99, charges=1)


def test_without_the_database_nothing_is_done(alice: User, key: str) -> None:
    settings = connections.settings["default"]
    before = {"HOST": settings["HOST"], "PORT": settings["PORT"], "OPTIONS": settings["OPTIONS"]}
    post(key)
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    pool = {**settings["OPTIONS"]["pool"], "min_size": 0, "timeout": 0.3}
    settings |= {"HOST": "127.0.0.1", "PORT": "1", "OPTIONS": {**settings["OPTIONS"], "pool": pool}}
    try:
        answer = post(key)
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        settings |= before
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert post(key).headers["Idempotent-Replayed"] == "true"
    assert purse(alice) == full(99, charges=1)


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(alice: User, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE api_idempotentrequest ADD CONSTRAINT full_disk CHECK (answer IS NULL)")
    try:
        answer = post(key)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE api_idempotentrequest DROP CONSTRAINT full_disk")
    assert answer.status_code == 200
    assert post(key).json()["code"] == "idempotency_in_progress"
    assert purse(alice) == full(99, charges=1)


def test_anyone_may_ask_without_a_key_as_often_as_before(alice: User, key: str) -> None:
    client: APIClient = bearing(key)
    answers = at_once(8, lambda: client.post(LOOKUP, {"asin": ASIN}, format="json"))
    assert {answer.status_code for answer in answers} == {200}
    assert purse(alice) == full(92, charges=8)
