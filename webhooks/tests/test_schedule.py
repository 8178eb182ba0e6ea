"""Ten attempts over three days, on a clock that is moved by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from pytest_django import Settings

from accounts.models import User
from providers.tests.loopback import Server, says
from webhooks import schedule, services
from webhooks.delivering import deliver
from webhooks.models import Delivery
from webhooks.tests.factories import a_delivery, an_endpoint, errors

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
THREE_DAYS = timedelta(hours=72)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The time, which stands still unless it is moved."""
    with time_machine.travel(START, tick=False) as made:
        yield made


def run(delivery: Delivery, clock: time_machine.Traveller) -> list[datetime]:
    """Attempt it whenever it is time, until it ends; when these times were."""
    times: list[datetime] = []
    while delivery.status == Delivery.Status.PENDING:
        assert delivery.next_attempt_at is not None
        clock.move_to(delivery.next_attempt_at - timedelta(seconds=1))
        assert not times or deliver(delivery.pk) is None
        clock.move_to(delivery.next_attempt_at)
        assert deliver(delivery.pk)
        times.append(delivery.next_attempt_at)
        delivery = Delivery.objects.get(pk=delivery.pk)
    return times


@pytest.mark.django_db
def test_there_are_ten_attempts_over_more_than_three_days(
    alice: User, receiver: Server, clock: time_machine.Traveller
) -> None:
    receiver.usually = says({}, status=500)
    delivery = a_delivery(an_endpoint(alice, receiver.url))
    times = run(delivery, clock)
    assert len(times) == len(receiver.requests) == 10
    assert times[0] == START
    assert THREE_DAYS < times[-1] - times[0] < 1.4 * THREE_DAYS
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses == sorted(pauses)
    assert errors(delivery) == ["status"] * 10
    assert Delivery.objects.get().status == "failed"
    assert len({one.headers["webhook-id"] for one in receiver.requests}) == 1
    assert len({one.headers["webhook-timestamp"] for one in receiver.requests}) == 10


@pytest.mark.django_db
def test_there_are_as_many_attempts_as_pauses_before_them(
    alice: User, receiver: Server, clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.WEBHOOK_RETRY_SECONDS = (0, 30)
    receiver.usually = says({}, status=500)
    assert len(run(a_delivery(an_endpoint(alice, receiver.url)), clock)) == 2


@pytest.mark.django_db
def test_replayed_it_has_ten_more_under_the_same_id(
    alice: User, receiver: Server, clock: time_machine.Traveller
) -> None:
    receiver.usually = says({}, status=500)
    endpoint = an_endpoint(alice, receiver.url)
    delivery = a_delivery(endpoint)
    run(delivery, clock)
    services.change_endpoint(user=alice, endpoint_id=endpoint.pk, changes={"is_enabled": True})
    again = services.replay(user=alice, delivery_id=delivery.pk)
    assert (again.status, again.attempt_count) == ("pending", 0)
    assert len(run(again, clock)) == 10
    assert len({one.headers["webhook-id"] for one in receiver.requests}) == 1
    assert len(errors(delivery)) == 20


def test_even_the_shortest_pauses_are_three_days(settings: Settings) -> None:
    shortest = sum(settings.WEBHOOK_RETRY_SECONDS) * (1 - schedule.JITTER)
    assert timedelta(seconds=shortest) > timedelta(hours=75)


def test_pauses_differ_by_a_tenth_at_most(settings: Settings) -> None:
    usual = settings.WEBHOOK_RETRY_SECONDS[5]
    found = [schedule.pause(5) for _ in range(200)]
    seconds = [one.total_seconds() for one in found if one is not None]
    assert len(set(seconds)) > 100
    assert 0.9 * usual <= min(seconds) < 0.95 * usual
    assert 1.05 * usual < max(seconds) <= 1.1 * usual


def test_after_the_last_attempt_there_is_no_pause() -> None:
    assert schedule.pause(9) is not None
    assert schedule.pause(10) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 5 ", 5),
        ("0", 0),
        ("Fri, 20 Nov 2026 12:01:00 GMT", 60),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("9" * 30, 10**8),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("Fri, 20 Nov 2026 12:01:00", None),
        ("Fri, 99 Nov 2026 12:01:00 GMT", None),
        ("١٢", None),
    ],
)
def test_what_a_receiver_asks_for_is_read(text: str, seconds: int | None) -> None:
    found = schedule.read_retry_after(text, now=START)
    assert found == (None if seconds is None else timedelta(seconds=seconds))
