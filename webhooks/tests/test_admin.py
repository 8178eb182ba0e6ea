"""The admin: all is seen but secrets, and webhooks are switched and deliveries replayed by who may."""

import base64
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse as url_of

from accounts.models import AuditEvent, User
from accounts.tests.factories import a_user
from webhooks import ids, services, signing
from webhooks.delivering import deliver
from webhooks.models import Delivery, Endpoint
from webhooks.tests.factories import COMPLETED, a_delivery, an_endpoint

pytestmark = pytest.mark.django_db
MODELS = ["endpoint", "event", "delivery", "attempt"]


def signed_in(*permissions: str, **facts: Any) -> Client:
    """A browser in which an operator with these permissions is signed in."""
    operator = a_user(email="operator@example.com", is_staff=True, **facts)
    operator.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(operator, backend="accounts.backends.EmailBackend")
    return client


def act(client: Client, model: str, action: str, row: Any) -> None:
    """Choose a row in a list, and an action."""
    client.post(
        url_of(f"admin:webhooks_{model}_changelist"), {"action": action, "_selected_action": [str(row.pk)]}
    )


@pytest.mark.parametrize("model", MODELS)
def test_every_kind_of_row_is_listed_and_shown_without_a_secret(alice: User, model: str) -> None:
    endpoint, secret = services.create_endpoint(
        user=alice, url="http://127.0.0.1:1/?token=canary", events=[COMPLETED]
    )
    services.rotate_secret(user=alice, endpoint_id=endpoint.pk)
    deliver(a_delivery(endpoint).pk)
    operator = signed_in(is_superuser=True)
    page = operator.get(url_of(f"admin:webhooks_{model}_changelist"))
    [row] = page.context["cl"].result_list
    one = operator.get(url_of(f"admin:webhooks_{model}_change", args=[row.pk]))
    sealed = base64.b64encode(bytes(Endpoint.objects.get().secret)).decode()
    for answer in (page, one):
        assert answer.status_code == 200
        text = answer.content.decode()
        assert not [word for word in ("canary", secret, signing.MARK, sealed) if word in text]
    assert b'name="_save"' not in one.content


@pytest.mark.parametrize(("model", "prefix"), [("endpoint", ids.ENDPOINT), ("delivery", ids.DELIVERY)])
def test_a_row_is_found_by_the_id_that_callers_know(alice: User, model: str, prefix: str) -> None:
    endpoint = an_endpoint(alice)
    delivery, _ = a_delivery(endpoint), a_delivery(endpoint)
    row: Any = {"endpoint": endpoint, "delivery": delivery}[model]
    address = url_of(f"admin:webhooks_{model}_changelist")
    page = signed_in(is_superuser=True).get(address, {"q": ids.shown(prefix, row.pk)})
    assert list(page.context["cl"].result_list) == [row]


def test_an_operator_switches_a_webhook(alice: User) -> None:
    endpoint = an_endpoint(alice)
    operator = signed_in("view_endpoint", "change_endpoint")
    act(operator, "endpoint", "disable", endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, "operator")
    act(operator, "endpoint", "enable", endpoint)
    endpoint.refresh_from_db()
    assert endpoint.is_enabled
    acts = AuditEvent.objects.filter(action="webhook:change", actor__email="operator@example.com")
    assert acts.count() == 2


def test_an_operator_replays_a_delivery(alice: User) -> None:
    delivery = a_delivery(an_endpoint(alice))
    Delivery.objects.update(status="failed", next_attempt_at=None)
    act(signed_in("view_delivery", "change_delivery"), "delivery", "replay", delivery)
    assert Delivery.objects.get().status == "pending"


def test_what_goes_to_a_disabled_webhook_is_not_replayed(alice: User) -> None:
    endpoint = an_endpoint(alice)
    delivery = a_delivery(endpoint)
    services.change_endpoint(user=alice, endpoint_id=endpoint.pk, changes={"is_enabled": False})
    act(signed_in(is_superuser=True), "delivery", "replay", delivery)
    assert Delivery.objects.get().status == "cancelled"


@pytest.mark.parametrize(
    ("model", "action"), [("endpoint", "disable"), ("endpoint", "enable"), ("delivery", "replay")]
)
def test_whoever_may_only_look_changes_nothing(alice: User, model: str, action: str) -> None:
    endpoint = an_endpoint(alice)
    delivery = a_delivery(endpoint)
    Delivery.objects.update(status="failed", next_attempt_at=None)
    before = Endpoint.objects.values().get(), Delivery.objects.values().get()
    row: Any = {"endpoint": endpoint, "delivery": delivery}[model]
    act(signed_in("view_endpoint", "view_delivery"), model, action, row)
    assert (Endpoint.objects.values().get(), Delivery.objects.values().get()) == before
