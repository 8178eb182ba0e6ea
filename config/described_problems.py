"""The problems in the API's description: which call can end in which, and what each looks like."""

import json
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from rest_framework import exceptions as drf
from rest_framework.exceptions import ErrorDetail

from accounts import errors as accounts
from api import errors as api
from api.problems import CONTENT_TYPE, Problem, body_of
from api.renderers import dumps
from billing import errors as billing
from config.described_headers import BILLABLE, CONVERSIONS, LOOKUPS, failure_headers
from config.errors import ERRORS, MEMBERS, RETRY_AFTER, problem_of
from config.wording import DETAILS, TITLES
from conversion import errors as conversion
from conversion.errors import FeedbackGiven, NoMatch, NotSureEnough, NotToBeJudged
from credits import errors as credits
from jobs import errors as jobs
from products.errors import NotKept, ProductNotFound
from providers.errors import MarketplaceNotServed, UpstreamUnavailable
from webhooks import errors as webhooks

Json = dict[str, Any]
HERE = "https://pallet.example"  # the description says the same on every install
REQUEST = "req_01M7WDSNNKBKGVMDEM5VA52244"
STATUSES = {code: status for status, code in ERRORS.values()}
TEXT = {"type": "string"}
ERROR = {
    "type": "object",
    "required": ["detail", "pointer", "code"],
    "properties": {"detail": TEXT, "pointer": TEXT, "code": TEXT},
}
# What a problem may say besides what every problem says.
MEMBER_SCHEMAS: Json = {
    "errors": {
        "type": "array",
        "description": "What is wrong with the input, each with a JSON pointer to its place.",
        "items": ERROR,
    },
    "retry_after": {"type": "integer", "description": "Seconds after which it makes sense to try again."},
    "limit": {"type": "integer"},
    "suggestion": {"type": ["string", "null"], "description": "The address that was probably meant."},
    "required": {"type": "integer", "description": "Credits the call costs."},
    "available": {"type": "integer", "description": "Credits that can be spent."},
    "top_up_url": {**TEXT, "format": "uri", "description": "Where credits come from."},
    "cap": {**TEXT, "description": "The key whose cap it is."},
    "resets_at": {"type": ["string", "null"], "format": "date-time"},
    "scope": {**TEXT, "description": "The scope that the key lacks."},
    "field": {**TEXT, "description": "In what the key would reach further."},
    "address": {"type": ["string", "null"], "description": "Where the call came from."},
    "asin": TEXT,
    "marketplace": TEXT,
    "quoted": {"type": "integer", "description": "Credits the call may cost."},
    "max_credits": {"type": "integer", "description": "Credits that were allowed."},
    "fnsku": {**TEXT, "description": "The code that was asked about."},
    "confidence": {"type": "number", "description": "How probable the best answer is, 0 to 1."},
    "min_confidence": {"type": "number", "description": "How probable it had to be."},
    "violated_policies": {"type": "array", "items": TEXT, "description": "The limits that were reached."},
    "reasons": {
        "type": "array",
        "description": "The first rows of the file that name no pair, and why.",
        "items": {
            "type": "object",
            "required": ["line", "reason"],
            "properties": {"line": {"type": "integer"}, "reason": TEXT},
        },
    },
    "affordable_rows": {"type": "integer", "description": "For so many rows the credits would do."},
    "credits_charged": {"type": "integer", "const": 0},
    "consent_text": {**TEXT, "description": "What the card's owner would agree to."},
}
# One of each, as a call meets it. A code without one gets an example from its words.
HAPPENED: tuple[BaseException, ...] = (
    api.MalformedBody("The body is not valid JSON: unexpected end of data (line 1, column 2)."),
    api.InvalidCursor(),
    api.IdempotencyKeyMissing(),
    api.InvalidIdempotencyKey(),
    api.IdempotencyInProgress(),
    api.IdempotencyMismatch(),
    drf.NotAuthenticated(),
    accounts.InvalidCredentials(),
    accounts.InvalidToken("The token has expired. Refresh the session, or log in again."),
    accounts.TokenReused(),
    accounts.InvalidKey("This API key is not known."),
    accounts.KeyExpired("This API key has expired."),
    accounts.KeyRevoked("This API key has been revoked."),
    accounts.IPNotAllowed("198.51.100.7"),
    accounts.ScopeMissing("keys:write"),
    accounts.KeyEscalation("scopes", "It does not have credits:read itself."),
    accounts.KeyHasEnded("revoked"),
    accounts.TooManyKeys(100),
    accounts.SessionRequired(),
    accounts.InvalidVerification(),
    api.LimitExceeded(["key"], 17),
    credits.InsufficientCredits(2, 1),
    credits.CapReached(UUID("0b5f1d8e-6a54-4a0e-9f3c-0d2f6f3f7a11"), 5, 0, None),
    credits.UnknownCharge("chg_01M7WFKV43SJVE1JF5CSSDCCV6"),
    credits.MaxCreditsExceeded(3, 2),
    ProductNotFound("B0FAIL0404", "US"),
    NotKept("B07ZPKCJ6X", "US"),
    NoMatch("X00FAIL404"),
    NotSureEnough("X0001ABCDE", 0.62, 0.9),
    FeedbackGiven(),
    NotToBeJudged(),
    Http404(),
    drf.NotAcceptable(),
    api.BodyTooLarge(1_000_000),
    drf.UnsupportedMediaType("text/plain"),
    drf.ValidationError({"asin": [ErrorDetail("This field is required.", code="required")]}),
    MarketplaceNotServed("EG"),
    UpstreamUnavailable({}),
    conversion.ReportRefused("The file is empty."),
    conversion.SyncUnderWay(),
    conversion.SyncNotOffered(),
    jobs.JobHasEnded(),
    jobs.JobStillRuns(),
    jobs.NothingToRetry(),
    webhooks.TooManyEndpoints(10),
    webhooks.EndpointDisabled(),
    billing.CheckoutNotOffered(),
    billing.TopUpsNotOffered(),
    billing.NoSavedCard(),
    billing.UnknownCard(),
    billing.ConsentMissing(
        f"Whenever I have fewer than 100 credits to spend, {HERE} may charge my saved card (visa ending in "
        "4242) 45.00 USD for 500 credits, without asking me again, and at most 180.00 USD in a calendar "
        "month (UTC). I can switch this off at any time."
    ),
    billing.PaymentsUnavailable(),
)


