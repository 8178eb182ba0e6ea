"""The error table: what each exception, ours or a framework's, is called outside, and how it is answered.

Apps raise plain exceptions that know no HTTP. Here, and only here, each becomes a status and a code.
`docs/errors.md` has a section for every code.
"""

import math
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.db.utils import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.template.loader import render_to_string
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError
from rest_framework import exceptions as drf

from accounts import errors as accounts
from api import errors as api
from api.problems import Problem, answer, summary, validation_members
from billing import errors as billing
from config.wording import DETAILS, OWN_WORDS, TITLES
from conversion import errors as conversion
from conversion.errors import FeedbackGiven, NoMatch, NotSureEnough, NotToBeJudged, UnknownConversion
from credits import errors as credits
from jobs import errors as jobs
from products.errors import NotKept, ProductNotFound
from providers.errors import MarketplaceNotServed, ProviderError, UpstreamUnavailable
from webhooks import errors as webhooks

log = structlog.stdlib.get_logger("pallet.errors")

ERRORS: dict[type[BaseException], tuple[int, str]] = {
    # the form of the call
    api.MalformedBody: (400, "malformed_request"),
    drf.ParseError: (400, "malformed_request"),
    UnreadablePostError: (400, "malformed_request"),
    BadRequest: (400, "malformed_request"),
    SuspiciousOperation: (400, "malformed_request"),
    DisallowedHost: (400, "unknown_host"),
    api.InvalidCursor: (400, "invalid_cursor"),
    api.IdempotencyKeyMissing: (400, "idempotency_key_missing"),
    api.InvalidIdempotencyKey: (400, "invalid_idempotency_key"),
    api.IdempotencyInProgress: (409, "idempotency_in_progress"),
    api.IdempotencyMismatch: (422, "idempotency_mismatch"),
    api.UnknownAddress: (404, "not_found"),
    Http404: (404, "not_found"),
    drf.NotFound: (404, "not_found"),
    drf.MethodNotAllowed: (405, "method_not_allowed"),
    drf.NotAcceptable: (406, "not_acceptable"),
    api.BodyTooLarge: (413, "payload_too_large"),
    RequestDataTooBig: (413, "payload_too_large"),
    TooManyFieldsSent: (413, "payload_too_large"),
    drf.UnsupportedMediaType: (415, "unsupported_media_type"),
    api.MediaTypeRefused: (415, "unsupported_media_type"),
    drf.ValidationError: (422, "validation_error"),
    # who is calling
    drf.NotAuthenticated: (401, "authentication_required"),
    drf.AuthenticationFailed: (401, "invalid_credentials"),
    PermissionDenied: (403, "permission_denied"),
    drf.PermissionDenied: (403, "permission_denied"),
    accounts.InvalidCredentials: (401, "invalid_credentials"),
    accounts.InvalidToken: (401, "invalid_token"),
    accounts.TokenReused: (401, "token_reused"),
    accounts.InvalidKey: (401, "invalid_key"),
    accounts.KeyExpired: (401, "key_expired"),
    accounts.KeyRevoked: (401, "key_revoked"),
    accounts.IPNotAllowed: (403, "ip_not_allowed"),
    accounts.ScopeMissing: (403, "scope_missing"),
    accounts.KeyEscalation: (403, "key_escalation"),
    accounts.UnknownKey: (404, "not_found"),
    accounts.KeyHasEnded: (409, "key_has_ended"),
    accounts.TooManyKeys: (409, "too_many_keys"),
    accounts.SessionRequired: (403, "session_required"),
    accounts.InvalidVerification: (422, "invalid_verification"),
    accounts.InvalidEmail: (422, "invalid_email"),
    accounts.RateLimited: (429, "rate_limited"),
    drf.Throttled: (429, "rate_limited"),
    api.LimitExceeded: (429, "rate_limited"),
    # credits
    credits.InsufficientCredits: (402, "insufficient_credits"),
    credits.CapReached: (403, "key_cap_reached"),
    credits.UnknownCharge: (404, "charge_not_found"),
    credits.CreditsError: (409, "conflict"),
    # products and their upstreams
    ProductNotFound: (404, "product_not_found"),
    NoMatch: (404, "no_match"),
    NotSureEnough: (404, "not_sure_enough"),
    UnknownConversion: (404, "not_found"),
    FeedbackGiven: (409, "feedback_given"),
    NotToBeJudged: (409, "not_to_be_judged"),
    MarketplaceNotServed: (422, "marketplace_not_served"),
    NotKept: (504, "cache_miss"),
    credits.MaxCreditsExceeded: (402, "max_credits_exceeded"),
    UpstreamUnavailable: (503, "upstream_unavailable"),
    ProviderError: (503, "upstream_unavailable"),
    # conversion
    conversion.ReportRefused: (422, "report_refused"),
    conversion.UnknownInventory: (404, "not_found"),
    conversion.NotConnected: (404, "not_found"),
    conversion.SyncUnderWay: (409, "sync_in_progress"),
    conversion.SyncNotOffered: (409, "sync_not_offered"),
    # jobs
    jobs.UnknownJob: (404, "not_found"),
    jobs.JobHasEnded: (409, "job_has_ended"),
    jobs.JobStillRuns: (409, "job_still_runs"),
    jobs.NothingToRetry: (409, "nothing_to_retry"),
    # webhooks
    webhooks.UnknownEndpoint: (404, "not_found"),
    webhooks.UnknownDelivery: (404, "not_found"),
    webhooks.TooManyEndpoints: (409, "too_many_webhooks"),
    webhooks.EndpointDisabled: (409, "webhook_disabled"),
    # money
    billing.SignatureRefused: (400, "signature_refused"),
    billing.EventRefused: (400, "malformed_request"),
    billing.UnknownOrder: (404, "not_found"),
    billing.CheckoutNotOffered: (409, "checkout_not_offered"),
    billing.TopUpsNotOffered: (409, "top_ups_not_offered"),
    billing.NoSavedCard: (409, "no_saved_card"),
    billing.UnknownCard: (422, "unknown_card"),
    billing.ConsentMissing: (422, "consent_missing"),
    billing.PaymentsUnavailable: (503, "payments_unavailable"),
    # ourselves
    OperationalError: (503, "service_unavailable"),
    InterfaceError: (503, "service_unavailable"),
    RedisError: (503, "service_unavailable"),
    ConnectionInterrupted: (503, "service_unavailable"),
    Exception: (500, "internal_error"),
}

