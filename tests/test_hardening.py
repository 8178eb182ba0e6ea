"""Cookies that spend nothing, bodies that cost nothing, faults that tell nothing, answers that stay apart."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user, bearing, key_of
from products.tests.factories import ASIN, full, give, purse
from providers.recognition import MAX_LENGTH, recognise
from tests.routes import Route, api_routes, table
from tests.test_matrix import OPEN, PAGES_BELOW_API, PUBLIC, address, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("surroundings")]
LOOKUP = "/api/v1/products/asin"
# Answers that are the same for everyone, and may therefore be kept by caches on the way.
KEPT_BY_CACHES = {"products:marketplaces", "products:pricing", "reference", "docs", "docs/", "docs-page"}


def named(case: Any) -> str:
    return case.name if isinstance(case, Route) else str(case)


# --- cookies ---


@pytest.mark.parametrize(
    "route", [r for r in api_routes() if r.name not in OPEN | PAGES_BELOW_API], ids=named
)
def test_no_call_takes_the_cookie_of_a_browser_for_a_credential(route: Route) -> None:
    operator = a_user(is_staff=True, is_superuser=True)
    give(operator, 100)
    browser = APIClient()
    browser.force_login(operator, backend="accounts.backends.EmailBackend")
    for method in route.methods:
        assert send(browser, route, method, address(route, operator)).status_code == 401
    assert purse(operator)["balance"] >= 99  # what the path names may have been made for a credit
    assert purse(operator)["held"] == 0


def test_no_page_takes_a_form_that_did_not_come_from_a_page_of_ours() -> None:
    operator = a_user(is_staff=True, is_superuser=True)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(operator, backend="accounts.backends.EmailBackend")
    pages = [route for route in table() if route.view is None]
    assert {"home", "admin:login", "admin:index"} <= {route.name for route in pages}
    for route in pages:
        values = {name: PUBLIC.get((route.name, name), 1) for name in route.parameters}
        answer = browser.post(
            route.path(**values), {"post": "yes"}, headers={"origin": "https://evil.example"}
        )
        assert answer.status_code in (403, 404, 405), (route.name, answer.status_code)
    assert browser.get("/admin/").status_code == 200, "still logged in"


# --- what costs nothing to refuse ---


def post(client: APIClient, body: bytes, **headers: str) -> Any:
    return client.generic("POST", LOOKUP, body, "application/json", headers=headers)  # type: ignore[arg-type]


LARGE: dict[str, Callable[[], bytes]] = {
    "many names": lambda: json.dumps({f"n{n}": 1 for n in range(60_000)}).encode(),
    "a long list": lambda: b'{"asin": [%s]}' % b",".join([b"1"] * 400_000),
    "a long text": lambda: b'{"asin": "%s"}' % (b"A" * 900_000),
    "a long number": lambda: b'{"asin": %s}' % (b"9" * 900_000),
    "a long exponent": lambda: b'{"asin": 1e%s}' % (b"9" * 1000),
    "one name over and over": lambda: b"{%s}" % b",".join([b'"asin": 1'] * 60_000),
    "deep lists": lambda: b'{"asin": %s%s}' % (b"[" * 400_000, b"]" * 400_000),
    "spaces": lambda: b" " * 999_000,
}


@pytest.mark.parametrize("kind", LARGE)
def test_a_large_body_is_refused_in_few_words(program: APIClient, alice: User, kind: str) -> None:
    answer = post(program, LARGE[kind]())
    assert answer.status_code in (400, 422), answer.content
    assert len(answer.content) < 20_000
    assert purse(alice) == full(100)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
def test_a_body_is_never_unpacked(program: APIClient, alice: User, encoding: str) -> None:
    packed = gzip.compress(json.dumps({"asin": ASIN}).encode() + b" " * 50_000_000, 1)
    assert len(packed) < configured.API_MAX_BODY_BYTES
    answer = post(program, packed, **{"content-encoding": encoding})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")
    assert purse(alice) == full(100)


class SlowBody:
    """A body that may take long to come; notes whether we keep a database connection meanwhile."""

    def __init__(self, body: bytes) -> None:
        self.rest = body
        self.kept: list[bool] = []

    def read(self, size: int = -1) -> bytes:
        """Return what is left of it."""
        self.kept.append(connection.connection is not None)
        piece, self.rest = self.rest[:size], self.rest[size:]
        return piece

    readline = read


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", [{}, {"idempotency-key": "k"}], ids=["without a key", "with a key"])
def test_who_sends_slowly_keeps_no_database_connection(
    program: APIClient, alice: User, key: dict[str, str]
) -> None:
    body = SlowBody(json.dumps({"asin": ASIN}).encode())
    length = len(body.rest)
    stream: dict[str, Any] = {"wsgi.input": body, "CONTENT_LENGTH": str(length)}
    answer = program.generic("POST", LOOKUP, "", "application/json", headers=key, **stream)
    assert answer.status_code == 200, answer.content
    assert body.kept
    assert not any(body.kept)
    assert purse(alice) == full(99, charges=1)


HARD = ["A", "B0", "9", "978", "-", " ", "&", "%41", "dp/", "/dp/", "https://a.", "x00", "\u00e9", "LPN", "'"]


@pytest.mark.parametrize("piece", HARD)
def test_no_text_makes_the_reading_of_a_code_take_for_ever(piece: str) -> None:
    for end in ("", "!", "\n", "B07ZPKCJ6X"):
        for length in (MAX_LENGTH, 1_000_000):
            recognise((piece * length)[: length - len(end)] + end)


def test_a_page_has_at_most_200_rows(program: APIClient) -> None:
    for limit in ("201", "1000000", "-1", "0", "1e3", "9" * 5000):
        for path in ("/api/v1/credits/history", f"/api/v1/products/{ASIN}/history"):
            assert program.get(path, {"limit": limit}).status_code == 422


# --- faults ---


class Broken:
    """A middleware that fails where no view can catch it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Take what is never called."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Fail."""
        raise ZeroDivisionError("s3cr3t of /srv/pallet")


