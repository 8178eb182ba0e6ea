"""What operators see of money, and may do."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import AuditEvent, User
from accounts.tests.factories import a_user
from billing.models import AutoTopUp, CreditOrder, StripeInbox
from billing.tests.acts import balance, bought, deliver, post, topping_up, work_all
from billing.tests.fake_stripe import FakeStripe

pytestmark = pytest.mark.django_db
ORDERS = "/admin/billing/creditorder/"
EVENTS = "/admin/billing/stripeinbox/"


def browser(*permissions: str) -> Client:
    """Someone who runs this install and has these permissions."""
    operator = a_user(is_staff=True)
    operator.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(operator, backend="accounts.backends.EmailBackend")
    return client


def test_orders_and_events_are_shown_and_cannot_be_changed(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session))
    client = browser("view_creditorder", "view_stripeinbox", "change_creditorder", "delete_creditorder")
    page = client.get("/admin/billing/creditorder/").content.decode()
    assert alice.email in page
    order = CreditOrder.objects.get()
    one = client.get(f"/admin/billing/creditorder/{order.pk}/change/")
    assert session["id"] in one.content.decode()
    assert (
        client.post(f"/admin/billing/creditorder/{order.pk}/change/", {"status": "paid"}).status_code == 403
    )
    assert "checkout.session.completed" in client.get(EVENTS).content.decode()


def test_an_event_can_be_worked_again(fake: FakeStripe, alice: User) -> None:
    post(*fake.signed(fake.pay(bought(fake, alice))[-1]))
    StripeInbox.objects.update(status="given_up")
    row = StripeInbox.objects.get()
    client = browser("view_stripeinbox", "replay_event")
    answer = client.post(EVENTS, {"action": "work_again", "_selected_action": [row.pk]}, follow=True)
    assert "1 to be worked now" in answer.content.decode()
    work_all()
    assert balance(alice) == 100
    assert AuditEvent.objects.filter(action="stripe_event:replay").count() == 1


def test_who_may_only_look_works_nothing_again(fake: FakeStripe, alice: User) -> None:
    post(*fake.signed(fake.pay(bought(fake, alice))[-1]))
    StripeInbox.objects.update(status="given_up")
    row = StripeInbox.objects.get()
    client = browser("view_stripeinbox")
    client.post(EVENTS, {"action": "work_again", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.status == "given_up"


TOP_UPS = "/admin/billing/autotopup/"


@pytest.mark.parametrize("may", [True, False])
def test_who_may_can_switch_off_an_accounts_top_ups(fake: FakeStripe, alice: User, may: bool) -> None:
    topping_up(fake, alice)
    client = browser("view_autotopup", *["switch_off_top_ups"] * may)
    assert alice.email in client.get(TOP_UPS).content.decode()
    client.post(TOP_UPS, {"action": "switch_off", "_selected_action": [alice.pk]})
    plan = AutoTopUp.objects.get(user=alice)
    assert (plan.is_on, plan.off_reason) == (not may, "operator" if may else "")
    assert AuditEvent.objects.filter(action="auto_top_up:switch_off").count() == may


@pytest.mark.parametrize("may", [True, False])
def test_who_may_can_say_that_a_problem_is_dealt_with(fake: FakeStripe, alice: User, may: bool) -> None:
    session = bought(fake, alice)
    session["amount_subtotal"] = 1
    deliver(fake, *fake.pay(session))
    client = browser("view_creditorder", *["close_problem"] * may)
    order = CreditOrder.objects.get()
    client.post(ORDERS, {"action": "close_problem", "_selected_action": [order.pk]})
    order.refresh_from_db()
    assert order.problem == ("" if may else "mismatch")
    assert AuditEvent.objects.filter(action="credit_order:close_problem").count() == may
