"""POST webhooks/stripe: what is taken, what is refused, and that neither ever breaks."""

import json
import time
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from billing.models import StripeInbox
from billing.tests.acts import INBOX, balance, bought, deliver, post
from billing.tests.fake_state import Object
from billing.tests.fake_stripe import SECRET, FakeStripe, signature

pytestmark = pytest.mark.django_db
OTHER = "whsec_" + "9" * 32


@pytest.fixture
def event(fake: FakeStripe, alice: User) -> Object:
    """What Stripe tells of a purchase that is paid."""
    return fake.pay(bought(fake, alice))[-1]


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_what_is_signed_is_stored_and_answered(fake: FakeStripe, event: Object) -> None:
    fake.calls.clear()
    answer = post(*fake.signed(event))
    assert (answer.status_code, answer.json()["received"]) == (200, True)
    row = StripeInbox.objects.get()
    assert (row.event_id, row.type, row.status) == (event["id"], "checkout.session.completed", "waiting")
    assert fake.calls == []


def test_working_an_event_of_a_purchase_is_two_calls(fake: FakeStripe, event: Object) -> None:
    fake.calls.clear()
    deliver(fake, event)
    session = event["data"]["object"]["id"]
    assert fake.calls == [("GET", f"/v1/checkout/sessions/{session}"), ("GET", "/v1/disputes")]


def test_the_same_event_again_is_answered_alike_and_stored_once(fake: FakeStripe, event: Object) -> None:
    assert {post(*fake.signed(event)).status_code for _ in range(3)} == {200}
    assert StripeInbox.objects.count() == 1


def test_while_a_secret_is_rolled_both_are_good(fake: FakeStripe, event: Object, settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [OTHER, SECRET]
    assert post(*fake.signed(event)).status_code == 200
    assert post(*fake.signed(event, secret=OTHER)).status_code == 200


def test_another_secret_is_refused(fake: FakeStripe, event: Object) -> None:
    assert code(post(*fake.signed(event, secret=OTHER))) == (400, "signature_refused")
    assert not StripeInbox.objects.exists()


def test_without_any_secret_nothing_is_believed(fake: FakeStripe, event: Object, settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = []
    assert code(post(*fake.signed(event, secret=""))) == (400, "signature_refused")
    assert not StripeInbox.objects.exists()


def test_a_body_that_was_changed_is_refused(fake: FakeStripe, event: Object) -> None:
    body, headers = fake.signed(event)
    assert code(post(body.replace(b'"paid"', b'"Paid"'), headers)) == (400, "signature_refused")
    assert not StripeInbox.objects.exists()


@pytest.mark.parametrize(("age", "status"), [(299, 200), (301, 400)])
def test_an_old_signature_is_refused(fake: FakeStripe, event: Object, age: int, status: int) -> None:
    assert post(*fake.signed(event, at=int(time.time()) - age)).status_code == status


@pytest.mark.parametrize(
    "header",
    ["", "t=1", "v1=00", "t=x,v1=y", "t=1,v1=\xe9", "=" * 5000, "t=99999999999999999999,v1=0", ",,,"],
)
def test_a_header_that_proves_nothing_is_refused(fake: FakeStripe, event: Object, header: str) -> None:
    body, _ = fake.signed(event)
    assert code(post(body, {"stripe-signature": header})) == (400, "signature_refused")
    assert not StripeInbox.objects.exists()


def test_no_header_at_all_is_refused(fake: FakeStripe, event: Object) -> None:
    body, _ = fake.signed(event)
    assert code(post(body, {})) == (400, "signature_refused")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '"text"',
        "[" * 20_000,
        '{"object": "v2.core.event", "id": "evt_1", "type": "v1.thin", "livemode": false}',
        '{"object": "event", "id": 1, "type": "x", "livemode": false, "data": {"object": {}}}',
        '{"object": "event", "id": "evt_1", "type": "x", "livemode": null, "data": {"object": {}}}',
        '{"object": "event", "id": "evt_1", "type": "x", "livemode": false, "data": {"object": []}}',
        '{"object": "event", "id": "evt_\\u0000", "type": "x", "livemode": false, "data": {"object": {}}}',
        '{"object": "event", "id": "evt_\\ud800", "type": "x", "livemode": false, "data": {"object": {}}}',
    ],
)
def test_what_is_signed_and_no_event_is_refused(fake: FakeStripe, body: str) -> None:
    assert code(post(body.encode(), signature(body))) == (400, "malformed_request")
    assert not StripeInbox.objects.exists()


def test_a_backslash_before_u0000_is_no_nul(fake: FakeStripe, event: Object) -> None:
    event["data"]["object"]["metadata"]["note"] = "\\u0000"
    assert post(*fake.signed(event)).status_code == 200
    assert StripeInbox.objects.get().payload["data"]["object"]["metadata"]["note"] == "\\u0000"


def test_bytes_that_are_no_text_are_refused(fake: FakeStripe) -> None:
    assert code(post(b"\xff\x00\xfe", signature("x"))) == (400, "signature_refused")


def test_a_body_of_three_megabytes_is_refused(fake: FakeStripe) -> None:
    body = json.dumps({"padding": "x" * 3_000_000})
    assert code(post(body.encode(), signature(body))) == (413, "payload_too_large")


def test_the_header_that_dj_stripe_believes_while_debugging_proves_nothing(
    fake: FakeStripe, event: Object, settings: Settings
) -> None:
    settings.DEBUG = True
    body, headers = fake.signed(event, secret=OTHER)
    assert code(post(body, headers | {"x-djstripe-webhook-secret": OTHER})) == (400, "signature_refused")
    assert not StripeInbox.objects.exists()


def test_an_event_of_the_other_mode_is_acknowledged_and_forgotten(
    fake: FakeStripe, alice: User, event: Object, caplog: pytest.LogCaptureFixture
) -> None:
    deliver(fake, event | {"livemode": True})
    assert not StripeInbox.objects.exists()
    assert balance(alice) == 0
    assert "other mode" in caplog.text


def test_a_type_that_nobody_knows_is_acknowledged_and_forgotten(fake: FakeStripe, event: Object) -> None:
    assert post(*fake.signed(event | {"type": "new.type"})).status_code == 200
    assert not StripeInbox.objects.exists()


def test_only_posts_are_taken(fake: FakeStripe) -> None:
    assert code(Client().get(INBOX)) == (405, "method_not_allowed")


def test_stripe_is_not_counted_among_callers(fake: FakeStripe, event: Object, settings: Settings) -> None:
    settings.API_RATE_LIMITS = {"address": (1, 60), "user": (1, 60), "key": (1, 60)}
    assert {post(*fake.signed(event)).status_code for _ in range(5)} == {200}
