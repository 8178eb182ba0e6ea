"""What things cost: the price list, its document, and what is really charged say the same each time."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user, bearing, key_of
from config import docs
from config.price_list import with_current_prices
from conversion.tests.stand_ins import own
from products.tests.factories import a_product, full, give, purse, sample, upstream
from providers.errors import ErrorClass, ProviderError

pytestmark = pytest.mark.django_db
DOCUMENT = Path(configured.BASE_DIR) / "docs" / "pricing.md"
POST = "/api/v1/products/asin"
GET = "/api/v1/products/B07ZPKCJ6X"
VALIDATE = "/api/v1/conversion/validate"
CONVERT = "/api/v1/conversion/fnsku-to-asin"
ASIN = {"asin": "B07ZPKCJ6X"}
OFFERS, REVIEWS = {"include_offers": True}, {"include_reviews": True}
CREDITS = 100
Outcome = tuple[Callable[[APIClient, Settings], Any], int, tuple[str, ...]]


def ask(body: dict[str, Any]) -> Callable[[APIClient, Settings], Any]:
    """A lookup that nothing is known about yet."""
    return lambda program, settings: program.post(POST, body, format="json")


def again(body: dict[str, Any], then: dict[str, Any] | None = None) -> Callable[[APIClient, Settings], Any]:
    """A lookup whose answer another user's lookup has left in the store."""

    def call(program: APIClient, settings: Settings) -> Any:
        someone_else().post(POST, body, format="json")
        return program.post(POST, body | (then or {}), format="json")

    return call


def without_extras(program: APIClient, settings: Settings) -> Any:
    """Everything is asked for, and the upstream has neither offers nor reviews."""
    settings.PROVIDERS = [upstream("first", lambda asin, marketplace, parts: a_product(asin=asin))]
    return program.post(POST, ASIN | OFFERS | REVIEWS, format="json")


def stale(program: APIClient, settings: Settings) -> Any:
    """An answer from two hours ago, since no upstream answers now."""
    someone_else().post(POST, ASIN, format="json")
    settings.PROVIDERS = [upstream("first", refuse)]
    with time_machine.travel(timedelta(hours=2), tick=False):
        return program.post(POST, ASIN, format="json")


def convert(body: dict[str, Any], prefer: str = "") -> Callable[[APIClient, Settings], Any]:
    """A conversion."""
    headers = {"prefer": prefer} if prefer else {}
    return lambda program, settings: program.post(CONVERT, body, format="json", headers=headers)


def again_by_others(body: dict[str, Any]) -> Callable[[APIClient, Settings], Any]:
    """A conversion that another user has paid for."""

    def call(program: APIClient, settings: Settings) -> Any:
        someone_else().post(CONVERT, body, format="json")
        return program.post(CONVERT, body, format="json")

    return call


def convert_own(program: APIClient, settings: Settings) -> Any:
    """A conversion of a code that stands in a report of the caller's."""
    owner = User.objects.get(email=program.get("/api/v1/auth/me").json()["user"]["email"])
    own(owner, "X000OWN001", "B07ZPKCJ6X")
    return program.post(CONVERT, {"fnsku": "X000OWN001"}, format="json")


def known(program: APIClient, settings: Settings) -> Any:
    """An answer that the caller has: the same tag, whoever got it."""
    tag = someone_else().get(GET).headers["ETag"]
    return program.get(GET, headers={"if-none-match": tag})


def refuse(asin: str, marketplace: str, parts: Any) -> None:
    """Answer as an upstream that is down."""
    raise ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)


def someone_else() -> APIClient:
    """Another customer's program."""
    user = a_user()
    give(user, CREDITS)
    return bearing(key_of(user)[1])


