"""Who may do what, for every line of the URL table: a new route is covered by itself, or fails here."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import path
from django.utils import timezone
from rest_framework.permissions import IsAuthenticated
from rest_framework.test import APIClient
from rest_framework.views import APIView

from accounts import services
from accounts.models import User
from accounts.permissions import InScope, IsOperator
from accounts.scopes import SCOPES
from accounts.tests.factories import a_user, bearing, key_of, logged_in
from api.ids import new_request_id, new_ulid, uuid_of
from billing.packages import packages
from billing.services import start_checkout
from conversion import ids
from conversion.models import Conversion, Inventory
from credits.services import charge
from jobs import ids as job_ids
from jobs.models import Job, JobItem
from products.tests.factories import ASIN, give
from tests.routes import Route, api_routes, table
from webhooks import ids as webhook_ids
from webhooks.tests.factories import a_delivery, an_endpoint

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("surroundings")]


def a_charge(user: User) -> str:
    """A charge that this user paid."""
    key = f"chg_{new_ulid()}"
    charge(user, 1, operation="product.lookup", key=key, reference=ASIN)
    return key


def a_key(user: User) -> UUID:
    """A key of this user's."""
    return user.api_keys.values_list("pk", flat=True).first() or key_of(user)[0].pk


def a_conversion(user: User) -> str:
    """A conversion that this user asked for."""
    row = Conversion.objects.create(
        id=uuid_of(new_request_id()),
        user=user,
        status=Conversion.Status.FOUND,
        code="X0001ABCDE",
        marketplace="US",
        asked={},
        asin=ASIN,
        confidence=0.9,
        answer={},
    )
    return ids.shown(row.pk)


def an_inventory(user: User) -> int:
    """A report that this user has sent."""
    return Inventory.objects.create(owner=user, layout="x", marketplace="US").pk


def a_webhook(user: User) -> str:
    """A webhook of this user's."""
    return webhook_ids.shown(webhook_ids.ENDPOINT, an_endpoint(user).pk)


def a_webhook_delivery(user: User) -> str:
    """An event that this user is told of."""
    return webhook_ids.shown(webhook_ids.DELIVERY, a_delivery(an_endpoint(user)).pk)


def a_job(user: User) -> str:
    """A bulk job of this user's, which was cancelled before its one row was answered."""
    now = timezone.now()
    terms = {"operation": "product.lookup", "status": Job.Status.CANCELLED, "rows": 1, "expires_at": now}
    row = Job.objects.create(
        id=job_ids.new(), user=user, options={"marketplace": "US"}, ended_at=now, **terms
    )
    JobItem.objects.create(
        job=row, position=1, row=1, given=ASIN, ref="", code=ASIN, kind="asin", operation="product.lookup"
    )
    return job_ids.shown(row.pk)


def a_session(user: User) -> str:
    """The session of a purchase that this user has begun."""
    address = f"{settings.PUBLIC_URL}/"
    begun = start_checkout(user=user, package=packages()["starter"], success_url=address, cancel_url=address)
    return begun.session_id


# How to make what a parameter of a route names, for its owner.
MAKERS: dict[tuple[str, str], Callable[[User], object]] = {
    ("billing:checkout-session", "id"): a_session,
    ("accounts:key", "key_id"): a_key,
    ("accounts:key-reroll", "key_id"): a_key,
    ("conversion:conversion", "id"): a_conversion,
    ("conversion:inventory", "id"): an_inventory,
    ("conversion:feedback", "id"): a_conversion,
    ("credits:charge", "id"): a_charge,
    ("jobs:job", "id"): a_job,
    ("jobs:results", "id"): a_job,
    ("jobs:cancel", "id"): a_job,
    ("jobs:retry-failed", "id"): a_job,
    ("webhooks:endpoint", "id"): a_webhook,
    ("webhooks:rotate-secret", "id"): a_webhook,
    ("webhooks:test", "id"): a_webhook,
    ("webhooks:deliveries", "id"): a_webhook,
    ("webhooks:replay", "id"): a_webhook_delivery,
}
# Parameters that anyone may name, because what they name is nobody's, and a value of each.
PUBLIC = {
    ("products:product", "asin"): ASIN,
    ("products:history", "asin"): ASIN,
    ("products:cache", "asin"): ASIN,
    ("docs-page", "name"): "errors",
    ("billing_pages:pay", "order_id"): UUID(int=0),  # whoever has the address may pay
    ("billing_offline:portal", "session_id"): "bps_unknown",
    ("billing_offline:checkout", "session_id"): "cs_test_unknown",  # whoever has the address, as at Stripe
}
# Bodies that a route takes, where it looks at the body before it looks for what the path names.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("accounts:key", "patch"): {"name": "another"},
    ("conversion:feedback", "post"): {"correct": True},
}
# Calls that need no credential. Everything else wants one.
OPEN = {
    "billing:stripe-webhook",  # its sender signs
    "accounts:register",
    "accounts:verify",
    "accounts:login",
    "accounts:refresh",
    "credits:packages",
    "products:marketplaces",
    "products:pricing",
    "api:schema",
    "api:unknown",
}
PAGES_BELOW_API = {"reference"}
# Calls that no key can make, whatever its scopes.
FOR_SESSIONS = {
    "accounts:logout",
    "billing:auto-topup",
    "billing:payment-methods",
    "billing:portal-sessions",
    "monitoring:performance",
    "products:cache-stats",
    "products:cache",
}
# Calls for those who run this install, and nobody else.
FOR_OPERATORS = {"monitoring:performance", "products:cache-stats", "products:cache"}


