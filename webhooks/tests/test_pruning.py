"""Old events are forgotten with all that belongs to them, a bounded number at a time."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from providers.tests.loopback import Server
from webhooks import pruning
from webhooks.delivering import deliver
from webhooks.models import Attempt, Delivery, Event
from webhooks.tasks import prune
from webhooks.tests.factories import a_delivery, an_endpoint

pytestmark = pytest.mark.django_db


def of_age(days: float, delivery: Delivery) -> Delivery:
    """A delivery whose event happened so long ago."""
    Event.objects.filter(pk=delivery.event_id).update(created_at=timezone.now() - timedelta(days=days))
    return delivery


def test_what_is_older_than_the_days_goes_with_its_attempts(
    alice: User, receiver: Server, settings: Settings
) -> None:
    endpoint = an_endpoint(alice, receiver.url)
    for days in (settings.WEBHOOK_DAYS + 1, settings.WEBHOOK_DAYS - 1):
        deliver(of_age(days, a_delivery(endpoint)).pk)
    assert prune() == 1
    assert (Event.objects.count(), Delivery.objects.count(), Attempt.objects.count()) == (1, 1, 1)
    assert prune() == 0


def test_what_is_still_tried_stays(alice: User) -> None:
    of_age(99, a_delivery(an_endpoint(alice)))
    assert prune() == 0


def test_what_was_never_sent_to_anyone_any_more_goes_too(alice: User) -> None:
    endpoint = an_endpoint(alice)
    of_age(99, a_delivery(endpoint))
    endpoint.delete()
    assert prune() == 1


def test_many_go_in_several_steps(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    endpoint = an_endpoint(alice)
    for _ in range(5):
        of_age(99, a_delivery(endpoint))
    Delivery.objects.update(status="failed", next_attempt_at=None)
    assert prune() == 5
