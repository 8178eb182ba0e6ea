"""Announcing: rows that stand or fall with the caller's transaction, and each event once."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone
from django_redis import get_redis_connection
from kombu.pools import producers
from structlog.testing import capture_logs

from accounts.models import User
from accounts.services import disable_user
from credits.tests.factories import at_once
from webhooks import services
from webhooks.models import Delivery, Event
from webhooks.services import announce
from webhooks.tasks import deliver, deliver_due
from webhooks.tests.factories import COMPLETED, DATA, an_endpoint

pytestmark = pytest.mark.django_db(transaction=True)


def waiting() -> int:
    """How many messages wait for the workers of webhooks."""
    return int(get_redis_connection("default").llen("webhooks"))


def test_each_endpoint_that_wants_to_know_gets_a_delivery(alice: User, bob: User) -> None:
    wanting = [an_endpoint(alice), an_endpoint(alice)]
    an_endpoint(alice, events=["job.failed"])
    off = an_endpoint(alice)
    services.change_endpoint(user=alice, endpoint_id=off.pk, changes={"is_enabled": False})
    an_endpoint(bob)
    event = announce(alice, COMPLETED, DATA, key="job:1")
    assert event is not None
    told = event.deliveries.values_list("endpoint", flat=True)
    assert set(told) == {one.pk for one in wanting}
    assert waiting() == 2


def test_where_nobody_wants_to_know_nothing_is_kept(alice: User) -> None:
    an_endpoint(alice, events=["job.failed"])
    assert announce(alice, COMPLETED, DATA, key="job:1") is None
    assert not Event.objects.exists()


def test_a_closed_account_is_told_nothing(alice: User) -> None:
    an_endpoint(alice)
    disable_user(user=alice)
    assert announce(alice, COMPLETED, DATA, key="job:1") is None


def test_announced_twice_it_is_one_event(alice: User) -> None:
    an_endpoint(alice)
    first = announce(alice, COMPLETED, DATA, key="job:1")
    again = announce(alice, COMPLETED, {**DATA, "rows": 99}, key="job:1")
    assert first == again == Event.objects.get()
    assert (Delivery.objects.count(), Event.objects.get().data, waiting()) == (1, DATA, 1)


def test_announced_by_many_at_once_it_is_one_event(alice: User) -> None:
    an_endpoint(alice)
    found = at_once(*[partial(announce, alice, COMPLETED, DATA, key="job:1") for _ in range(16)])
    assert set(found) == {Event.objects.get()}
    assert Delivery.objects.count() == 1


def test_the_same_key_of_two_accounts_is_two_events(alice: User, bob: User) -> None:
    for user in (alice, bob):
        an_endpoint(user)
        announce(user, COMPLETED, DATA, key="job:1")
    assert Event.objects.count() == 2


def test_what_is_rolled_back_was_never_said(alice: User) -> None:
    an_endpoint(alice)
    with transaction.atomic():
        announce(alice, COMPLETED, DATA, key="job:1")
        transaction.set_rollback(True)
    assert (Event.objects.count(), waiting()) == (0, 0)


def test_workers_hear_of_it_after_the_commit(alice: User) -> None:
    an_endpoint(alice)
    with transaction.atomic():
        announce(alice, COMPLETED, DATA, key="job:1")
        assert waiting() == 0
    assert waiting() == 1


def test_while_the_queue_is_away_the_rows_wait_for_the_sweeper(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_endpoint(alice)
    with monkeypatch.context() as away:
        nowhere = deliver.app.connection_for_write("redis://127.0.0.1:1/0")
        away.setattr(deliver.app.amqp, "_producer_pool", producers[nowhere])
        with capture_logs() as logs:
            announce(alice, COMPLETED, DATA, key="job:1")
    assert [one["event"] for one in logs] == ["workers_not_told"]
    assert waiting() == 0
    assert deliver_due() == waiting() == 1


def test_the_sweeper_leaves_what_is_not_due(alice: User) -> None:
    an_endpoint(alice)
    announce(alice, COMPLETED, DATA, key="job:1")
    Delivery.objects.update(next_attempt_at=timezone.now() + timedelta(minutes=1))
    assert deliver_due() == 0


def test_an_event_that_nobody_knows_is_a_mistake_of_ours(alice: User) -> None:
    with pytest.raises(KeyError):
        announce(alice, "job.exploded", DATA, key="job:1")


def test_an_event_is_thin(alice: User) -> None:
    with pytest.raises(ValueError, match="20,000 bytes"):
        announce(alice, COMPLETED, {"rows": "x" * 20_000}, key="job:1")
