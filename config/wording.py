"""What is said to people about each failure. The codes are for programs, these words are not."""

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.http import Http404
from django.http.request import UnreadablePostError
from rest_framework import exceptions as drf

# One for each code, always the same (RFC 9457, 3.1.3).
TITLES: dict[str, str] = {
    "malformed_request": "The request cannot be read",
    "unknown_host": "This host name is not served here",
    "invalid_cursor": "The cursor is not one of this list",
    "idempotency_key_missing": "The Idempotency-Key is missing",
    "invalid_idempotency_key": "The Idempotency-Key is not valid",
    "idempotency_in_progress": "The first call with this key is under way",
    "idempotency_mismatch": "The Idempotency-Key stands for another call",
    "authentication_required": "Credentials are missing",
    "invalid_credentials": "The credentials are not valid",
    "invalid_token": "The token is not valid",
    "token_reused": "The refresh token was used before",
    "invalid_key": "The API key is not valid",
    "key_expired": "The API key has expired",
    "key_revoked": "The API key has been revoked",
    "ip_not_allowed": "The API key may not be used from this address",
    "scope_missing": "The API key may not be used for this",
    "key_escalation": "The API key cannot make one that may do more than itself",
    "key_has_ended": "The API key has ended",
    "too_many_keys": "There are too many API keys",
    "session_required": "This needs a session",
    "invalid_verification": "The verification token is not valid",
    "invalid_email": "The e-mail address is not valid",
    "permission_denied": "The credentials do not allow this",
    "not_found": "There is no such thing",
    "method_not_allowed": "The method is not allowed here",
    "not_acceptable": "The answer is not available in this form",
    "payload_too_large": "The request is too large",
    "unsupported_media_type": "The body is in a form that is not read here",
    "validation_error": "The request is not valid",
    "rate_limited": "Too many requests",
    "insufficient_credits": "There are not enough credits",
    "key_cap_reached": "The key has reached its spending cap",
    "charge_not_found": "There is no such charge",
    "conflict": "This collides with what was done before",
    "product_not_found": "There is no such product",
    "no_match": "Nobody knows what this code means",
    "not_sure_enough": "No answer is as sure as was asked for",
    "feedback_given": "The conversion has its feedback",
    "not_to_be_judged": "The conversion names no ASIN",
    "cache_miss": "No answer is kept that would do",
    "max_credits_exceeded": "The call may cost more than was allowed",
    "marketplace_not_served": "No upstream serves this marketplace",
    "report_refused": "The file is no report that can be read",
    "sync_in_progress": "The stock is being fetched already",
    "sync_not_offered": "Stock cannot be fetched from Amazon here",
    "job_has_ended": "The job has ended",
    "job_still_runs": "The job has not ended yet",
    "nothing_to_retry": "No row is worth another try",
    "too_many_webhooks": "There are too many webhooks",
    "webhook_disabled": "The webhook is disabled",
    "signature_refused": "The signature is not valid for this body",
    "checkout_not_offered": "Nothing can be bought here",
    "top_ups_not_offered": "There are no automatic top-ups here",
    "no_saved_card": "No card is saved",
    "unknown_card": "The card is none of the account's",
    "consent_missing": "The card's owner has not agreed to this",
    "payments_unavailable": "The payment service does not answer",
    "upstream_unavailable": "No upstream can answer for the moment",
    "internal_error": "Something went wrong on our side",
    "service_unavailable": "The service is not available for a moment",
}

# Where the text of the exception is for us and not for the caller, this is said instead.
DETAILS: dict[str, str] = {
    "unknown_host": "Call this service by the name it is known under.",
    "authentication_required": "Send 'Authorization: Bearer …' with a token or a key, or 'X-API-Key: …'.",
    "permission_denied": "The credentials are good, but not for this.",
    "upstream_unavailable": "Nobody who could know this answers now. This costs nothing; try again later.",
    "internal_error": "The failure has been logged under the request id. This answer costs nothing.",
    "service_unavailable": "A part of the service does not answer. This costs nothing; try again shortly.",
}

# What a framework's own exception says is replaced as well: its text is for developers.
OWN_WORDS: dict[type[BaseException], str] = {
    SuspiciousOperation: "The request was refused because its form is unusual.",
    BadRequest: "The request cannot be read.",
    UnreadablePostError: "The body ended before it was complete.",
    drf.NotAcceptable: "Answers are JSON: accept application/json.",
    drf.UnsupportedMediaType: "Send JSON, with the header 'Content-Type: application/json'.",
    Http404: "There is nothing at this address.",
    RequestDataTooBig: "The body is larger than this address takes.",
    TooManyFieldsSent: "The form has more fields than are read here.",
}
