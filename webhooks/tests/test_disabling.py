"""Endpoints that answer no more are switched off, once, and their owners told."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEvent, User
from credits.tests.factories import at_once
from providers.tests.loopback import Server, says
from webhooks import disabling, services
from webhooks.delivering import conclude, deliver, take
from webhooks.models import Delivery, Endpoint
from webhooks.sending import Fault, Outcome
from webhooks.tasks import prune
from webhooks.tests.factories import a_delivery, an_endpoint

pytestmark = pytest.mark.django_db(transaction=True)
FAILED = Outcome(Fault.STATUS, 500)


def fail(delivery: Delivery, outcome: Outcome = FAILED) -> None:
    """Let the next attempt of a delivery end so, whenever that is."""
    due = Delivery.objects.get(pk=delivery.pk).next_attempt_at
    assert due is not None
    with time_machine.travel(due, tick=False):
        claim = take(delivery.pk)
        assert claim is not None
        conclude(claim, outcome)


@pytest.fixture
def endpoint(alice: User) -> Endpoint:
    """Alice's."""
    return an_endpoint(alice, "https://hooks.example.com/?token=canary", description="<b>Stock</b>")


def state(endpoint: Endpoint) -> tuple[bool, str]:
    endpoint.refresh_from_db()
    return endpoint.is_enabled, endpoint.disabled_reason


def test_410_disables_at_once(alice: User, receiver: Server) -> None:
    receiver.usually = says({}, status=410)
    endpoint = an_endpoint(alice, receiver.url)
    first, waiting = a_delivery(endpoint), a_delivery(endpoint)
    deliver(first.pk)
    assert state(endpoint) == (False, "gone")
    kept = dict(Delivery.objects.values_list("pk", "status"))
    assert kept == {first.pk: "failed", waiting.pk: "cancelled"}
    assert deliver(waiting.pk) is None
    assert (len(receiver.requests), len(mail.outbox)) == (1, 1)
    assert "410 Gone" in str(mail.outbox[0].body)


def test_ten_failures_of_one_event_with_nothing_delivered_since_disable(endpoint: Endpoint) -> None:
    delivery = a_delivery(endpoint)
    for number in range(10):
        assert state(endpoint) == (True, ""), number
        fail(delivery)
    assert state(endpoint) == (False, "failing")
    assert endpoint.failing_since is not None
    assert len(mail.outbox) == 1


def test_an_endpoint_that_took_something_meanwhile_stays(endpoint: Endpoint) -> None:
    refused, taken = a_delivery(endpoint), a_delivery(endpoint)
    for _ in range(9):
        fail(refused)
    fail(taken, Outcome("", 200))
    Endpoint.objects.update(last_delivered_at=timezone.now() + timedelta(hours=1))
    fail(refused)
    assert Delivery.objects.get(pk=refused.pk).status == "failed"
    assert state(endpoint) == (True, "")
    assert mail.outbox == []


def test_what_has_failed_for_five_days_disables(endpoint: Endpoint) -> None:
    fail(a_delivery(endpoint))
    delivery = a_delivery(endpoint)
    Endpoint.objects.update(failing_since=timezone.now() - timedelta(days=4, hours=23))
    fail(delivery)
    assert state(endpoint) == (True, "")
    Endpoint.objects.update(failing_since=timezone.now() - timedelta(days=5, minutes=1))
    fail(delivery)
    assert state(endpoint) == (False, "failing")


def test_a_success_ends_the_time_of_failing(endpoint: Endpoint) -> None:
    fail(a_delivery(endpoint))
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    fail(a_delivery(endpoint), Outcome("", 200))
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None


def test_a_test_is_sent_once_and_disables_nothing(alice: User, endpoint: Endpoint) -> None:
    for _ in range(3):
        fail(services.send_test(user=alice, endpoint_id=endpoint.pk))
    assert set(Delivery.objects.values_list("status", "attempt_count")) == {("failed", 1)}
    assert state(endpoint) == (True, "")
    assert endpoint.failing_since is None


def test_the_mail_says_what_to_do_and_shows_no_secret(endpoint: Endpoint) -> None:
    fail(a_delivery(endpoint), Outcome(Fault.STATUS, 410))
    [sent] = mail.outbox
    assert sent.to == ["alice@example.com"]
    assert sent.subject == "A webhook was switched off"
    [(html, _)] = sent.alternatives  # type: ignore[attr-defined]
    for text in (str(sent.body), str(html)):
        assert "hooks.example.com" in text
        assert f"{configured.PUBLIC_URL}/docs/webhooks" in text
        assert "canary" not in text
    assert "<b>Stock</b>" not in str(html)
    assert "<b>Stock</b>" in str(sent.body)


def test_it_is_told_once_however_many_tell(endpoint: Endpoint) -> None:
    fail(a_delivery(endpoint), Outcome(Fault.STATUS, 410))
    told = at_once(*[lambda: disabling.tell_owner(endpoint.pk)] * 8)
    assert told == [False] * 8
    assert len(mail.outbox) == 1
    prune()
    assert len(mail.outbox) == 1


def test_two_that_find_it_gone_at_once_disable_it_once(endpoint: Endpoint) -> None:
    claims = [take(a_delivery(endpoint).pk) for _ in range(2)]
    gone = Outcome(Fault.STATUS, 410)
    at_once(*[lambda claim=claim: conclude(claim, gone) for claim in claims])
    assert state(endpoint) == (False, "gone")
    assert len(mail.outbox) == 1
    assert AuditEvent.objects.filter(action="webhook:disable").count() == 1


def test_a_mail_that_could_not_be_sent_is_sent_later(endpoint: Endpoint, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    fail(a_delivery(endpoint), Outcome(Fault.STATUS, 410))
    assert state(endpoint) == (False, "gone")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    prune()
    assert len(mail.outbox) == 1


def test_the_act_is_in_the_record_and_nobody_did_it(endpoint: Endpoint) -> None:
    fail(a_delivery(endpoint), Outcome(Fault.STATUS, 410))
    act = AuditEvent.objects.get(action="webhook:disable")
    assert (act.actor, act.target) == (None, f"endpoint:{endpoint.pk}")
    assert act.metadata == {"host": "hooks.example.com", "reason": "gone"}


def test_whoever_disables_it_themselves_gets_no_mail(alice: User, endpoint: Endpoint) -> None:
    services.change_endpoint(user=alice, endpoint_id=endpoint.pk, changes={"is_enabled": False})
    prune()
    assert (state(endpoint), mail.outbox) == ((False, "owner"), [])


def test_enabled_again_it_starts_afresh_and_can_be_disabled_again(alice: User, endpoint: Endpoint) -> None:
    changes: dict[str, Any] = {"is_enabled": True}
    for number in (1, 2):
        fail(a_delivery(endpoint), Outcome(Fault.STATUS, 410))
        assert len(mail.outbox) == number
        services.change_endpoint(user=alice, endpoint_id=endpoint.pk, changes=changes)
        assert state(endpoint) == (True, "")
        assert (endpoint.failing_since, endpoint.disabled_at) == (None, None)
