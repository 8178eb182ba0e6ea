"""The headers of calls and answers, as the API's description has them."""

from typing import Any

Json = dict[str, Any]
A_KEY = r"^[!#-+\--~]+$"  # visible ASCII without quotes and commas
LOOKUPS = frozenset({"products_get", "products_lookup"})  # by operation id
CONVERSIONS = frozenset({"conversion_convert", "conversion_get"})
BILLABLE = LOOKUPS | CONVERSIONS


def header(description: str, example: Any, *, required: bool = False, kind: str = "string") -> Json:
    """Return one header."""
    told = {"description": description, "schema": {"type": kind}, "example": example}
    return told | {"required": True} if required else told


HEADERS = {
    "Request-Id": header(
        "The name of this request, also in the log.", "req_01M7WFKV43SJVE1JF5CSSDCCV6", required=True
    ),
    "RateLimit-Policy": header(
        "The limits that hold: q calls in w seconds.", '"key";q=1200;w=60, "user";q=2400;w=60'
    ),
    "RateLimit": header(
        "What is left: r calls until t seconds from now.", '"key";r=1199;t=42, "user";r=2399;t=42'
    ),
    "X-RateLimit-Limit": header("The limit that is nearest: calls.", 1200, kind="integer"),
    "X-RateLimit-Remaining": header("Calls left of it.", 1199, kind="integer"),
    "X-RateLimit-Reset": header(
        "When it is full again, in seconds since 1970 (UTC).", 1795435200, kind="integer"
    ),
    "Retry-After": header("Seconds after which it makes sense to try again.", 30, kind="integer"),
    "WWW-Authenticate": header("How to authenticate.", 'Bearer realm="pallet"', required=True),
    "X-Credits-Charged": header("Credits taken for this answer.", 1, kind="integer"),
    "X-Credits-Remaining": header("Credits left to spend.", 9, kind="integer"),
    "X-Charge-Id": header(
        "The entry in the ledger, where something was taken.", "chg_01M7WFKV43SJVE1JF5CSSDCCV6"
    ),
    "Age": header("Seconds since an upstream said it.", 12, kind="integer"),
    "ETag": header("The version of this answer, for If-None-Match.", '"8c1f0a3b5d7e9f21"'),
    "Idempotent-Replayed": header("true when this is the stored answer of an earlier request.", "true"),
}
RATE = ("RateLimit-Policy", "RateLimit", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
COST = ("X-Credits-Charged", "X-Credits-Remaining", "X-Charge-Id")
KEPT = ("Age", "ETag")


def references(*names: str) -> Json:
    """Return these headers as references to where they are described."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def response_headers(operation: Json, status: str) -> Json:
    """Return the headers of a success."""
    names = ["Request-Id", *RATE]
    if operation["operationId"] in BILLABLE:
        names += COST
    if operation["operationId"] in LOOKUPS:
        names += KEPT
    if "requestBody" in operation:
        names += ["Idempotent-Replayed"]
    return references(*names)


def failure_headers(status: int, *, can_wait: bool) -> Json:
    """Return the headers of a problem."""
    names = ["Request-Id", *RATE]
    if status == 401:
        names += ["WWW-Authenticate"]
    if can_wait:
        names += ["Retry-After"]
    return references(*names)


def request_headers(operation: Json, method: str) -> list[Json]:
    """Return the headers that a call may carry besides its credential."""
    if method == "post":
        return [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "A text of your own. The same key with the same body is done once: "
                "sent again, it gets the stored answer and is not charged again.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": A_KEY},
                "example": "order-4711",
            }
        ]
    if method == "get" and operation["operationId"] in BILLABLE:
        return [
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "description": "The ETag of an answer you have. While it holds, the answer is 304 and free.",
                "schema": {"type": "string"},
                "example": '"8c1f0a3b5d7e9f21"',
            }
        ]
    return []
