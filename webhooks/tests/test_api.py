"""The calls under /api/v1/webhooks."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient
from standardwebhooks import Webhook

from accounts.models import AuditEvent, User
from accounts.scopes import SCOPES
from accounts.tests.factories import bearing, key_of
from providers.tests.loopback import Server, says
from webhooks import ids, services
from webhooks.delivering import deliver
from webhooks.models import Delivery, Endpoint
from webhooks.tests.factories import COMPLETED, URL, a_delivery, an_endpoint

pytestmark = pytest.mark.django_db
HOOKS = "/api/v1/webhooks"
NEW: dict[str, Any] = {"url": URL, "events": [COMPLETED]}


def post(client: APIClient, path: str = "", **body: Any) -> Any:
    return client.post(f"{HOOKS}{path}", body, format="json")


def change(client: APIClient, endpoint: Endpoint, **body: Any) -> Any:
    return client.patch(f"{HOOKS}/{shown(endpoint)}", body, format="json")


def shown(endpoint: Endpoint) -> str:
    return ids.shown(ids.ENDPOINT, endpoint.pk)


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- making one ---


def test_the_secret_is_shown_once(as_alice: APIClient) -> None:
    answer = post(as_alice, **NEW, description="Stock")
    data = answer.json()["data"]
    assert answer.status_code == 201
    assert "no-store" in answer["Cache-Control"]
    assert answer["Location"] == f"{HOOKS}/{data['id']}"
    secret = data.pop("secret")
    assert secret.startswith("whsec_")
    again = as_alice.get(answer["Location"])
    assert again.json()["data"] == data
    assert data == {
        "id": data["id"],
        "url": URL,
        "events": [COMPLETED],
        "description": "Stock",
        "enabled": True,
        "disabled_at": None,
        "disabled_reason": None,
        "failing_since": None,
        "last_delivered_at": None,
        "previous_secret_until": None,
        "created_at": data["created_at"],
    }
    for path in ("", f"/{data['id']}", f"/{data['id']}/deliveries"):
        assert secret not in as_alice.get(HOOKS + path).content.decode()


def test_what_is_made_is_in_the_record_without_the_secret_or_the_address(as_alice: APIClient) -> None:
    post(as_alice, url=f"{URL}?token=canary", events=[COMPLETED])
    act = AuditEvent.objects.get(action="webhook:create")
    assert act.metadata == {"host": "hooks.example.com", "events": [COMPLETED]}


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://localhost./",
        "https://[::ffff:127.0.0.1]/",
        "https://me:secret@hooks.example.com/",
        "https://hooks.example.com:22/",
        "gopher://hooks.example.com/",
        "no url",
    ],
)
def test_an_address_that_is_not_taken_is_pointed_at(as_alice: APIClient, url: str) -> None:
    answer = post(as_alice, url=url, events=[COMPLETED])
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], error["code"]) == (422, "#/url", "url_refused")
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": URL},
        {"events": [COMPLETED]},
        {"url": URL, "events": []},
        {"url": URL, "events": ["job.exploded"]},
        {"url": URL, "events": ["webhook.test"]},
        {"url": URL, "events": COMPLETED},
        {"url": 5, "events": [COMPLETED]},
        {**NEW, "secret": "whsec_mine"},
        {**NEW, "id": "whe_mine"},
        {**NEW, "description": "x" * 201},
    ],
)
def test_what_is_no_webhook_is_refused(as_alice: APIClient, body: dict[str, Any]) -> None:
    assert problem(post(as_alice, **body)) == (422, "validation_error")


def test_an_account_has_ten_at_most(as_alice: APIClient, alice: User, settings: Settings) -> None:
    for _ in range(settings.WEBHOOK_MOST_ENDPOINTS):
        an_endpoint(alice)
    answer = post(as_alice, **NEW)
    assert problem(answer) == (409, "too_many_webhooks")
    assert answer.json()["limit"] == 10


# --- looking, changing, deleting ---


def test_the_list_has_ones_own_newest_first(as_alice: APIClient, alice: User, bob: User) -> None:
    mine = [shown(an_endpoint(alice)) for _ in range(3)]
    an_endpoint(bob)
    page = as_alice.get(f"{HOOKS}?limit=2").json()
    assert ([one["id"] for one in page["data"]], page["has_more"]) == (mine[:0:-1], True)
    rest = as_alice.get(f"{HOOKS}?after={page['next']}").json()
    assert [one["id"] for one in rest["data"]] == mine[:1]
    assert problem(as_alice.get(f"{HOOKS}?x=1")) == (422, "validation_error")


def test_what_is_left_out_of_a_change_stays(as_alice: APIClient, alice: User) -> None:
    endpoint = an_endpoint(alice, description="Stock")
    data = change(as_alice, endpoint, events=["job.failed", "job.cancelled", "job.failed"]).json()["data"]
    assert data["events"] == ["job.cancelled", "job.failed"]
    assert (data["url"], data["description"], data["enabled"]) == (URL, "Stock", True)


@pytest.mark.usefixtures("strict")
def test_a_change_of_the_address_is_looked_at_like_a_new_one(as_alice: APIClient, alice: User) -> None:
    endpoint = an_endpoint(alice)
    assert problem(change(as_alice, endpoint, url="https://10.0.0.1/")) == (422, "validation_error")
    moved = change(as_alice, endpoint, url="https://Other.example.com")
    assert moved.json()["data"]["url"] == "https://other.example.com/"


def test_disabled_and_enabled_by_its_owner(as_alice: APIClient, alice: User) -> None:
    endpoint = an_endpoint(alice)
    waiting = a_delivery(endpoint)
    data = change(as_alice, endpoint, enabled=False).json()["data"]
    assert (data["enabled"], data["disabled_reason"]) == (False, "owner")
    assert data["disabled_at"] is not None
    assert Delivery.objects.get(pk=waiting.pk).status == "cancelled"
    data = change(as_alice, endpoint, enabled=True).json()["data"]
    assert (data["enabled"], data["disabled_reason"], data["disabled_at"]) == (True, None, None)


def test_deleted_it_is_gone_with_its_log(as_alice: APIClient, alice: User) -> None:
    endpoint = an_endpoint(alice)
    a_delivery(endpoint)
    assert as_alice.delete(f"{HOOKS}/{shown(endpoint)}").status_code == 204
    assert problem(as_alice.get(f"{HOOKS}/{shown(endpoint)}")) == (404, "not_found")
    assert not Delivery.objects.exists()
    assert AuditEvent.objects.filter(action="webhook:delete").count() == 1


@pytest.mark.parametrize("name", ["whe_1", "whe_" + "Z" * 26, "deliveries", "whd_" + "0" * 26])
def test_what_is_no_id_of_one_leads_nowhere(as_alice: APIClient, name: str) -> None:
    assert problem(as_alice.get(f"{HOOKS}/{name}")) == (404, "not_found")
    assert problem(post(as_alice, f"/deliveries/{name}/replay")) == (404, "not_found")


# --- rotating ---


def test_after_a_rotation_both_secrets_are_good_for_a_day(alice: User, receiver: Server) -> None:
    endpoint, old = services.create_endpoint(user=alice, url=receiver.url, events=[COMPLETED])
    answer = post(client_of(alice), f"/{shown(endpoint)}/rotate-secret")
    new = answer.json()["data"]["secret"]
    assert (answer.status_code, new != old) == (200, True)
    deliver(a_delivery(endpoint).pk)
    [sent] = receiver.requests
    assert sent.headers["webhook-signature"].count("v1,") == 2
    for secret in (old, new):
        assert Webhook(secret).verify(sent.sent, sent.headers)["type"] == COMPLETED


def test_after_that_day_only_the_new_one_is(alice: User, receiver: Server) -> None:
    endpoint = an_endpoint(alice, receiver.url)
    _, new = services.rotate_secret(user=alice, endpoint_id=endpoint.pk)
    kept = Endpoint.objects.get()
    assert kept.previous_until is not None
    Endpoint.objects.update(previous_until=kept.created_at)
    deliver(a_delivery(endpoint).pk)
    [sent] = receiver.requests
    assert sent.headers["webhook-signature"].count("v1,") == 1
    Webhook(new).verify(sent.sent, sent.headers)
    assert AuditEvent.objects.filter(action="webhook:rotate").count() == 1


def client_of(user: User) -> APIClient:
    return bearing(key_of(user, scopes=["webhooks:write"])[1])


# --- what was sent ---


def test_a_test_arrives_and_is_in_the_log(as_alice: APIClient, alice: User, receiver: Server) -> None:
    endpoint = an_endpoint(alice, receiver.url)
    told = post(as_alice, f"/{shown(endpoint)}/test")
    assert (told.status_code, told.json()["data"]["status"]) == (202, "pending")
    deliver(Delivery.objects.get().pk)
    assert receiver.requests[0].json["type"] == "webhook.test"
    [line] = as_alice.get(f"{HOOKS}/{shown(endpoint)}/deliveries").json()["data"]
    assert (line["id"], line["type"], line["status"]) == (
        told.json()["data"]["id"],
        "webhook.test",
        "delivered",
    )
    [attempt] = line["attempts"]
    assert (attempt["status_code"], attempt["error"]) == (200, "")


def test_the_log_shows_attempts_and_nothing_that_was_answered(
    as_alice: APIClient, alice: User, receiver: Server
) -> None:
    receiver.usually = says({"internal": "canary"}, status=500, X_Canary="canary")
    endpoint = an_endpoint(alice, receiver.url)
    deliver(a_delivery(endpoint).pk)
    answer = as_alice.get(f"{HOOKS}/{shown(endpoint)}/deliveries")
    [line] = answer.json()["data"]
    assert (line["status"], line["attempt_count"]) == ("pending", 1)
    assert line["attempts"][0]["error"] == "status"
    assert line["next_attempt_at"] is not None
    assert "canary" not in answer.content.decode()


def test_the_log_can_be_filtered_by_status(as_alice: APIClient, alice: User, receiver: Server) -> None:
    endpoint = an_endpoint(alice, receiver.url)
    done, waiting = a_delivery(endpoint), a_delivery(endpoint)
    deliver(done.pk)
    path = f"{HOOKS}/{shown(endpoint)}/deliveries"
    for status, row in (("delivered", done), ("pending", waiting)):
        found = as_alice.get(f"{path}?status={status}").json()["data"]
        assert [one["id"] for one in found] == [ids.shown(ids.DELIVERY, row.pk)]
    assert problem(as_alice.get(f"{path}?status=lost")) == (422, "validation_error")


def test_the_log_comes_page_by_page_with_the_filter(as_alice: APIClient, alice: User) -> None:
    endpoint = an_endpoint(alice)
    rows = [ids.shown(ids.DELIVERY, a_delivery(endpoint).pk) for _ in range(3)]
    path = f"{HOOKS}/{shown(endpoint)}/deliveries?status=pending&limit=2"
    page = as_alice.get(path).json()
    rest = as_alice.get(f"{path}&after={page['next']}").json()
    assert [one["id"] for one in page["data"] + rest["data"]] == rows[::-1]
    assert (page["has_more"], rest["has_more"]) == (True, False)


def test_a_longer_log_costs_no_more_queries(
    as_alice: APIClient, alice: User, receiver: Server, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    endpoint = an_endpoint(alice, receiver.url)
    for _ in range(10):
        deliver(a_delivery(endpoint).pk)
    with django_assert_max_num_queries(6):
        assert len(as_alice.get(f"{HOOKS}/{shown(endpoint)}/deliveries").json()["data"]) == 10


def test_a_delivery_is_replayed_under_the_same_id(as_alice: APIClient, alice: User, receiver: Server) -> None:
    delivery = a_delivery(an_endpoint(alice, receiver.url))
    deliver(delivery.pk)
    answer = post(as_alice, f"/deliveries/{ids.shown(ids.DELIVERY, delivery.pk)}/replay")
    assert (answer.status_code, answer.json()["data"]["status"]) == (202, "pending")
    deliver(delivery.pk)
    assert len({one.headers["webhook-id"] for one in receiver.requests}) == 1
    assert len(receiver.requests) == 2


def test_a_disabled_one_is_sent_nothing(as_alice: APIClient, alice: User) -> None:
    endpoint = an_endpoint(alice)
    delivery = a_delivery(endpoint)
    change(as_alice, endpoint, enabled=False)
    assert problem(post(as_alice, f"/{shown(endpoint)}/test")) == (409, "webhook_disabled")
    replay = f"/deliveries/{ids.shown(ids.DELIVERY, delivery.pk)}/replay"
    assert problem(post(as_alice, replay)) == (409, "webhook_disabled")


# --- whose it is ---


def calls(endpoint: Endpoint, delivery: Delivery) -> list[tuple[str, str]]:
    """Every call that names something."""
    one = f"{HOOKS}/{shown(endpoint)}"
    return [
        ("get", one),
        ("patch", one),
        ("delete", one),
        ("post", f"{one}/rotate-secret"),
        ("post", f"{one}/test"),
        ("get", f"{one}/deliveries"),
        ("post", f"{HOOKS}/deliveries/{ids.shown(ids.DELIVERY, delivery.pk)}/replay"),
    ]


def test_what_is_somebody_elses_is_not_there(as_bob: APIClient, alice: User) -> None:
    endpoint = an_endpoint(alice)
    delivery = a_delivery(endpoint)
    before = Endpoint.objects.values().get(), Delivery.objects.values().get()
    for method, path in calls(endpoint, delivery):
        assert problem(getattr(as_bob, method)(path)) == (404, "not_found"), (method, path)
    assert (Endpoint.objects.values().get(), Delivery.objects.values().get()) == before


def test_the_log_of_one_shows_none_of_another(as_alice: APIClient, alice: User) -> None:
    first, second = an_endpoint(alice), an_endpoint(alice, events=["job.failed"])
    a_delivery(first)
    assert as_alice.get(f"{HOOKS}/{shown(second)}/deliveries").json()["data"] == []


def test_a_key_reads_the_log_with_one_scope_and_changes_with_another(alice: User) -> None:
    endpoint = an_endpoint(alice)
    reader = bearing(key_of(alice, scopes=["webhooks:read"])[1])
    assert reader.get(f"{HOOKS}/{shown(endpoint)}/deliveries").status_code == 200
    assert problem(reader.get(HOOKS)) == (403, "scope_missing")
    others = [scope for scope in SCOPES if not scope.startswith("webhooks")]
    assert problem(post(bearing(key_of(alice, scopes=others)[1]), **NEW)) == (403, "scope_missing")