def private_routes() -> list[Route]:
    """Routes outside the admin whose path names something that is somebody's."""
    return [
        route
        for route in table()
        if any((route.name, name) not in PUBLIC for name in route.parameters) and not is_staffs(route)
    ]


def is_staffs(route: Route) -> bool:
    """Whether a route is the operators'."""
    return route.pattern.startswith("admin/")


def unmade(routes: list[Route]) -> list[str]:
    """One sentence for each parameter that the tests below cannot fill."""
    return [
        f"Tell MAKERS in tests/test_matrix.py how to make <{name}> of {route.name} ({route.pattern}) for its "
        "owner, or PUBLIC why anyone may name it."
        for route in routes
        for name in route.parameters
        if (route.name, name) not in MAKERS and (route.name, name) not in PUBLIC
    ]


def address(route: Route, owner: User) -> str:
    """The path of a route with things of this owner's."""
    return route.path(**things(route, owner))


def things(route: Route, owner: User) -> dict[str, object]:
    """What the parameters of a route name."""
    assert not unmade([route]), unmade([route])
    places = {name: (route.name, name) for name in route.parameters}
    return {
        name: PUBLIC[place] if place in PUBLIC else MAKERS[place](owner) for name, place in places.items()
    }


def other(name: object) -> str:
    """Something of the same form that does not exist."""
    text = str(name)
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def send(client: Any, route: Route, method: str, where: str) -> Any:
    """Call it."""
    body = BODIES.get((route.name, method), {})
    return getattr(client, method)(where, **({} if method == "get" else {"data": body, "format": "json"}))


# --- the cast ---


def a_tenant() -> User:
    """Somebody with credits."""
    user = a_user()
    give(user, 100)
    return user


def session_of(user: User) -> APIClient:
    return bearing(logged_in(user).access_token)


def revoked_key(owner: User) -> APIClient:
    key, plaintext = key_of(owner)
    services.revoke_key(key=key)
    return bearing(plaintext)


STRANGERS: dict[str, tuple[Callable[[User], APIClient], int]] = {
    "another tenant's session": (lambda owner: session_of(a_tenant()), 404),
    "another tenant's key": (lambda owner: bearing(key_of(a_tenant(), scopes=list(SCOPES))[1]), 404),
    "the owner's revoked key": (revoked_key, 401),
    "nobody": (lambda owner: APIClient(), 401),
}
CASES = [(route, method) for route in private_routes() for method in route.methods]


def named(case: Any) -> str:
    return case.name if isinstance(case, Route) else str(case)


# --- what is somebody's ---


def test_every_parameter_of_every_route_can_be_filled() -> None:
    assert unmade(list(private_routes())) == []


def test_a_route_that_nobody_thought_of_fails_with_a_sentence() -> None:
    new = list(table([path("api/v1/jobs/<uuid:job_id>", APIView.as_view(), name="job")]))
    assert unmade(new) == [
        "Tell MAKERS in tests/test_matrix.py how to make <job_id> of job (api/v1/jobs/<uuid:job_id>) for its "
        "owner, or PUBLIC why anyone may name it."
    ]


def test_what_is_said_of_routes_is_said_of_routes_that_exist() -> None:
    known = {route.name: route for route in table()}
    for name, parameter in [*MAKERS, *PUBLIC]:
        assert parameter in known[name].parameters
    named = {*OPEN, *PAGES_BELOW_API, *FOR_SESSIONS, *FOR_OPERATORS, *(name for name, _ in BODIES)}
    assert named <= set(known)


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize(("route", "method"), CASES, ids=named)
def test_what_is_somebodys_is_not_there_for_others(
    alice: User, route: Route, method: str, stranger: str
) -> None:
    named_there = things(route, alice)
    where = route.path(**named_there)
    client, status = STRANGERS[stranger]
    answer = send(client(alice), route, method, where)
    if "tenant's key" in stranger and route.name in FOR_SESSIONS:
        assert (answer.status_code, answer.json()["code"]) == (403, "session_required")
        return
    assert answer.status_code == status, answer.content
    nowhere = route.path(**{name: other(value) for name, value in named_there.items()})
    same = send(client(alice), route, method, nowhere)
    assert without_ids(same) == without_ids(answer), "what exists must look like what does not"
    still = send(session_of(alice), route, method, where)
    assert still.status_code < 400, still.content