@pytest.mark.parametrize("place", ["outermost but one", "innermost"])
@pytest.mark.parametrize("path", ["/api/v1/pricing", "/"])
def test_what_nobody_caught_is_told_by_the_last_resort(settings: Settings, place: str, path: str) -> None:
    broken = f"{__name__}.Broken"
    rest = list(settings.MIDDLEWARE)
    settings.MIDDLEWARE = [rest[0], broken, *rest[1:]] if place.startswith("outer") else [*rest, broken]
    client = Client(raise_request_exception=False)
    answer = client.get(path)
    assert answer.status_code == 500
    assert answer.headers["Request-Id"] in answer.content.decode()
    for inside in ("Traceback", "ZeroDivisionError", "s3cr3t", "/srv", __name__, "SELECT"):
        assert inside not in answer.content.decode()
    if path != "/":
        problem = answer.json()
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert problem["instance"] == f"urn:pallet:request:{answer.headers['Request-Id']}"
        assert problem["code"] == "internal_error"


def test_debugging_is_off_unless_somebody_turns_it_on() -> None:
    text = (configured.BASE_DIR / "config/settings.py").read_text()
    assert 'DEBUG = env.bool("DEBUG", default=False)' in text
    assert configured.DEBUG is False


# --- answers that stay apart ---

MISLEADING = (
    {"x-forwarded-host": "evil.example"},
    {"x-host": "evil.example", "x-forwarded-server": "evil.example"},
    {"forwarded": "host=evil.example;proto=http"},
    {"x-forwarded-proto": "evil", "x-forwarded-scheme": "evil", "x-forwarded-port": "666"},
    {"x-original-url": "/admin/evil", "x-rewrite-url": "/admin/evil"},
    {"x-http-method-override": "DELETE", "x-method-override": "DELETE"},
    {"x-forwarded-prefix": "/evil", "x-script-name": "/evil"},
    {"accept-language": "xx-evil"},
    {"user-agent": "evil", "referer": "https://evil.example", "origin": "https://evil.example"},
    {"authorization": "Bearer evil", "x-api-key": "evil", "cookie": "sessionid=evil; csrftoken=evil"},
)


def cacheable_routes() -> list[Route]:
    """Everything whose answer a cache may give to somebody else."""
    return [route for route in table() if not route.pattern.startswith("admin/")]


@pytest.mark.parametrize("route", cacheable_routes(), ids=named)
def test_only_what_is_the_same_for_everyone_may_be_kept_by_caches(alice: User, route: Route) -> None:
    if "get" not in route.methods:
        return
    where = address(route, alice) if route.parameters else "/" + route.pattern.replace("(?![^/])", "")
    answer = bearing(key_of(alice)[1]).get(where)
    directives = answer.headers["Cache-Control"].replace(" ", "").split(",")
    if route.name in KEPT_BY_CACHES:
        assert answer.status_code == 200
        assert "no-store" not in directives
        for headers in MISLEADING:
            other = Client(headers=headers).get(where)
            assert (other.status_code, unnamed(other)) == (200, unnamed(answer)), headers
            assert b"evil" not in other.content
            assert not other.cookies or "Cookie" in other.headers["Vary"].split(", ")
    else:
        assert "private" in directives, directives


def unnamed(answer: Any) -> bytes:
    """A body without the id of its request."""
    body: bytes = answer.content
    return body.replace(answer.headers["Request-Id"].encode(), b"")


@pytest.mark.parametrize("headers", MISLEADING[:-1], ids=lambda headers: next(iter(headers)))
def test_no_header_brings_one_customers_answer_to_another(
    alice: User, program: APIClient, headers: dict[str, str]
) -> None:
    bob = a_user()
    give(bob, 7)
    hers = program.get("/api/v1/credits/balance", headers=headers)
    his = bearing(key_of(bob)[1]).get("/api/v1/credits/balance", headers=headers)
    assert (hers.json()["balance"], his.json()["balance"]) == (100, 7)
    assert APIClient().get("/api/v1/credits/balance", headers=headers).status_code == 401
    for answer in (hers, his):
        assert {"Authorization", "X-API-Key"} <= set(answer.headers["Vary"].split(", "))
        assert b"evil" not in answer.content