# What an exception knows that a program can use: attribute names, shown as members of the problem.
MEMBERS: dict[type[BaseException], tuple[str, ...]] = {
    api.BodyTooLarge: ("limit",),
    api.BodyTooDeep: ("limit",),
    api.UnknownAddress: ("suggestion",),
    accounts.IPNotAllowed: ("address",),
    accounts.ScopeMissing: ("scope",),
    accounts.KeyEscalation: ("field",),
    accounts.TooManyKeys: ("limit",),
    credits.InsufficientCredits: ("required", "available"),
    jobs.JobTooLarge: ("required", "available", "affordable_rows"),
    credits.CapReached: ("cap", "limit", "available", "resets_at"),
    ProductNotFound: ("asin", "marketplace", "credits_charged"),
    MarketplaceNotServed: ("marketplace",),
    NotKept: ("asin", "marketplace", "credits_charged"),
    NoMatch: ("fnsku", "credits_charged"),
    NotSureEnough: ("fnsku", "confidence", "min_confidence", "credits_charged"),
    credits.MaxCreditsExceeded: ("quoted", "max_credits"),
    api.LimitExceeded: ("violated_policies",),
    conversion.ReportRefused: ("reasons",),
    webhooks.TooManyEndpoints: ("limit",),
    billing.ConsentMissing: ("consent_text",),
}
TOP_UP_PATH = "/api/v1/credits/packages"
PROGRAMS = re.compile(r"/+(api|health)(/|$)")  # whoever asks below these reads no pages
# Seconds to wait, where nobody knows better.
RETRY_AFTER = {
    "idempotency_in_progress": 1,
    "payments_unavailable": 30,
    "rate_limited": 60,
    "service_unavailable": 2,
    "sync_in_progress": 60,
    "upstream_unavailable": 30,
}


