"""Logs: one JSON object on one line, with the id of the request, and never a secret.

Settings name `api.logging.formatter` in LOGGING; importing this module sets structlog up as well.
"""

import logging
import re
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
SECRET_NAMES = re.compile(
    r"pass(word|wd|phrase)|secret|authori[sz]ation|cookie|credential|signature|private|api[-_]?key|access[-_]?key"
    r"|(access|refresh|session|csrf|auth|id)[-_]?token|^(token|jwt|otp|pin|plaintext|sessionid|x-amz-access-token)$",
    re.IGNORECASE,
)
OUR_OWN = frozenset({"at", "level", "logger", "request_id", "route", "user"})  # made by us
# Each pattern hides its group "secret": the second line of defence, behind the name of the value.
SECRET_SHAPES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:bearer|basic|token)\s+(?P<secret>[\w.~+/=-]{8,})",  # Authorization
        r"(?P<secret>eyJ[\w-]{5,}\.[\w-]+\.[\w-]*)",  # JWT
        r"(?P<secret>\b(?:sk|pk|rk|whsec|plt|pal|pallet)_[A-Za-z0-9_]{8,})",  # Stripe's keys and ours
        r"(?P<secret>\bAtz[ar]\|[\w|-]+)",  # Login with Amazon
        r"(?P<secret>\bamzn1\.oa2-cs\.v1\.\w+)",
        r"(?:[?&;]|\b)(?:key|api[-_]?key|access[-_]?key|token|access_token|refresh_token|client_secret|secret"
        r"|signature|password|passwd|pwd|code)=(?P<secret>[^&\s'\"<>;]+)",  # addresses, such as Keepa's ?key=
        r"\b(?:x-api-key|api-key|x-amz-access-token|set-cookie|cookie|password)['\"]?\s*[:=]\s*['\"]?(?P<secret>[^\s'\",}]+)",
        r"://[^/\s:@]*:(?P<secret>[^@/\s]+)@",  # user:password@host
    )
)


def redact(_logger: WrappedLogger | None, _method: str, event: EventDict) -> EventDict:
    """Hide secrets by the name they are logged under and by their looks, however deep they lie."""
    return {name: value if name in OUR_OWN else clean(value, name) for name, value in event.items()}


def clean(value: Any, name: str = "") -> Any:
    """Return a value without secrets."""
    if name and value is not None and is_secret(name):
        return HIDDEN
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {str(key): clean(child, str(key)) for key, child in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(child) for child in value]
    if value is None or isinstance(value, int | float):
        return value
    return clean_text(str(value))


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Say whether what goes by this name is not for a log."""
    return SECRET_NAMES.search(name) is not None


def clean_text(text: str) -> str:
    """Return a text with everything hidden that looks like a secret."""
    for shape in SECRET_SHAPES:
        text = shape.sub(hide, text)
    return text


def hide(match: re.Match[str]) -> str:
    """Return what was matched with its secret replaced."""
    start, end = match.start(), match.end()
    first, last = match.span("secret")
    whole = match.string
    return f"{whole[start:first]}{HIDDEN}{whole[last:end]}"


def to_json(event: Any, **_: Any) -> str:
    """Return one line of JSON; what JSON does not know becomes text."""
    return orjson.dumps(event, default=str, option=orjson.OPT_UTC_Z).decode()


current_request_id: ContextVar[str] = ContextVar("current_request_id")  # of the request under way


def add_request_id(_logger: WrappedLogger | None, _method: str, event: EventDict) -> EventDict:
    """Say which request a line belongs to, if it belongs to one."""
    if request_id := current_request_id.get(""):
        event.setdefault("request_id", request_id)
    return event


SHARED: list[Processor] = [
    add_request_id,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    structlog.stdlib.PositionalArgumentsFormatter(),
]


def formatter() -> logging.Formatter:
    """Return the formatter for all log records, ours and those of libraries. Named in LOGGING."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(serializer=to_json),
        ],
    )


def line(event: str, logger: str, fields: Mapping[str, object]) -> str:
    """Return one line in the form of all others, for what is written with every request.

    Straight to JSON: what structlog does for it would cost as much as the rest of a request. Whoever calls
    this sees to it that no field can hold a secret.
    """
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return to_json({**fields, "event": event, "level": "info", "logger": logger, "at": at})


def bare_formatter() -> logging.Formatter:
    """Return the formatter for records that are a line already. Named in LOGGING."""
    return logging.Formatter("%(message)s")


# What no line of ours says need not be found out for each (Python's logging HOWTO, "Optimization").
logging._srcfile = None
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *SHARED,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
