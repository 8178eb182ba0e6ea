"""One shape for every failure, one table for all of them, and a documented code in each."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, TooManyFieldsSent
from django.db import OperationalError, connection, connections
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework import exceptions as drf
from rest_framework.test import APIClient

from accounts import errors as accounts
from accounts.models import User
from accounts.tests.factories import a_user, bearing, key_of
from api.errors import UnknownAddress
from config import errors
from config.errors import ERRORS, RETRY_AFTER
from config.wording import TITLES
from credits import errors as credits
from credits.caps import set_cap
from products.errors import ProductNotFound
from products.tests.factories import give
from providers.errors import ErrorClass, ProviderError, UpstreamUnavailable

ROOT = Path(__file__).resolve().parent.parent
LOOKUP = "/api/v1/products/asin"
ASIN = {"asin": "B07ZPKCJ6X"}
BASE = {"type", "title", "status", "detail", "instance", "code", "request_id"}


def assert_problem(answer: Any, status: int, code: str) -> Any:
    """Hold an answer to the one shape of failures."""
    body = answer.json()
    assert answer.status_code == status, body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(body) >= BASE
    assert (body["status"], body["code"], body["title"]) == (status, code, TITLES[code])
    assert body["type"].endswith(f"/docs/errors#{code}")
    assert body["instance"].endswith(answer.headers["Request-Id"])
    assert body["request_id"] == answer.headers["Request-Id"]
    assert body["detail"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert all(re.fullmatch(r"[a-z][a-z_]{2,}", name) for name in body)
    assert ("Retry-After" in answer.headers) == ("retry_after" in body) == (code in RETRY_AFTER)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    return body


def poor() -> APIClient:
    return bearing(key_of(a_user())[1])


def capped() -> APIClient:
    user = a_user()
    give(user, 5)
    key, plaintext = key_of(user, has_cap=True)
    set_cap(key.pk, limit=0, period="day")
    return bearing(plaintext)


CALLS: dict[str, tuple[Callable[[Any], Any], int, str]] = {
    "no JSON": (lambda c: c.generic("POST", LOOKUP, "{", "application/json"), 400, "malformed_request"),
    "another host": (lambda c: c.post(LOOKUP, ASIN, headers={"host": "evil.example"}), 400, "unknown_host"),
    "a cursor": (lambda c: c.get("/api/v1/products/B07ZPKCJ6X/history?after=x"), 400, "invalid_cursor"),
    "no credential": (lambda c: APIClient().get("/api/v1/auth/me"), 401, "authentication_required"),
    "a bad token": (lambda c: bearing("x").get("/api/v1/auth/me"), 401, "invalid_token"),
    "a bad key": (lambda c: bearing("plt_live_x").get("/api/v1/auth/me"), 401, "invalid_key"),
    "no credits": (lambda c: poor().post(LOOKUP, ASIN, format="json"), 402, "insufficient_credits"),
    "a cap": (lambda c: capped().post(LOOKUP, ASIN, format="json"), 403, "key_cap_reached"),
    "a session wanted": (lambda c: c.post("/api/v1/auth/logout"), 403, "session_required"),
    "an unknown address": (lambda c: c.get("/api/v1/nothing"), 404, "not_found"),
    "the root": (lambda c: c.get("/api"), 404, "not_found"),
    "a slash too many": (lambda c: c.post(f"{LOOKUP}/", ASIN, format="json"), 404, "not_found"),
    "no such product": (lambda c: c.get("/api/v1/products/B0FAIL0404"), 404, "product_not_found"),
    "a method": (lambda c: c.delete(LOOKUP), 405, "method_not_allowed"),
    "a form of answer": (
        lambda c: c.get("/api/v1/pricing", headers={"accept": "text/xml"}),
        406,
        "not_acceptable",
    ),
    "a large body": (
        lambda c: c.generic("POST", LOOKUP, b" " * 2_000_000, "application/json"),
        413,
        "payload_too_large",
    ),
    "a form": (lambda c: c.generic("POST", LOOKUP, "asin=1", "text/plain"), 415, "unsupported_media_type"),
    "a wrong field": (
        lambda c: c.post(LOOKUP, {"asin": "X0001ABCDE"}, format="json"),
        422,
        "validation_error",
    ),
    "an upstream": (lambda c: c.get("/api/v1/products/B0FAIL0500"), 503, "upstream_unavailable"),
}


@pytest.mark.parametrize("case", CALLS)
def test_every_failure_has_the_one_shape(case: str, program: APIClient, settings: Settings) -> None:
    sample = "providers.sample.provider.SampleProvider"
    settings.PROVIDERS = [{"NAME": "sample", "BACKEND": sample, "OPTIONS": {}}]
    call, status, code = CALLS[case]
    assert_problem(call(program), status, code)


def test_too_many_attempts_have_it_too(db: None, settings: Settings) -> None:
    settings.RATE_LIMITS = {"auth.login": {"ip": "1/h", "email": "1/h"}}
    with time_machine.travel(timezone.now(), tick=False):  # no hour ends between the two
        for _ in range(2):
            answer = APIClient().post(
                "/api/v1/auth/login", {"email": "a@example.com", "password": "x"}, format="json"
            )
    body = assert_problem(answer, 429, "rate_limited")
    assert 0 < body["retry_after"] <= 3600


def test_a_fault_of_ours_has_it_and_tells_nothing_of_our_insides(
    program: APIClient, settings: Settings, caplog: Any
) -> None:
    settings.PROVIDERS = [{"NAME": "none", "BACKEND": "nowhere.to.be.found", "OPTIONS": {"secret": "s3cr3t"}}]
    answer = program.post(LOOKUP, ASIN, format="json")
    body = assert_problem(answer, 500, "internal_error")
    for inside in ("Traceback", "nowhere", "s3cr3t", "ImproperlyConfigured", "SELECT"):
        assert inside not in answer.content.decode()
    assert set(body) == BASE
    assert "ImproperlyConfigured" in caplog.text


@pytest.fixture
def database_away() -> Iterator[None]:
    """PostgreSQL does not answer: nobody listens where the settings say it is."""
    settings = connections.settings["default"]
    before = {"HOST": settings["HOST"], "PORT": settings["PORT"], "OPTIONS": settings["OPTIONS"]}
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    pool = {**settings["OPTIONS"]["pool"], "min_size": 0, "timeout": 0.3}
    settings |= {"HOST": "127.0.0.1", "PORT": "1", "OPTIONS": {**settings["OPTIONS"], "pool": pool}}
    yield
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    settings |= before


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_a_503_and_not_our_fault(
    alice: User, program: APIClient, database_away: None
) -> None:
    assert_problem(program.post(LOOKUP, ASIN, format="json"), 503, "service_unavailable")
    ready = program.get("/health/ready")
    assert (ready.status_code, ready.json()["checks"]) == (503, {"postgresql": "down", "redis": "ok"})
    assert program.get("/health/live").status_code == 200


# --- outside the views of the API ---


def raised(error: BaseException, path: str = "/api/v1/x") -> HttpResponse:
    """What handler500 answers while this exception is under way."""
    request: Any = RequestFactory().get("/")
    request.path_info = path
    request.id = "req_1"
    try:
        raise error
    except BaseException:
        return errors.server_error(request)


def handled(
    handler: Callable[..., HttpResponse], error: BaseException, path: str = "/api/v1/x"
) -> HttpResponse:
    request: Any = RequestFactory().get("/")
    request.path_info = path
    request.id = "req_1"
    return handler(request, exception=error)


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (lambda path: raised(OperationalError("server closed"), path), 503, "service_unavailable"),
        (lambda path: raised(RedisConnectionError("refused"), path), 503, "service_unavailable"),
        (lambda path: raised(KeyError("x"), path), 500, "internal_error"),
        (lambda path: handled(errors.bad_request, RequestDataTooBig("x"), path), 413, "payload_too_large"),
        (lambda path: handled(errors.bad_request, TooManyFieldsSent("x"), path), 413, "payload_too_large"),
        (lambda path: handled(errors.bad_request, BadRequest("x"), path), 400, "malformed_request"),
        (lambda path: handled(errors.bad_request, UnreadablePostError("x"), path), 400, "malformed_request"),
        (
            lambda path: handled(errors.permission_denied, PermissionDenied("x"), path),
            403,
            "permission_denied",
        ),
        (lambda path: handled(errors.not_found, Http404("x"), path), 404, "not_found"),
    ],
)
def test_what_django_refuses_is_a_problem_to_programs_and_a_page_to_people(
    answer: Callable[[str], HttpResponse], status: int, code: str
) -> None:
    for path in ("/api/v1/x", "/api", "//api/x", "/health/x"):
        told = answer(path)
        assert (told.status_code, told.headers["Content-Type"]) == (status, "application/problem+json")
        assert f'"code":"{code}"'.encode() in told.content
    page = answer("/somewhere")
    assert (page.status_code, page.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert "<h1>" in page.content.decode()
    assert "req_1" in page.content.decode()


def test_a_handler_that_is_called_without_an_exception_still_answers() -> None:
    request: Any = RequestFactory().get("/api/v1/x")
    assert errors.server_error(request).status_code == 500


def test_a_page_that_is_none_and_a_host_that_is_not_ours(client: Client) -> None:
    missing = client.get("/nothing")
    assert (missing.status_code, "There is nothing at this address" in missing.content.decode()) == (
        404,
        True,
    )
    foreign = client.get("/admin/", headers={"host": "evil.example"})
    assert (foreign.status_code, "not understood" in foreign.content.decode()) == (400, True)


def test_a_form_from_elsewhere_is_refused_with_a_page() -> None:
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/admin/login/", {"username": "a", "password": "b"})
    assert (answer.status_code, "not allowed" in answer.content.decode()) == (403, True)


def test_the_same_404_is_given_with_debug_on(client: Client) -> None:
    with override_settings(DEBUG=True):
        assert_problem(client.get("/api/v1/nothing"), 404, "not_found")


# --- the table ---


def test_docs_and_table_agree() -> None:
    documented = re.findall(r"^## `(\w+)` · (\d+)$", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    assert sorted((code, int(status)) for code, status in documented) == sorted(
        {(code, status) for status, code in ERRORS.values()}
    )


def test_the_address_in_a_problem_leads_to_what_is_said_about_it(client: Client, settings: Settings) -> None:
    settings.PUBLIC_URL = "http://testserver"
    kind = client.get("/api/v1/nothing").json()["type"]
    page = client.get(kind.partition("#")[0].removeprefix("http://testserver"))
    assert page.status_code == 200
    assert f'id="{kind.partition("#")[2]}"' in page.content.decode()
    assert all(f'id="{code}"' in page.content.decode() for code in TITLES)
    assert "`" not in page.content.decode()


def test_each_code_has_one_status_and_one_title() -> None:
    codes = {code: status for status, code in ERRORS.values()}
    assert set(codes.items()) == {(code, status) for status, code in ERRORS.values()}
    assert set(TITLES) == set(codes)
    assert set(RETRY_AFTER) <= set(codes)


def subclasses(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    yield kind
    for child in kind.__subclasses__():
        yield from subclasses(child)


@pytest.mark.parametrize(
    "base",
    [accounts.AccountsError, credits.CreditsError, ProviderError, UpstreamUnavailable, ProductNotFound],
)
def test_every_exception_of_ours_has_its_row(base: type[BaseException]) -> None:
    ours = [kind for kind in subclasses(base) if kind is not accounts.AccountsError]
    assert [kind for kind in ours if not set(kind.__mro__) & (set(ERRORS) - {Exception})] == []


def members(error: Exception) -> Any:
    return errors.problem_of(error).members


def test_programs_are_told_what_the_exception_knows() -> None:
    now, key = timezone.now(), UUID(int=1)
    assert members(credits.InsufficientCredits(2, 1)).items() >= {"required": 2, "available": 1}.items()
    assert members(credits.CapReached(key, 5, 0, now)) == {
        "cap": key,
        "limit": 5,
        "available": 0,
        "resets_at": now,
    }
    assert members(ProductNotFound("B07ZPKCJ6X", "US"))["credits_charged"] == 0
    assert members(UnknownAddress("/api/schema/")) == {"suggestion": "/api/schema/"}
    assert members(UpstreamUnavailable({"keepa": ErrorClass.TIMEOUT}, retry_after=1.2)) == {"retry_after": 2}
    assert members(UpstreamUnavailable({})) == {"retry_after": RETRY_AFTER["upstream_unavailable"]}
    assert members(drf.Throttled(wait=7)) == {"retry_after": 7}


def test_what_an_upstream_said_is_not_passed_on() -> None:
    told = errors.problem_of(ProviderError("key k3y refused", retryable=False, reason=ErrorClass.AUTH_FAILED))
    assert "k3y" not in told.detail
    assert errors.problem_of(UpstreamUnavailable({"keepa": ErrorClass.AUTH_FAILED})).detail == told.detail


@pytest.mark.parametrize(
    ("detail", "entries", "sentence"),
    [
        ({"asin": ["Wrong."]}, [("#/asin", "Wrong.")], "asin: Wrong."),
        (["Wrong."], [("#", "Wrong.")], "Wrong."),
        ({"non_field_errors": ["Both?"]}, [("#", "Both?")], "Both?"),
        ({"a/b~": {"c": ["X."]}}, [("#/a~1b~0/c", "X.")], "a~1b~0/c: X."),
        (
            {"rows": [{}, {"asin": ["X.", "Y."]}]},
            [("#/rows/1/asin", "X."), ("#/rows/1/asin", "Y.")],
            "rows/1/asin: X. (1 more in errors.)",
        ),
        ([], [], "The request is not valid."),
    ],
)
def test_each_field_that_is_wrong_is_pointed_at(detail: Any, entries: list[Any], sentence: str) -> None:
    told = errors.problem_of(drf.ValidationError(detail))
    assert [(entry["pointer"], entry["detail"]) for entry in told.members["errors"]] == entries
    assert told.detail == sentence


def test_a_request_that_never_met_the_middleware_is_answered_all_the_same() -> None:
    answer = errors.handle(KeyError("x"), {"request": HttpRequest()})
    assert answer.status_code == 500
