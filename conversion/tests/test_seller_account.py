"""Credentials at Amazon: sealed where they are kept, shown nowhere, used to fetch the stock."""

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from kombu.pools import producers
from pytest_django import Settings
from rest_framework.test import APIClient
from structlog.testing import capture_logs

from accounts.models import AuditEvent, User
from accounts.tests.factories import closing
from conversion import seller_accounts, sync
from conversion.models import Inventory, Mapping, SellerAccount
from conversion.tasks import sync_due_inventories, sync_inventory
from conversion.tests.reports import of
from conversion.tests.test_inventory import pairs, take
from credits.tests.factories import at_once
from providers.spapi.tests.amazon import REFUSED, Amazon, amazon
from providers.spapi.tests.test_inventory import page, summary
from providers.tests.loopback import QUICK, Handler, Query, says

PATH = "/api/v1/conversion/seller-account"
TOKEN = "Atzr|IwEBIr3fr3sh"
SELLER: dict[str, Any] = {
    "region": "NA",
    "seller_id": "A1PALLET2SHIP",
    "marketplaces": ["US"],
    "refresh_token": TOKEN,
}
STOCK = page(summary(1), summary(2), summary(3, fnSku="B000000003"))


@pytest.fixture
def upstream(settings: Settings) -> Iterator[Amazon]:
    """Amazon, and an application registered there."""
    settings.SPAPI_CLIENT_ID = f"amzn1.application.{uuid4()}"  # with buckets and circuits of its own
    settings.SPAPI_CLIENT_SECRET = "cl13nt-s3cr3t"
    with amazon(says(STOCK)) as running:
        url = running.server.url
        settings.SPAPI_SESSION = {
            "base_url": url,
            "token_url": url,
            "patience": QUICK,
        }
        yield running


def connect(user: User, **changes: Any) -> SellerAccount:
    return seller_accounts.connect(user=user, **{**SELLER, **changes})


def now_of(account: SellerAccount) -> SellerAccount:
    return SellerAccount.objects.get(pk=account.pk)


# --- the credentials ---


def test_an_account_is_connected_shown_and_forgotten(
    upstream: Amazon, as_alice: APIClient, as_bob: APIClient, alice: User
) -> None:
    assert as_alice.get(PATH).status_code == 404
    answer = as_alice.put(PATH, SELLER, format="json")
    assert answer.status_code == 200, answer.content
    told = answer.json()["data"]
    assert told == {
        "region": "NA",
        "seller_id": "A1PALLET2SHIP",
        "marketplaces": ["US"],
        "state": "idle",
        "last_synced_at": None,
        "last_error": None,
        "created_at": told["created_at"],
    }
    assert as_alice.get(PATH).json()["data"] == told
    assert as_bob.get(PATH).status_code == 404
    assert as_bob.delete(PATH).status_code == 404
    assert as_bob.post(f"{PATH}/sync").status_code == 404
    assert as_alice.delete(PATH).status_code == 204
    assert as_alice.delete(PATH).status_code == 404
    acts = AuditEvent.objects.filter(actor=alice, action__startswith="seller_account").order_by("pk")
    assert [act.action for act in acts] == ["seller_account:connect", "seller_account:disconnect"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"region": "XX"}, "region"),
        ({"seller_id": "alice"}, "seller_id"),
        ({"marketplaces": []}, "marketplaces"),
        ({"marketplaces": ["US", "DE"]}, "marketplaces"),
        ({"refresh_token": "secret"}, "refresh_token"),
        ({"refresh_token": "Atzr|a b"}, "refresh_token"),
        ({"owner": 1}, "owner"),
    ],
)
def test_wrong_credentials_are_refused_and_not_repeated(
    upstream: Amazon, as_alice: APIClient, changes: dict[str, Any], pointer: str
) -> None:
    answer = as_alice.put(PATH, {**SELLER, **changes}, format="json")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(f"#/{pointer}")
    assert TOKEN not in answer.content.decode()
    assert not SellerAccount.objects.exists()


def test_an_install_without_an_application_connects_nobody(as_alice: APIClient, settings: Settings) -> None:
    settings.SPAPI_CLIENT_ID = ""
    answer = as_alice.put(PATH, SELLER, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "sync_not_offered")