def is_open(operation: Json) -> bool:
    """Say whether anyone may make this call."""
    return not operation["security"]


# Which calls can end in which codes; what an install lacks in ERRORS is left out.
CAN_FAIL: tuple[tuple[Callable[[Json], bool], tuple[str, ...]], ...] = (
    (
        lambda _: True,
        ("unknown_host", "not_acceptable", "rate_limited", "internal_error", "service_unavailable"),
    ),
    (lambda operation: not is_open(operation), ("authentication_required", "invalid_token", "invalid_key")),
    (
        lambda operation: not is_open(operation),
        ("key_expired", "key_revoked", "scope_missing", "ip_not_allowed", "permission_denied"),
    ),
    (
        lambda operation: "requestBody" in operation,
        ("malformed_request", "payload_too_large", "unsupported_media_type", "validation_error"),
    ),
    (
        lambda operation: "Idempotency-Key" in names(operation, "header"),
        ("invalid_idempotency_key", "idempotency_in_progress", "idempotency_mismatch"),
    ),
    (lambda operation: bool(names(operation, "query")), ("validation_error",)),
    (lambda operation: names(operation, "query") >= {"after"}, ("invalid_cursor",)),
    (
        lambda operation: bool(names(operation, "path") - {"asin"}) and not names_its_own(operation),
        ("not_found",),
    ),
    (lambda operation: "asin" in names(operation, "path"), ("validation_error",)),
    (
        lambda operation: operation["operationId"] in BILLABLE,
        (
            "insufficient_credits",
            "max_credits_exceeded",
            "key_cap_reached",
            "upstream_unavailable",
            "conflict",
        ),
    ),
    (
        lambda operation: operation["operationId"] in LOOKUPS,
        ("product_not_found", "marketplace_not_served", "cache_miss"),
    ),
    (lambda operation: operation["operationId"] in CONVERSIONS, ("no_match", "not_sure_enough")),
)
ALSO: dict[str, tuple[str, ...]] = {
    "auth_register": ("invalid_credentials",),
    "auth_verify": ("invalid_verification",),
    "auth_login": ("invalid_credentials",),
    "auth_refresh": ("invalid_token", "token_reused"),
    "auth_logout": ("session_required",),
    "analytics_performance": ("session_required",),
    "products_cache_stats": ("session_required",),
    "products_forget": ("session_required",),
    "charges_get": ("charge_not_found",),
    "conversion_inventory_import": ("report_refused",),
    "conversion_seller_account_get": ("not_found",),
    "conversion_seller_account_connect": ("sync_not_offered",),
    "conversion_seller_account_disconnect": ("not_found",),
    "conversion_seller_account_sync": ("not_found", "sync_in_progress", "sync_not_offered"),
    "conversion_feedback": ("feedback_given", "not_to_be_judged"),
    "products_bulk": ("insufficient_credits", "max_credits_exceeded", "key_cap_reached"),
    "conversion_bulk": ("insufficient_credits", "max_credits_exceeded", "key_cap_reached"),
    "jobs_cancel": ("job_has_ended",),
    "jobs_retry_failed": ("job_still_runs", "nothing_to_retry", "insufficient_credits", "key_cap_reached"),
    "webhooks_create": ("too_many_webhooks",),
    "webhooks_test": ("webhook_disabled",),
    "webhooks_replay": ("webhook_disabled",),
    "credits_checkout_session": ("checkout_not_offered", "payments_unavailable"),
    "credits_checkout_session_status": ("payments_unavailable",),
    "credits_payment_methods": ("session_required", "checkout_not_offered", "payments_unavailable"),
    "credits_portal_session": ("session_required", "checkout_not_offered", "payments_unavailable"),
    "credits_auto_top_up_get": ("session_required",),
    "credits_auto_top_up_unset": ("session_required",),
    "credits_auto_top_up_set": (
        "session_required",
        "checkout_not_offered",
        "top_ups_not_offered",
        "no_saved_card",
        "unknown_card",
        "consent_missing",
        "payments_unavailable",
    ),
    "keys_create": ("key_escalation", "too_many_keys"),
    "keys_update": ("key_escalation", "key_has_ended"),
    "keys_reroll": ("key_escalation", "key_has_ended"),
}


