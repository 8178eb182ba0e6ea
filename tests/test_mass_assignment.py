"""Nobody gives themselves anything by naming it: what a call does not take is refused, or read by no one."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import APIKey, User
from accounts.sessions import SignedIn
from accounts.tests.factories import PASSWORD, a_user, bearing, key_of, logged_in
from accounts.verification import token_for
from billing.cards import card_of
from billing.packages import packages
from billing.topups import what_is_agreed_to
from conversion.seller_accounts import connect
from conversion.tests.reports import of
from conversion.tests.test_seller_account import SELLER
from credits.models import Hold, LedgerEntry, Wallet
from products.tests.factories import ASIN, give
from tests.routes import WRITES, Route, api_routes, table
from tests.test_matrix import FOR_OPERATORS, address
from webhooks.tests.factories import COMPLETED, URL

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("surroundings")]
Body = dict[str, Any]


def connected(user: User) -> Body:
    """Nothing, for a user who has connected a seller account."""
    connect(user=user, **SELLER)
    return {}


# A good body of each call that writes, made for the session that calls.
BODIES: dict[tuple[str, str], Callable[[SignedIn], Body]] = {
    ("accounts:register", "post"): lambda _: {"email": f"{uuid.uuid4()}@example.com", "password": PASSWORD},
    ("accounts:verify", "post"): lambda _: {"token": token_for(a_pending_user())},
    ("accounts:login", "post"): lambda me: {"email": me.user.email, "password": PASSWORD},
    ("accounts:refresh", "post"): lambda me: {"refresh_token": me.refresh_token},
    ("accounts:logout", "post"): lambda _: {},
    ("accounts:keys", "post"): lambda _: {"name": "another"},
    ("accounts:key", "patch"): lambda _: {"name": "another"},
    ("accounts:key", "delete"): lambda _: {},
    ("accounts:key-reroll", "post"): lambda _: {"grace_seconds": 60},
    ("products:lookup", "post"): lambda _: {"asin": ASIN},
    ("billing:checkout-sessions", "post"): lambda _: {
        "package": "starter",
        "success_url": "http://testserver/",
        "cancel_url": "http://testserver/",
    },
    ("billing:portal-sessions", "post"): lambda _: {"return_url": "http://testserver/"},
    ("billing:auto-topup", "put"): lambda me: {
        "package": "starter",
        "threshold": 10,
        "monthly_ceiling": 5000,
        "consent_text": what_is_agreed_to(packages()["starter"], 10, 5000, card_of(me.user, "")),
    },
    ("billing:auto-topup", "delete"): lambda _: {},
    ("conversion:convert", "post"): lambda _: {"fnsku": "X0001ABCDE"},
    ("conversion:feedback", "post"): lambda _: {"correct": False},
    ("conversion:validate", "post"): lambda _: {"codes": [ASIN]},
    ("conversion:inventories", "post"): lambda _: {"file": SimpleUploadedFile("stock.txt", of([1]))},
    ("conversion:inventory", "delete"): lambda _: {},
    ("conversion:seller-account", "put"): lambda _: SELLER,
    ("webhooks:endpoints", "post"): lambda _: {"url": URL, "events": [COMPLETED]},
    ("webhooks:endpoint", "patch"): lambda _: {"description": "another"},
    ("webhooks:endpoint", "delete"): lambda _: {},
    ("webhooks:rotate-secret", "post"): lambda _: {},
    ("webhooks:test", "post"): lambda _: {},
    ("webhooks:replay", "post"): lambda _: {},
    ("conversion:seller-account", "delete"): lambda me: connected(me.user),
    ("conversion:seller-account-sync", "post"): lambda me: connected(me.user),
    ("jobs:products-bulk", "post"): lambda _: {"items": [ASIN]},
    ("jobs:conversion-bulk", "post"): lambda _: {"text": "X0001ABCDE"},
    ("jobs:cancel", "post"): lambda _: {},
    ("jobs:retry-failed", "post"): lambda _: {},
}
SIGNED = {"billing:stripe-webhook"}  # taken from Stripe alone
FORMATS = {("conversion:inventories", "post"): "multipart"}  # where it is not JSON
# What somebody might try, each with a value that would pay.
COVETED: dict[str, Callable[[User], Any]] = {
    "balance": lambda victim: 1_000_000,
    "credits": lambda victim: 1_000_000,
    "credits_used": lambda victim: -5,
    "held": lambda victim: 0,
    "id": lambda victim: str(victim.pk),
    "is_active": lambda victim: True,
    "is_staff": lambda victim: True,
    "is_superuser": lambda victim: True,
    "key": lambda victim: "chg_mine",
    "price": lambda victim: 0,
    "scopes": lambda victim: ["keys:write", "admin"],
    "status": lambda victim: "refunded",
    "user": lambda victim: str(victim.pk),
    "user_id": lambda victim: str(victim.pk),
}
# What some calls do take.
TAKEN: dict[tuple[str, str], set[str]] = {
    ("accounts:keys", "post"): {"scopes"},
    ("accounts:key", "patch"): {"scopes"},
}
CALLS = [
    (route, method)
    for route in api_routes()
    if route.view and route.name not in FOR_OPERATORS | SIGNED  # nobody else gets as far as a body
    for method in route.methods
    if method in WRITES
]


@pytest.fixture
def victim() -> User:
    """Somebody else, with credits and a key."""
    user = a_user()
    give(user, 50)
    key_of(user)
    return user


@pytest.fixture
def me(with_saved_card: Callable[[User], None]) -> SignedIn:
    """Who tries."""
    user = a_user()
    give(user, 50)
    key_of(user)
    with_saved_card(user)
    return logged_in(user)


def a_pending_user() -> User:
    """Somebody whose address waits to be verified."""
    return a_user(is_active=False, opened_at=None)


def facts(user: User) -> dict[str, Any]:
    """All that is coveted about a user."""
    columns = ("is_active", "is_staff", "is_superuser", "email", "session_version")
    return {
        "user": User.objects.filter(pk=user.pk).values(*columns).get(),
        "permissions": list(user.user_permissions.values_list("pk", flat=True)),
        "wallet": list(Wallet.objects.filter(pk=user.pk).values()),
        "entries": list(LedgerEntry.objects.filter(wallet_id=user.pk).order_by("id").values()),
        "holds": list(Hold.objects.filter(wallet_id=user.pk).values()),
        "keys": list(APIKey.objects.filter(user=user).order_by("pk").values()),
    }


def named(case: Any) -> str:
    return case.name if isinstance(case, Route) else str(case)


def good_body(route: Route, method: str, me: SignedIn) -> Body:
    """A body that the call takes."""
    assert (route.name, method) in BODIES, (
        f"Tell BODIES in tests/test_mass_assignment.py a good body of {method.upper()} {route.pattern}."
    )
    return BODIES[route.name, method](me)


@pytest.mark.parametrize(("route", "method"), CALLS, ids=named)
def test_the_bodies_that_are_tried_are_good_ones(route: Route, method: str, me: SignedIn) -> None:
    answer = call(route, method, me, good_body(route, method, me))
    assert 200 <= answer.status_code < 300, answer.content


@pytest.mark.parametrize(
    ("route", "method", "name"),
    [
        (route, method, name)
        for route, method in CALLS
        for name in COVETED
        if name not in TAKEN.get((route.name, method), ())  # those a call takes have tests of their own
    ],
    ids=named,
)
def test_nobody_gets_what_they_name(route: Route, method: str, name: str, me: SignedIn, victim: User) -> None:
    body = good_body(route, method, me)
    mine, theirs = facts(me.user), facts(victim)
    others = set(User.objects.values_list("pk", flat=True))
    answer = call(route, method, me, body | {name: COVETED[name](victim)})
    assert facts(victim) == theirs
    if answer.status_code == 422:
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/{name}"]
        assert facts(me.user) == mine
        assert set(User.objects.values_list("pk", flat=True)) == others
        return
    assert 200 <= answer.status_code < 300, answer.content  # not read; then what was done is the usual thing
    now = facts(me.user)
    assert (now["user"], now["permissions"]) == (mine["user"], mine["permissions"])
    assert now["wallet"][0]["balance"] <= mine["wallet"][0]["balance"]
    assert not User.objects.filter(is_staff=True).exists()


@pytest.mark.parametrize(("route", "method"), CALLS, ids=named)
def test_the_query_gives_nobody_anything_either(
    route: Route, method: str, me: SignedIn, victim: User
) -> None:
    body = good_body(route, method, me)
    theirs = facts(victim)
    query = "&".join(f"{name}={value(victim)}" for name, value in COVETED.items())
    answer = call(route, method, me, body, query="?" + query)
    assert answer.status_code == 422 or 200 <= answer.status_code < 300, answer.content
    assert facts(victim) == theirs
    assert not User.objects.filter(is_staff=True).exists()
    assert not Wallet.objects.filter(balance__gt=50).exists()


def call(route: Route, method: str, me: SignedIn, body: Body, query: str = "") -> Any:
    """Make the call as the session."""
    client: APIClient = bearing(me.access_token)
    return getattr(client, method)(
        address(route, me.user) + query, body, format=FORMATS.get((route.name, method), "json")
    )


def test_what_is_said_of_calls_is_said_of_calls_that_exist() -> None:
    known = {(route.name, method) for route in table() for method in route.methods}
    assert {*BODIES, *TAKEN} <= known