def without_ids(answer: Any) -> Any:
    """An answer without what names the request or what was asked for."""
    apart = {"instance", "request_id", "detail"}
    return {name: value for name, value in answer.json().items() if name not in apart}


def test_what_a_product_is_called_is_nobodys(alice: User) -> None:
    assert {name for place, name in PUBLIC if place.startswith("products:")} == {"asin"}
    for where in (f"/api/v1/products/{ASIN}", f"/api/v1/products/{ASIN}/history"):
        assert session_of(alice).get(where).status_code == 200
        assert session_of(a_tenant()).get(where).status_code == 200
        assert revoked_key(alice).get(where).status_code == 401
        assert APIClient().get(where).status_code == 401


# --- default deny ---


def guarded() -> Iterator[Route]:
    """Routes of the API that want a credential."""
    yield from (route for route in api_routes() if route.name not in OPEN | PAGES_BELOW_API)


def test_every_view_of_the_api_wants_a_credential_or_is_known_to_be_open() -> None:
    for route in api_routes():
        if route.name in PAGES_BELOW_API:
            assert route.view is None
            continue
        assert route.view is not None, f"{route.name} is no view of the API: say in PAGES_BELOW_API why not"
        is_open = IsAuthenticated not in route.view.permission_classes
        assert is_open == (route.name in OPEN), (
            f"{route.name} is open: say so in OPEN, or let it want someone"
        )
        assert is_open == (not route.view.authentication_classes), route.name


def test_every_call_says_which_scope_a_key_needs() -> None:
    for route in guarded():
        assert route.view is not None
        assert InScope in route.view.permission_classes, route.name
        scope = getattr(route.view, "scope", None)
        if route.name in FOR_SESSIONS:
            assert scope is None, route.name
        else:
            assert scope in SCOPES, (
                f"{route.name} states no scope: no key can call it. FOR_SESSIONS, or a scope?"
            )


@pytest.mark.parametrize("route", list(guarded()), ids=named)
def test_a_key_without_the_scope_gets_nothing(alice: User, route: Route) -> None:
    scope = getattr(route.view, "scope", None)
    client = bearing(key_of(alice, scopes=[one for one in SCOPES if one != scope])[1])
    where = address(route, alice)
    for method in route.methods:
        answer = send(client, route, method, where)
        code = "session_required" if scope is None else "scope_missing"
        assert (answer.status_code, answer.json()["code"]) == (403, code), (method, answer.content)


@pytest.mark.parametrize("route", list(guarded()), ids=named)
def test_without_a_credential_or_with_a_revoked_one_nothing_is_done(alice: User, route: Route) -> None:
    where = address(route, alice)
    for method in route.methods:
        for client in (APIClient(), revoked_key(alice)):
            answer = send(client, route, method, where)
            assert answer.status_code == 401, (method, answer.content)
            assert answer.headers["WWW-Authenticate"]


# --- what is the operators' ---


@pytest.mark.parametrize("route", [one for one in guarded() if one.name in FOR_OPERATORS], ids=named)
def test_calls_of_operators_are_closed_to_all_others(alice: User, route: Route) -> None:
    operator = a_user(is_staff=True)
    for method in route.methods:
        where = address(route, alice)
        refused = send(session_of(alice), route, method, where)
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
        assert send(session_of(operator), route, method, address(route, operator)).status_code < 400


def test_a_call_that_wants_an_operator_is_known_to() -> None:
    wanting = {
        route.name for route in guarded() if route.view and IsOperator in route.view.permission_classes
    }
    assert wanting == FOR_OPERATORS


def admin_paths() -> list[str]:
    """Every address of the admin but its door, with any id."""
    door = {"admin:login", "admin:logout"}
    routes = [route for route in table() if is_staffs(route) and route.name not in door]
    return [route.path(**dict.fromkeys(route.parameters, 1)) for route in routes]


@pytest.mark.parametrize("who", ["nobody", "a user"])
def test_operators_pages_are_closed_to_all_others(who: str) -> None:
    assert len(admin_paths()) > 4 * len(admin.site._registry)
    browser = Client()
    if who == "a user":
        browser.force_login(a_user(), backend="accounts.backends.EmailBackend")
    for where in admin_paths():
        for answer in (browser.get(where), browser.post(where, {"post": "yes"})):
            is_shown_the_door = answer.headers.get("Location", "").startswith("/admin/login/?next=")
            assert (answer.status_code == 302 and is_shown_the_door) or answer.status_code in (403, 404), (
                where
            )


def test_an_operator_sees_them_and_a_credential_of_the_api_opens_none() -> None:
    operator = a_user(is_staff=True, is_superuser=True)
    browser = Client()
    browser.force_login(operator, backend="accounts.backends.EmailBackend")
    assert browser.get("/admin/").status_code == 200
    assert session_of(operator).get("/admin/").status_code == 302