PAID: dict[str, Outcome] = {
    "a product nobody had asked for": (ask(ASIN), 200, ("product.lookup",)),
    "a product from the store": (again(ASIN), 200, ("product.lookup",)),
    "by its address": (lambda program, _: program.get(GET), 200, ("product.lookup",)),
    "with offers": (ask(ASIN | OFFERS), 200, ("product.lookup", "product.offers")),
    "with reviews": (ask(ASIN | REVIEWS), 200, ("product.lookup", "product.reviews")),
    "with everything": (
        ask(ASIN | OFFERS | REVIEWS),
        200,
        ("product.lookup", "product.offers", "product.reviews"),
    ),
    "with everything, from the store": (
        again(ASIN | OFFERS | REVIEWS),
        200,
        ("product.lookup", "product.offers", "product.reviews"),
    ),
    "with extras that are not delivered": (without_extras, 200, ("product.lookup",)),
    "with a few fields only": (ask(ASIN | {"fields": ["title"]}), 200, ("product.lookup",)),
    "no older than now": (again(ASIN | {"max_age": 0}), 200, ("product.lookup",)),
    "only from the store, and it is there": (
        again(ASIN | OFFERS, then={"only_if_cached": True}),
        200,
        ("product.lookup", "product.offers"),
    ),
    "as much as was allowed": (
        ask(ASIN | OFFERS | {"max_credits": 1_000}),
        200,
        ("product.lookup", "product.offers"),
    ),
    "a product that lacks a price": (ask({"asin": "B0PARTIAL0"}), 200, ("product.lookup",)),
    "a conversion": (convert({"fnsku": "X0001ABCDE"}), 200, ("conversion.fnsku",)),
    "a conversion that others have asked for": (
        again_by_others({"fnsku": "X0001ABCDE"}),
        200,
        ("conversion.fnsku",),
    ),
    "a conversion with its product": (
        convert({"fnsku": "X0001ABCDE", "include_product": True}),
        200,
        ("conversion.fnsku", "product.lookup"),
    ),
    "a conversion to one of two": (convert({"fnsku": "X00TWOASIN"}), 200, ("conversion.fnsku",)),
}
# By the row of docs/pricing.md that promises it.
FREE: dict[str, dict[str, Outcome]] = {
    "a failure, whatever the reason": {
        "an upstream that is down": (ask({"asin": "B0FAIL0500"}), 503, ()),
        "an upstream that is slow": (ask({"asin": "B0FAIL0504"}), 503, ()),
        "an answer not to be believed": (ask({"asin": "B0NEGATIVE"}), 503, ()),
        "a body that is no JSON": (
            lambda program, _: program.generic("POST", POST, "{", "application/json"),
            400,
            (),
        ),
        "a method that there is not": (lambda program, _: program.delete(POST), 405, ()),
    },
    "a product that does not exist": {"by the body": (ask({"asin": "B0FAIL0404"}), 404, ())},
    "a request that is not valid": {
        "an FNSKU": (ask({"asin": "X0001ABCDE"}), 422, ()),
        "an unknown marketplace": (ask(ASIN | {"marketplace": "XX"}), 422, ()),
        "an unknown option": (ask(ASIN | {"include_everything": True}), 422, ()),
    },
    "offers or reviews that were asked for and not delivered": {},  # see PAID
    'an answer marked `"freshness": "stale"`': {"two hours old": (stale, 200, ())},
    "an answer you have already (`If-None-Match`)": {"the same tag": (known, 304, ())},
    "`only_if_cached`, and nothing new enough is kept": {
        "never asked": (ask(ASIN | {"only_if_cached": True}), 504, ()),
        "too old": (again(ASIN, then={"only_if_cached": True, "include_offers": True}), 504, ()),
    },
    "more than `max_credits` allows": {"with offers": (ask(ASIN | OFFERS | {"max_credits": 0}), 402, ())},
    "`dry_run`, which tells the price": {
        "of everything": (ask(ASIN | OFFERS | REVIEWS | {"dry_run": True}), 200, ())
    },
    "the same call again under its `Idempotency-Key`": {},  # see below: it tells what the first call took
    "a code that nobody knows": {"none": (convert({"fnsku": "X00FAIL404"}), 404, ())},
    "a conversion that is less sure than `min_confidence`": {
        "sure enough for nobody": (convert({"fnsku": "X0001ABCDE", "min_confidence": 1}), 404, ())
    },
    "a conversion that is not known yet": {
        "pending": (convert({"fnsku": "X00PENDING"}, prefer="wait=0"), 202, ())
    },
    "a code that is an ASIN already": {"an ASIN": (convert({"fnsku": "B07ZPKCJ6X"}), 200, ())},
    "a conversion that your own inventory answers": {"own stock": (convert_own, 200, ())},
    "the same conversion again within 365 days": {},  # see below: the first one is paid for
    "what a code is (`POST conversion/validate`)": {
        "a thousand of them": (
            lambda program, _: program.post(VALIDATE, {"codes": ["X0001ABCDE"] * 1000}, format="json"),
            200,
            (),
        ),
    },
    "history, marketplaces, prices, everything about your account": {
        path: (lambda program, _, path=path: program.get(f"/api/v1/{path}"), 200, ())  # type: ignore[misc]
        for path in (
            "products/B07ZPKCJ6X/history",
            "marketplaces",
            "pricing",
            "credits/balance",
            "credits/history",
            "credits/packages",
            "auth/me",
        )
    },
}
OUTCOMES = PAID | {name: outcome for row in FREE.values() for name, outcome in row.items()}


@pytest.fixture(autouse=True)
def surroundings(settings: Settings) -> None:
    """The stand-in answers; nothing is slow that need not be."""
    settings.PROVIDERS = [sample(timeout_ms=0)]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(db: None) -> User:
    """Someone with 100 credits."""
    user = a_user()
    give(user, CREDITS)
    return user


def listed() -> dict[str, int]:
    """The credits of each operation, as a caller reads them in `GET pricing`."""
    prices = APIClient().get("/api/v1/pricing").json()["data"]["operations"]
    return {entry["operation"]: entry["credits"] for entry in prices}


