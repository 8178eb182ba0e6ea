"""Every lookup is counted once, by what it found kept, and nobody waits for that."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.utils import timezone
from django_redis import get_redis_connection
from pytest_django import Settings
from redis.exceptions import RedisError
from rest_framework.test import APIClient

from accounts.tests.watching import asked_of_redis
from products import services, tally
from products.errors import NotKept, ProductNotFound
from products.popularity import HOUR
from products.tally import KEPT_HOURS, Noted, Outcome
from products.tests.factories import ASIN, NOON, kept_answer, sample, upstream
from providers.base import Answer, Freshness, Part, Source
from providers.errors import ErrorClass, MarketplaceNotServed, ProviderError, UpstreamUnavailable

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("half_past")]
CORE = frozenset({Part.CORE})
ABSENT = "B0FAIL0404"


def look_up(asin: str = ASIN, marketplace: str = "US", **how: Any) -> None:
    services.lookup(asin=asin, marketplace=marketplace, parts=CORE, **how)


def counted() -> Counter[str]:
    """Everything that was counted in this hour, once it is written."""
    tally.flush()
    [counts] = tally.read([int(timezone.now().timestamp()) // HOUR])
    return counts


def down(asin: str, place: str, parts: frozenset[Part]) -> None:
    raise ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)


def noted(asin: str = ASIN, outcome: Outcome = Outcome.HIT, **facts: Any) -> Noted:
    at = facts.pop("at", timezone.now().timestamp())
    return Noted(at, asin, "US", outcome, is_product=True, **facts)


# --- what counts as what ---


def test_a_miss_and_then_hits() -> None:
    for _ in range(3):
        look_up()
    assert counted() == {"US:misses": 1, "US:hits": 2, "provider:sample": 1}


def test_marketplaces_are_counted_apart() -> None:
    look_up()
    look_up(marketplace="DE")
    assert counted() == {"US:misses": 1, "DE:misses": 1, "provider:sample": 2}


def test_what_the_row_still_knows_is_a_hit() -> None:
    look_up()
    cache.clear()
    look_up()
    assert counted() == {"US:misses": 1, "US:hits": 1, "provider:sample": 1}


def test_that_there_is_no_such_product_is_a_miss_and_then_negative() -> None:
    for _ in range(2):
        with pytest.raises(ProductNotFound):
            look_up(ABSENT)
    assert counted() == {"US:misses": 1, "US:negative": 1}


def test_an_old_answer_that_serves_because_all_failed_is_stale(settings: Settings) -> None:
    look_up()
    settings.PROVIDERS = [upstream("down", down)]
    look_up(max_age=0)
    assert counted() == {"US:misses": 1, "US:stale": 1, "provider:sample": 1}


def test_a_lookup_that_nobody_answers_has_failed(settings: Settings) -> None:
    settings.PROVIDERS = [upstream("down", down)]
    with pytest.raises(UpstreamUnavailable):
        look_up()
    assert counted() == {"US:failed": 1}


def test_a_lookup_that_ends_before_anybody_is_asked_is_refused(settings: Settings) -> None:
    with pytest.raises(NotKept):
        look_up(only_if_cached=True)
    settings.PROVIDERS = []
    with pytest.raises(MarketplaceNotServed):
        look_up()
    assert counted() == {"US:refused": 2}


def test_each_provider_that_told_something_is_counted() -> None:
    told = {
        "title": Source("titles", NOON),
        "price": Source("prices", NOON),
        "rating": Source("prices", NOON),
    }
    kept = kept_answer(product__provenance=told)
    answer = Answer(kept=kept, freshness=Freshness.UPSTREAM, parts=CORE)
    tally.note(tally.answered(answer, asked=True))
    assert counted() == {"US:misses": 1, "provider:titles": 1, "provider:prices": 1}


@pytest.mark.django_db(transaction=True)
def test_of_those_who_ask_at_once_one_misses_and_the_others_wait(settings: Settings) -> None:
    asked, everybody_is_here = threading.Semaphore(0), threading.Event()

    def wait(seconds: float) -> None:
        everybody_is_here.wait(30)

    settings.PROVIDERS = [sample(latency_ms=1, sleep=wait)]

    def ask() -> None:
        look_up(before_upstream=asked.release)
        connections.close_all()

    callers = [threading.Thread(target=ask) for _ in range(5)]
    for caller in callers:
        caller.start()
    for _ in callers:
        assert asked.acquire(timeout=30)
    everybody_is_here.set()
    for caller in callers:
        caller.join(30)
    assert counted() == {"US:misses": 1, "US:waits": 4, "provider:sample": 1}


def test_an_answer_that_another_process_found_meanwhile_was_waited_for() -> None:
    def meanwhile() -> None:
        tally.writer.waiting.clear()
        look_up()

    look_up(before_upstream=meanwhile)
    assert counted() == {"US:misses": 1, "US:waits": 1, "provider:sample": 1}


# --- off the path ---


def test_a_cached_lookup_makes_its_one_trip_to_redis_and_no_other(as_alice: APIClient) -> None:
    ask: Callable[[], object] = lambda: as_alice.get(f"/api/v1/products/{ASIN}")  # noqa: E731
    ask()
    ask()
    assert asked_of_redis(ask) == ["EVALSHA"]
    assert len(tally.writer.waiting) == 3


def test_a_batch_is_written_in_one_trip_however_many_it_holds() -> None:
    for number in range(400):
        tally.note(noted(f"B0{number:08d}"))
    commands = asked_of_redis(tally.flush)
    assert (commands[0], commands[-1]) == ("MULTI", "EXEC")
    assert not tally.writer.waiting


def test_while_redis_is_away_counts_wait_and_nobody_notices(
    settings: Settings, request: pytest.FixtureRequest
) -> None:
    there = settings.CACHES
    request.getfixturevalue("redis_away")
    look_up()
    with pytest.raises(RedisError):
        tally.flush()
    settings.CACHES = there
    assert counted() == {"US:misses": 1, "provider:sample": 1}


def test_no_more_wait_than_a_process_can_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally.writer, "most_waiting", 3)
    monkeypatch.setattr(tally.writer, "lost", 0)
    for _ in range(5):
        tally.note(noted())
    assert len(tally.writer.waiting) == 3
    assert tally.writer.lost == 2


def test_a_process_that_ends_in_order_writes_what_it_has_counted() -> None:
    program = """
import os, sys, django
django.setup()
from products import tally
tally.note(tally.Noted(float(sys.argv[1]), "B07ZPKCJ6X", "US", tally.Outcome.HIT, True))
if os.fork() == 0:
    os._exit(len(tally.writer.waiting))
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0, "the child has what waits in its parent"
"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    now = int(time.time())
    subprocess.run([sys.executable, "-c", program, str(now)], check=True, timeout=120, env=environment)
    assert tally.read([now // HOUR]) == [Counter({"US:hits": 1})]


# --- how long ---


def test_a_lookup_counts_for_the_hour_in_which_it_came() -> None:
    now = timezone.now()
    tally.note(noted(at=(now - timedelta(hours=2)).timestamp()))
    tally.note(noted())
    tally.flush()
    hour = int(now.timestamp()) // HOUR
    assert tally.read([hour - 2, hour - 1, hour]) == [{"US:hits": 1}, {}, {"US:hits": 1}]


def test_counts_are_kept_for_eight_days() -> None:
    look_up()
    tally.flush()
    left = get_redis_connection("default").ttl(tally.name_of(int(time.time()) // HOUR))
    assert KEPT_HOURS * HOUR <= left <= (KEPT_HOURS + 1) * HOUR