def test_the_token_is_sealed_in_the_database_and_shown_by_nothing(
    upstream: Amazon, as_alice: APIClient, alice: User, bob: User, capfd: pytest.CaptureFixture[str]
) -> None:
    with capture_logs() as logs:
        answers = [as_alice.put(PATH, SELLER, format="json"), as_alice.get(PATH)]
        account = SellerAccount.objects.get()
        assert sync_inventory(account.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(a)::text FROM conversion_selleraccount a")
        row = cursor.fetchone()[0]
        cursor.execute("SELECT row_to_json(a)::text FROM accounts_auditevent a")
        acts = str(cursor.fetchall())
    shown = json.dumps([answer.content.decode() for answer in answers]) + row + acts + repr(logs)
    assert "r3fr3sh" not in shown + repr(account) + str(capfd.readouterr())
    assert TOKEN.encode().hex() not in row
    assert sync.sealing(alice).open(bytes(account.token)) == TOKEN.encode()
    assert upstream.exchanges[0].form["refresh_token"] == TOKEN
    account.owner = bob
    account.save()
    assert not sync_inventory(account.pk)
    assert now_of(account).last_error == "token_unreadable"


def test_with_another_seller_the_former_stock_is_forgotten(upstream: Amazon, alice: User) -> None:
    take(alice, of([9]))
    sync_inventory(connect(alice, marketplaces=["US", "CA"]).pk)
    assert Inventory.objects.filter(layout="spapi").count() == 2
    connect(alice, marketplaces=["CA"])
    assert Inventory.objects.get(layout="spapi").marketplace == "CA"
    connect(alice, seller_id="A1OTHERSELLER")
    assert [one.layout for one in Inventory.objects.all()] == ["fba_inventory"]
    assert SellerAccount.objects.count() == 1


def test_with_the_credentials_what_they_brought_is_forgotten(upstream: Amazon, alice: User) -> None:
    take(alice, of([9]))
    sync_inventory(connect(alice).pk)
    seller_accounts.disconnect(user=alice)
    assert Mapping.objects.filter(inventory__layout="fba_inventory").count() == 1
    assert Mapping.objects.count() == 1


# --- fetching ---


def test_the_stock_is_fetched_and_replaced(upstream: Amazon, alice: User) -> None:
    account = connect(alice)
    assert sync_inventory(account.pk)
    assert pairs(alice) == [("X000000001", "B000000001"), ("X000000002", "B000000002")]
    kept = Inventory.objects.get()
    assert (kept.layout, kept.marketplace, kept.rows) == ("spapi", "US", 3)
    claim = Mapping.objects.first()
    assert claim is not None
    assert (claim.source, claim.condition, claim.title) == ("inventory", "new", "Ratchet strap")
    synced = now_of(account)
    assert (synced.state, synced.last_error) == ("idle", "")
    assert synced.last_synced_at is not None
    upstream.usually = says(page(summary(5)))
    assert sync_inventory(account.pk)
    assert pairs(alice) == [("X000000005", "B000000005")]


def test_each_marketplace_is_asked_for_its_own_stock(upstream: Amazon, alice: User) -> None:
    sync_inventory(connect(alice, marketplaces=["US", "MX"]).pk)
    asked = [request.query["marketplaceIds"] for request in upstream.calls]
    assert asked == ["ATVPDKIKX0DER", "A1AM78C64UM0Y8"]
    assert set(Inventory.objects.values_list("marketplace", flat=True)) == {"US", "MX"}
    assert len(upstream.exchanges) == 1


def test_what_fails_changes_nothing_and_says_why(upstream: Amazon, alice: User, settings: Settings) -> None:
    account = connect(alice)
    sync_inventory(account.pk)
    settings.SPAPI_CLIENT_ID = f"amzn1.application.{uuid4()}"  # whose bucket is full
    before = now_of(account).last_synced_at
    upstream.usually = says(REFUSED, status=403)
    assert not sync_inventory(account.pk)
    failed = now_of(account)
    assert (failed.last_error, failed.state, failed.last_synced_at) == ("not_entitled", "idle", before)
    assert len(pairs(alice)) == 2


def test_half_of_the_pages_is_nothing(upstream: Amazon, alice: User) -> None:
    account = connect(alice)
    upstream.script = [says(page(summary(1), token="next")), says({"errors": []}, status=404)]
    assert not sync_inventory(account.pk)
    assert not Inventory.objects.exists()


def test_a_refused_grant_is_said_to_be_one(upstream: Amazon, alice: User) -> None:
    account = connect(alice)
    upstream.token_script = [says({"error": "invalid_grant"}, status=400)]
    assert not sync_inventory(account.pk)
    assert now_of(account).last_error == "auth_failed"


@pytest.mark.django_db(transaction=True)
def test_credentials_that_change_meanwhile_keep_nothing_of_the_former(upstream: Amazon, alice: User) -> None:
    account = connect(alice)

    def meanwhile(handler: Handler, query: Query) -> None:
        closing(lambda: connect(alice, refresh_token="Atzr|another"))
        says(STOCK)(handler, query)

    upstream.script = [meanwhile]
    assert not sync_inventory(account.pk)
    assert not Inventory.objects.exists()
    assert (now_of(account).last_error, now_of(account).tried_at) == ("", None)


def test_a_task_for_an_account_that_has_gone_does_nothing(upstream: Amazon, db: None) -> None:
    assert not sync_inventory(4711)
    assert upstream.server.requests == []


# --- one at a time ---


def test_it_is_started_once_until_it_has_ended(upstream: Amazon, as_alice: APIClient, alice: User) -> None:
    account = connect(alice)
    started = as_alice.post(f"{PATH}/sync")
    assert (started.status_code, started.json()["data"]["state"]) == (202, "queued")
    again = as_alice.post(f"{PATH}/sync")
    assert (again.status_code, again.json()["code"]) == (409, "sync_in_progress")
    assert again.headers["Retry-After"] == "60"
    assert sync._claim(account.pk) is not None
    assert as_alice.get(PATH).json()["data"]["state"] == "running"
    assert as_alice.post(f"{PATH}/sync").status_code == 409
    assert not sync_inventory(account.pk), "somebody is at it"
    SellerAccount.objects.update(running_until=timezone.now() - timedelta(seconds=1))
    assert as_alice.post(f"{PATH}/sync").status_code == 202, "whoever was at it has died"
    assert sync_inventory(account.pk)
    assert as_alice.post(f"{PATH}/sync").status_code == 202


@pytest.mark.django_db(transaction=True)
def test_of_many_who_start_it_one_does(upstream: Amazon, alice: User) -> None:
    account = connect(alice)
    outcomes = at_once(*[partial(seller_accounts.queue, account.pk)] * 6)
    assert sorted(outcomes) == [False] * 5 + [True]


@pytest.mark.django_db(transaction=True)
def test_a_task_names_the_account_and_no_secret(
    upstream: Amazon, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = connect(alice)
    sent = queued(monkeypatch)
    seller_accounts.start(user=alice)
    assert sent == [(account.pk,)]


@pytest.mark.django_db(transaction=True)
def test_while_the_queue_is_away_the_row_says_what_is_wanted(
    upstream: Amazon, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = connect(alice)
    sync_inventory(account.pk)
    nowhere = sync_inventory.app.connection_for_write("redis://127.0.0.1:1/0")
    monkeypatch.setattr(sync_inventory.app.amqp, "_producer_pool", producers[nowhere])
    with capture_logs() as logs:
        assert seller_accounts.start(user=alice).state == "queued"
    assert [one["event"] for one in logs] == ["workers_not_told"]
    assert [one.pk for one in sync.due()] == [account.pk]


def test_it_is_time_once_a_day_and_when_somebody_asks(
    upstream: Amazon, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = connect(alice), connect(bob)
    sent = queued(monkeypatch)
    assert sync_due_inventories() == 2
    sync_inventory(mine.pk)
    assert sync_due_inventories() == 1
    assert sent == [(mine.pk,), (theirs.pk,), (theirs.pk,)]
    SellerAccount.objects.filter(pk=mine.pk).update(tried_at=timezone.now() - timedelta(hours=25))
    assert sync.due().count() == 2
    SellerAccount.objects.update(tried_at=timezone.now())
    assert not sync.due().exists()
    seller_accounts.queue(mine.pk)
    assert [one.pk for one in sync.due()] == [mine.pk]


def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The arguments of the tasks that are sent from now on, which nobody carries out."""
    sent: list[tuple[int, ...]] = []

    def note(arguments: tuple[int, ...], *_: Any, **__: Any) -> None:
        sent.append(tuple(arguments))

    monkeypatch.setattr(sync_inventory, "apply_async", note)
    return sent