@pytest.mark.parametrize("changed", [False, True], ids=["usual prices", "other prices"])
@pytest.mark.parametrize("name", OUTCOMES)
def test_what_is_charged_is_what_is_listed(name: str, changed: bool, alice: User, settings: Settings) -> None:
    if changed:
        settings.CREDIT_PRICES = {"product.lookup": 5, "product.offers": 7, "product.reviews": 11} | {
            "conversion.fnsku": 13
        }
    call, status, operations = OUTCOMES[name]
    answer = call(bearing(key_of(alice)[1]), settings)
    price = sum(listed()[operation] for operation in operations)
    assert answer.status_code == status, answer.content
    assert purse(alice) == full(CREDITS - price, charges=1 if price else 0)
    if answer.headers.get("X-Credits-Charged") is not None:
        assert answer.headers["X-Credits-Charged"] == str(price)
        left = {answer.headers["X-Credits-Remaining"]} if status != 304 else set()
        assert left <= {str(CREDITS - price)}
    assert (answer.headers.get("X-Credits-Charged") is not None) >= bool(price)
    assert ("X-Charge-Id" in answer.headers) == bool(price)
    if "credits_used" in (body := answer.json() if answer.content else {}):
        assert body["credits_used"] == price
    assert "credits_used" in body or not price


@pytest.mark.parametrize("name", PAID)
def test_a_receipt_says_what_the_answer_said(name: str, alice: User, settings: Settings) -> None:
    call, _, operations = PAID[name]
    program = bearing(key_of(alice)[1])
    answer = call(program, settings)
    receipt = program.get(f"/api/v1/charges/{answer.headers['X-Charge-Id']}").json()["data"]
    assert receipt["amount"] == answer.json()["credits_used"]
    assert sum(line["credits"] for line in receipt["lines"]) == receipt["amount"]
    assert receipt["operation"] == operations[0]


def test_the_same_call_again_tells_what_the_first_took_and_takes_nothing(alice: User) -> None:
    program = bearing(key_of(alice)[1])
    first, second = (
        program.post(POST, ASIN, format="json", headers={"idempotency-key": "one"}) for _ in range(2)
    )
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["X-Charge-Id"] == first.headers["X-Charge-Id"]
    assert purse(alice) == full(CREDITS - listed()["product.lookup"], charges=1)


def test_the_same_conversion_again_is_free(alice: User) -> None:
    program = bearing(key_of(alice)[1])
    paid = [
        program.post(CONVERT, {"fnsku": "X0001ABCDE"}, format="json").json()["credits_used"] for _ in range(3)
    ]
    assert paid == [listed()["conversion.fnsku"], 0, 0]
    assert purse(alice) == full(CREDITS - listed()["conversion.fnsku"], charges=1)


def test_a_quote_is_what_the_call_then_costs(alice: User) -> None:
    program = bearing(key_of(alice)[1])
    quote = program.post(POST, ASIN | OFFERS | {"dry_run": True}, format="json").json()["data"]
    paid = program.post(POST, ASIN | OFFERS, format="json").json()["credits_used"]
    assert (quote["quoted"], quote["is_affordable"]) == (paid, True)


def test_who_cannot_pay_gets_nothing_and_owes_nothing(settings: Settings) -> None:
    poor = a_user()
    give(poor, 1)
    answer = bearing(key_of(poor)[1]).post(POST, ASIN | OFFERS, format="json")
    body = answer.json()
    assert (answer.status_code, body["required"], body["available"]) == (402, 2, 1)
    assert purse(poor) == full(1)


# --- the list and its document ---


def test_the_document_has_the_prices_that_are_charged() -> None:
    text = DOCUMENT.read_text()
    assert with_current_prices(text) == text
    assert set(re.findall(r"^\| `((?:product|conversion)\.\w+)` \|", text, re.MULTILINE)) == set(listed())
    assert f"starts with {configured.WELCOME_CREDITS} credits" in text


def test_every_promise_of_the_document_is_tried() -> None:
    table = DOCUMENT.read_text().partition("## What is free")[2].partition("## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| 0 \|$", table, re.MULTILINE)
    assert rows == list(FREE)


def test_the_page_shows_what_is_charged_here(client: Client, settings: Settings) -> None:
    settings.CREDIT_PRICES = dict.fromkeys(configured.CREDIT_PRICES, 3) | {"product.offers": 13}
    docs.read.cache_clear()
    page = client.get("/docs/pricing").content.decode()
    docs.read.cache_clear()
    assert re.search(r"product\.offers</code></td>\s*<td[^>]*>13</td>", page)


def test_the_list_is_that_of_the_settings() -> None:
    data = APIClient().get("/api/v1/pricing").json()["data"]
    assert listed() == configured.CREDIT_PRICES
    assert data["packages"] == configured.CREDIT_PACKAGES
    assert data["welcome_credits"] == configured.WELCOME_CREDITS