def handle(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Answer any exception raised below a view of the API. DRF's EXCEPTION_HANDLER."""
    problem = problem_of(exc)
    if problem.status >= 500:
        note(exc, problem)
    return answer(context["request"], problem)


def note(exc: BaseException, problem: Problem) -> None:
    """Log a failure of ours: with its traceback when nobody expected it."""
    if problem.code == "internal_error":
        log.error("unhandled exception", exc_info=exc)
    else:
        log.warning(problem.code, error=f"{type(exc).__name__}: {exc}")


def problem_of(exc: BaseException) -> Problem:
    """Return how this exception is told to the caller."""
    status, code = entry(ERRORS, exc) or ERRORS[Exception]
    members = members_of(exc, code)
    return Problem(
        status=status,
        code=code,
        title=TITLES[code],
        detail=detail_of(exc, code, members),
        members=members,
        headers=headers_of(exc, status, members),
    )


def entry(table: Mapping[type[BaseException], Any], exc: BaseException) -> Any:
    """Return what the table says of the exception's class or its nearest ancestor, None if nothing."""
    return next((table[kind] for kind in type(exc).__mro__ if kind in table), None)


def detail_of(exc: BaseException, code: str, members: Mapping[str, Any]) -> str:
    """Return the sentence for people. Only exceptions written for callers speak for themselves."""
    if isinstance(exc, drf.ValidationError):
        return summary(members)
    return DETAILS.get(code) or entry(OWN_WORDS, exc) or str(exc)


def members_of(exc: BaseException, code: str) -> dict[str, Any]:
    """Return what the problem says besides the members that every problem has."""
    if isinstance(exc, drf.ValidationError):
        return validation_members(exc.detail)
    names = entry(MEMBERS, exc) or ()
    members = {name: getattr(exc, name) for name in names}
    if isinstance(exc, credits.InsufficientCredits):
        members["top_up_url"] = settings.PUBLIC_URL + TOP_UP_PATH
    if code in RETRY_AFTER:
        members["retry_after"] = seconds_to_wait(exc) or RETRY_AFTER[code]
    return members


def seconds_to_wait(exc: BaseException) -> int | None:
    """Return after how many seconds the exception says that it makes sense to try again."""
    known = getattr(exc, "retry_after", None) or getattr(exc, "wait", None)
    return math.ceil(known) if known else None


def headers_of(exc: BaseException, status: int, members: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that HTTP wants beside this status."""
    if status == 401:
        return {"WWW-Authenticate": getattr(exc, "auth_header", 'Bearer realm="pallet"')}
    return {"Retry-After": str(members["retry_after"])} if "retry_after" in members else {}


# --- failures outside the views of the API ---


def bad_request(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """Answer what Django refuses by itself: a wrong host, a suspicious or oversized request. handler400."""
    return told(request, problem_of(exception))


def permission_denied(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """Answer a PermissionDenied. handler403."""
    return told(request, problem_of(exception))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that did not come from our own page. CSRF_FAILURE_VIEW."""
    return told(request, problem_of(PermissionDenied(reason)))


def not_found(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """Answer an address that is none. handler404."""
    return told(request, problem_of(exception))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an exception nobody caught; Django has logged it. handler500."""
    problem = problem_of(sys.exc_info()[1] or RuntimeError())
    return told(request, problem)


def told(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Return the problem to a program as JSON, to a person as a page."""
    if PROGRAMS.match(request.path_info):
        return answer(request, problem)
    facts = {"problem": problem, "request_id": getattr(request, "id", "")}
    page = render_to_string(f"{page_of(problem.status)}.html", facts)
    return HttpResponse(page, status=problem.status, headers=dict(problem.headers))


def page_of(status: int) -> int:
    """Return which of the error pages fits a status."""
    if status in (400, 403, 404):
        return status
    return 400 if status < 500 else 500
