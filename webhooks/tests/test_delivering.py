"""Attempts: one at a time, each written down, none lost and none undone by who comes late."""

import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from accounts.models import User
from accounts.services import disable_user
from credits.tests.factories import at_once, until
from providers.tests import loopback
from providers.tests.loopback import Server, says
from webhooks import ids, services
from webhooks.delivering import LEASE, conclude, deliver, take
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.sending import Fault, Outcome, Sender
from webhooks.tests.factories import COMPLETED, DATA, Dying, a_delivery, an_endpoint, errors

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def endpoint(alice: User, receiver: Server) -> Endpoint:
    """Alice's, at the receiver."""
    return an_endpoint(alice, f"{receiver.url}/hook?token=canary")


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a receiver waits for; open at the end of the test at the latest."""
    made = threading.Event()
    yield made
    made.set()


def now_of(delivery: Delivery) -> Delivery:
    """The row as it is by now."""
    return Delivery.objects.get(pk=delivery.pk)


# --- what is sent ---


def test_an_event_arrives_signed_and_whole(alice: User, receiver: Server) -> None:
    endpoint, secret = services.create_endpoint(user=alice, url=receiver.url, events=[COMPLETED])
    delivery = a_delivery(endpoint)
    assert deliver(delivery.pk) == endpoint.pk
    [sent] = receiver.requests
    said = Webhook(secret).verify(sent.sent, sent.headers)
    assert (said["type"], said["data"]) == (COMPLETED, DATA)
    assert said["timestamp"] == delivery.event.created_at.isoformat().replace("+00:00", "Z")
    assert sent.headers["webhook-id"] == ids.shown(ids.EVENT, delivery.event_id)
    done = now_of(delivery)
    assert (done.status, done.attempt_count, done.next_attempt_at, done.lease_until) == (
        "delivered",
        1,
        None,
        None,
    )
    [attempt] = done.attempts.all()
    assert (attempt.status_code, attempt.error) == (200, "")
    assert attempt.seconds is not None


def test_after_a_500_the_same_bytes_come_again_with_a_time_of_their_own(
    endpoint: Endpoint, receiver: Server
) -> None:
    receiver.script = [says({}, status=500)]
    delivery = a_delivery(endpoint)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        deliver(delivery.pk)
        assert now_of(delivery).status == "pending"
        clock.shift(60)
        deliver(delivery.pk)
    first, second = receiver.requests
    assert first.sent == second.sent
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    stamps = [int(one.headers["webhook-timestamp"]) for one in (first, second)]
    assert stamps[1] - stamps[0] == 60
    assert (now_of(delivery).status, errors(delivery)) == ("delivered", ["status", ""])


def test_it_is_not_sent_before_it_is_time(endpoint: Endpoint, receiver: Server) -> None:
    receiver.script = [says({}, status=500)]
    delivery = a_delivery(endpoint)
    deliver(delivery.pk)
    assert deliver(delivery.pk) is None
    assert len(receiver.requests) == 1


def test_what_is_done_is_done(endpoint: Endpoint, receiver: Server) -> None:
    delivery = a_delivery(endpoint)
    deliver(delivery.pk)
    assert deliver(delivery.pk) is None
    assert len(receiver.requests) == 1


def test_a_delivery_that_is_none_is_nobodys_work() -> None:
    assert deliver(ids.new()) is None


def test_what_a_busy_receiver_asks_for_is_granted_to_a_day(endpoint: Endpoint, receiver: Server) -> None:
    for asked, granted in (("7200", 7200), ("9999999", 86_400)):
        receiver.script = [says({}, status=503, Retry_After=asked)]
        delivery = a_delivery(endpoint)
        with time_machine.travel(timezone.now(), tick=False):
            deliver(delivery.pk)
            wait = (now_of(delivery).next_attempt_at or timezone.now()) - timezone.now()
        assert wait.total_seconds() == granted


def test_a_secret_that_cannot_be_opened_is_a_failure_that_is_told(
    endpoint: Endpoint, receiver: Server, settings: Settings
) -> None:
    delivery = a_delivery(endpoint)
    settings.SECRET_KEY = "another"
    deliver(delivery.pk)
    assert (errors(delivery), receiver.requests) == ([Fault.SECRET_UNREADABLE], [])


def test_the_log_names_the_host_and_no_more_of_the_address(endpoint: Endpoint) -> None:
    with capture_logs() as logs:
        deliver(a_delivery(endpoint).pk)
    [line] = [one for one in logs if one["event"] == "webhook_attempted"]
    assert line["host"] == "127.0.0.1"
    assert "canary" not in str(logs)


# --- several workers ---


def test_of_many_workers_one_sends(endpoint: Endpoint, receiver: Server) -> None:
    delivery = a_delivery(endpoint)
    ended = at_once(*[partial(deliver, delivery.pk) for _ in range(8)])
    assert sorted(ended, key=str) == [endpoint.pk] + [None] * 7 or ended.count(None) == 7
    assert len(receiver.requests) == 1
    assert Attempt.objects.count() == 1


def test_a_worker_that_died_after_it_sent_is_followed_by_another_under_the_same_id(
    endpoint: Endpoint, receiver: Server
) -> None:
    delivery = a_delivery(endpoint)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        with pytest.raises(SystemExit):
            deliver(delivery.pk, sender=Dying())
        assert errors(delivery) == [Attempt.UNDER_WAY]
        assert deliver(delivery.pk) is None  # nobody can know that it died
        clock.shift(LEASE + timedelta(seconds=1))
        assert deliver(delivery.pk) == endpoint.pk
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert (now_of(delivery).status, errors(delivery)) == ("delivered", [Attempt.INTERRUPTED, ""])


def test_a_delivery_of_which_workers_die_ends(endpoint: Endpoint, receiver: Server) -> None:
    delivery = a_delivery(endpoint)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(10):
            with pytest.raises(SystemExit):
                deliver(delivery.pk, sender=Dying())
            clock.shift(LEASE + timedelta(seconds=1))
        assert deliver(delivery.pk) is None
    assert (now_of(delivery).status, errors(delivery)) == ("failed", [Attempt.INTERRUPTED] * 10)
    assert len(receiver.requests) == 10


def test_a_worker_that_slept_past_its_lease_changes_nothing(endpoint: Endpoint) -> None:
    delivery = a_delivery(endpoint)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        asleep = take(delivery.pk)
        assert asleep is not None
        clock.shift(LEASE + timedelta(seconds=1))
        deliver(delivery.pk)
        before = Delivery.objects.values().get(), list(Attempt.objects.order_by("at").values())
        assert not conclude(asleep, Outcome(Fault.TIMEOUT))
    assert (Delivery.objects.values().get(), list(Attempt.objects.order_by("at").values())) == before
    assert errors(delivery) == [Attempt.INTERRUPTED, ""]


def test_a_worker_whose_lease_ran_out_while_nobody_came_is_believed(endpoint: Endpoint) -> None:
    delivery = a_delivery(endpoint)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        late = take(delivery.pk)
        assert late is not None
        clock.shift(LEASE + timedelta(seconds=1))
        assert conclude(late, Outcome("", 200))
    assert now_of(delivery).status == "delivered"


def test_a_webhook_that_was_deleted_meanwhile_is_missed_by_nobody(endpoint: Endpoint) -> None:
    claim = take(a_delivery(endpoint).pk)
    assert claim is not None
    endpoint.delete()
    assert not conclude(claim, Outcome("", 200))


def test_one_that_was_disabled_meanwhile_is_not_tried_again(alice: User, endpoint: Endpoint) -> None:
    delivery = a_delivery(endpoint)
    claim = take(delivery.pk)
    assert claim is not None
    services.change_endpoint(user=alice, endpoint_id=endpoint.pk, changes={"is_enabled": False})
    assert now_of(delivery).status == "pending"
    conclude(claim, Outcome(Fault.TIMEOUT))
    assert now_of(delivery).status == "cancelled"


def test_what_waits_for_a_closed_account_is_not_sent(
    alice: User, endpoint: Endpoint, receiver: Server
) -> None:
    delivery = a_delivery(endpoint)
    disable_user(user=alice)
    assert deliver(delivery.pk) is None
    assert (now_of(delivery).status, receiver.requests) == ("cancelled", [])


# --- fairness ---


def test_a_slow_receiver_holds_two_workers_and_no_more(
    endpoint: Endpoint, receiver: Server, gate: threading.Event
) -> None:
    receiver.usually = loopback.waits_for(gate, says({}))
    slow = [a_delivery(endpoint, number=number) for number in range(3)]
    workers = [threading.Thread(target=deliver_in_thread, args=(one,)) for one in slow[:2]]
    for worker in workers:
        worker.start()
    until(lambda: len(receiver.requests) == 2)
    assert deliver(slow[2].pk) is None
    gate.set()
    for worker in workers:
        worker.join()
    assert deliver(slow[2].pk) == endpoint.pk
    assert len(receiver.requests) == 3


def deliver_in_thread(delivery: Delivery) -> None:
    """Deliver, as the only call of a bunch."""
    at_once(partial(deliver, delivery.pk))


def test_whoever_has_little_to_be_told_comes_before_what_others_have_left(
    alice: User, bob: User, endpoint: Endpoint
) -> None:
    many = [a_delivery(endpoint, number=number) for number in range(20)]
    other = a_delivery(an_endpoint(bob))
    turn = list(Delivery.objects.in_turn(timezone.now(), each=2).values_list("pk", flat=True))
    assert turn == [many[0].pk, other.pk, many[1].pk]


class Looking(Sender):
    """Looks whether this thread holds a database connection when something is to be sent."""

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Say that a connection is held by a failure."""
        return Outcome("" if connection.connection is None else Fault.INTERNAL)


def test_no_database_connection_is_held_while_something_is_sent(endpoint: Endpoint) -> None:
    delivery = a_delivery(endpoint)
    deliver(delivery.pk, sender=Looking())
    assert errors(delivery) == [""]