def names_its_own(operation: Json) -> bool:
    """Say whether what is not found has a code of its own here."""
    return any(code.endswith("_not_found") for code in ALSO.get(operation["operationId"], ()))


def names(operation: Json, place: str) -> set[str]:
    """Return the names of an operation's parameters in this place."""
    return {told["name"] for told in operation.get("parameters", []) if told["in"] == place}


def codes_of(operation: Json) -> list[str]:
    """Return the codes a call can end in, in the order of the table of errors."""
    found = {code for holds, codes in CAN_FAIL if holds(operation) for code in codes}
    found |= set(ALSO.get(operation["operationId"], ()))
    return [code for code in STATUSES if code in found]


def failures(operation: Json, path: str, method: str, shared: Json) -> Json:
    """Return the problem responses of an operation by status; what they look like is put into `shared`."""
    by_status: dict[int, list[str]] = {}
    for code in codes_of(operation):
        by_status.setdefault(STATUSES[code], []).append(code)
    told = {}
    for status, codes in sorted(by_status.items()):
        name = f"{status}-{'-'.join(codes)}"
        shared.setdefault(name, response(status, codes))
        told[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return told


def response(status: int, codes: list[str]) -> Json:
    """Return a problem response that carries one of these codes."""
    members = {name: MEMBER_SCHEMAS[name] for name in members_of(codes) if name in MEMBER_SCHEMAS}
    described = {"status": {"const": status}, "code": {"enum": codes}, **members}
    return {
        "description": " ".join(f"`{code}`: {TITLES[code]}." for code in codes),
        "headers": failure_headers(status, can_wait=bool(set(codes) & set(RETRY_AFTER))),
        "content": {
            CONTENT_TYPE: {
                "schema": {
                    "allOf": [
                        {"$ref": "#/components/schemas/Problem"},
                        {"type": "object", "properties": described},
                    ]
                },
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def members_of(codes: Iterable[str]) -> list[str]:
    """Return the further members that problems of these codes may have."""
    found = {
        name: None
        for kind, names_of_kind in MEMBERS.items()
        if next(ERRORS[parent][1] for parent in kind.__mro__ if parent in ERRORS) in codes
        for name in names_of_kind
    }
    if "insufficient_credits" in codes:
        found["top_up_url"] = None
    if "validation_error" in codes:
        found["errors"] = None
    if set(codes) & set(RETRY_AFTER):
        found["retry_after"] = None
    return list(found)


def examples_of_problems() -> Json:
    """Return one problem of each code."""
    told = {problem.code: problem for problem in map(problem_of, HAPPENED)}
    return {
        code: {"summary": TITLES[code], "value": example(told.get(code) or plain(code))} for code in STATUSES
    }


def example(problem: Problem) -> Json:
    """Return the body of a problem as it would be at HERE."""
    body = dumps(body_of(problem, request_id=REQUEST, url=HERE)).decode()
    told: Json = json.loads(body.replace(settings.PUBLIC_URL, HERE))
    return told


def plain(code: str) -> Problem:
    """Return a problem that has nothing to say of its own."""
    return Problem(
        status=STATUSES[code],
        code=code,
        title=TITLES[code],
        detail=DETAILS.get(code, f"{TITLES[code]}."),
        members={"retry_after": RETRY_AFTER[code]} if code in RETRY_AFTER else {},
    )


def problem_schema() -> Json:
    """Return what every problem is."""
    return {
        "type": "object",
        "description": "Why a call failed (RFC 9457). A failed call costs nothing.",
        "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
        "properties": {
            "type": {**TEXT, "format": "uri", "description": "Where this code is explained."},
            "title": {**TEXT, "description": "The same for every problem of this code."},
            "status": {"type": "integer", "description": "The same as the status of the answer."},
            "detail": {**TEXT, "description": "What went wrong this time, for people."},
            "instance": {**TEXT, "format": "uri", "description": "This occurrence."},
            "code": {**TEXT, "description": "What went wrong, for programs."},
            "request_id": {**TEXT, "description": "The same as in the header Request-Id."},
        },
    }
