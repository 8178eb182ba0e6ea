"""Upstreams are asked about codes once, by however many processes; the others find what they say."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.caching import outage
from accounts.models import User
from accounts.tests.factories import a_user
from conversion import asking, matches
from conversion.models import Mapping
from conversion.tests.stand_ins import CODE, catalogue
from credits.tests.factories import at_once, until
from providers.base import IdentifierProvider, Match, Source
from providers.codes import Told
from providers.errors import ErrorClass, ProviderError, UpstreamUnavailable
from providers.flights import Flights
from providers.kinds import Kind
from providers.turns import turns

pytestmark = pytest.mark.django_db(transaction=True)
ASIN, OTHER_CODE = "B07ZPKCJ6X", "X0002ABCDE"


class Slow(dict[str, Any]):
    """What an upstream says, once all who ask have come to wait for it."""

    def __init__(self, says: dict[str, Any], are_there: Callable[[], bool]) -> None:
        super().__init__(says)
        self.are_there = are_there

    def get(self, code: str, default: Any = None) -> Any:
        with turns.given_back():
            until(self.are_there)
        return super().get(code, default)


def asked_by(
    user: User, flights: Flights[Told], *codes: str, arrived: list[str]
) -> dict[str, asking.Outcome]:
    """What one process is told; each Flights is one."""
    return asking.asked_now(
        codes, user, "US", wait=0, before_upstream=lambda: arrived.append("here"), flights=flights
    )


def in_two_processes(settings: Settings, says: dict[str, Any], *codes: str) -> tuple[list[Any], list[str]]:
    """What two processes are told that ask about the same at once, and the calls to the upstream."""
    calls: list[str] = []
    arrived: list[str] = []
    settings.PROVIDERS = [catalogue(Slow(says, lambda: len(arrived) == 2), calls)]
    ask = [partial(asked_by, a_user(), Flights(), *codes, arrived=arrived) for _ in range(2)]
    return at_once(*ask), calls


def asins_of(told: dict[str, Any]) -> dict[str, Any]:
    return {code: one.match and one.match.asins for code, one in told.items()}


@pytest.mark.parametrize("codes", [(CODE,), (CODE, OTHER_CODE)], ids=["one", "many"])
def test_two_processes_ask_once_and_both_are_told(settings: Settings, codes: tuple[str, ...]) -> None:
    outcomes, calls = in_two_processes(settings, dict.fromkeys(codes, ASIN), *codes)
    assert [asins_of(told) for told in outcomes] == [dict.fromkeys(codes, (ASIN,))] * 2
    assert calls == [" ".join(codes)]


def test_two_processes_ask_once_about_what_nobody_knows(settings: Settings) -> None:
    outcomes, calls = in_two_processes(settings, {}, CODE)
    assert [(told[CODE].match, told[CODE].is_known) for told in outcomes] == [(None, True)] * 2
    assert calls == [CODE]


def test_without_redis_what_nobody_knows_is_asked_again(settings: Settings, redis_away: None) -> None:
    calls: list[str] = []
    settings.PROVIDERS = [catalogue({}, calls)]
    told: list[Any] = [asked_by(a_user(), Flights(), CODE, arrived=[])[CODE] for _ in range(2)]
    assert [(one.match, one.is_known) for one in told] == [(None, True)] * 2
    assert calls == [CODE] * 2
    assert outage.until, "one that hangs is waited for once, and not at each step"


def test_two_processes_share_a_failure(settings: Settings) -> None:
    down = ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN, retry_after=9)
    outcomes, calls = in_two_processes(settings, {CODE: down}, CODE)
    assert [(type(told[CODE]), told[CODE].retry_after) for told in outcomes] == [(UpstreamUnavailable, 9)] * 2
    assert calls == [CODE]


def test_an_old_claim_is_not_taken_for_what_was_told_just_now(settings: Settings) -> None:
    calls: list[str] = []
    settings.PROVIDERS = [catalogue({CODE: ASIN}, calls)]
    long_ago = timezone.now() - timedelta(days=400)
    Mapping.objects.create(code=CODE, asin="B000000001", source="catalogue", observed_at=long_ago)
    told = asked_by(a_user(), Flights(), CODE, arrived=[])
    assert (asins_of(told), calls) == ({CODE: (ASIN,)}, [CODE])


def test_a_claim_that_is_another_accounts_is_not_found(settings: Settings) -> None:
    calls: list[str] = []
    settings.PROVIDERS = [catalogue({CODE: ASIN}, calls)]
    Mapping.objects.create(
        code=CODE, asin="B000000001", source="catalogue", owner=a_user(), observed_at=timezone.now()
    )
    told = asked_by(a_user(), Flights(), CODE, arrived=[])
    assert (asins_of(told), calls) == ({CODE: (ASIN,)}, [CODE])


def test_what_a_private_upstream_says_is_kept_for_who_asked(settings: Settings) -> None:
    entry = catalogue({CODE: ASIN})
    settings.PROVIDERS = [{**entry, "BACKEND": f"{__name__}.Private"}]
    assert asins_of(asked_by(a_user(), Flights(), CODE, arrived=[])) == {CODE: None}
    operator = a_user(is_staff=True)
    assert asins_of(asked_by(operator, Flights(), CODE, arrived=[])) == {CODE: (ASIN,)}
    assert list(Mapping.objects.values_list("owner", flat=True)) == [operator.pk]


class Private(IdentifierProvider):
    """An upstream that knows its own account's stock."""

    name = "catalogue"
    max_batch = 100
    kinds = private_kinds = frozenset({Kind.FNSKU})
    marketplaces = frozenset({"US"})

    def __init__(self, says: dict[str, Any], calls: list[str]) -> None:
        self.says = says

    def resolve(self, codes: Any, *, marketplace: str) -> dict[str, Match | None]:
        source = Source(self.name, timezone.now())
        return {code: Match(code=code, asins=(self.says[code],), source=source) for code in codes}


def test_processes_that_keep_the_same_codes_never_wait_in_a_circle(settings: Settings) -> None:
    codes = [f"X00{number:07d}" for number in range(50)]
    together = threading.Barrier(2, timeout=20)

    def keep(names: list[str]) -> int:
        calls: list[str] = []
        provider = Private(dict.fromkeys(names, ASIN), calls)
        found = list(provider.resolve(names, marketplace="US").values())
        together.wait()
        matches.keep([match for match in found if match], "US", owner=None)
        return len(names)

    for _ in range(5):
        assert at_once(partial(keep, codes), partial(keep, codes[::-1])) == [50, 50]
    assert Mapping.objects.count() == 50
    assert not connection.in_atomic_block
