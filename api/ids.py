"""Identifiers in ULID form: 48 bits of time, 80 random bits, 26 characters that sort by age."""

import re
import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to mistake
PAIRS = tuple(a + b for a in ALPHABET for b in ALPHABET)
A_REQUEST_ID = re.compile(f"req_[0-7][{ALPHABET}]{{25}}")
AS_PYTHON_READS = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_number() -> int:
    """Return 128 bits that no one can guess and that sort by the millisecond they were made in."""
    return (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)


def new_ulid() -> str:
    """Return the same as 26 characters."""
    number = new_number()
    return "".join([PAIRS[number >> shift & 1023] for shift in range(120, -10, -10)])


def new_uuid() -> uuid.UUID:
    """Return a fresh id as a UUID, of the order in which they are made."""
    return uuid.UUID(int=new_number())


def shown(prefix: str, number: uuid.UUID) -> str:
    """Return an id as callers see it: what it is of, and a ULID of the same bits."""
    return prefix + request_id_of(number).removeprefix("req_")


def read(prefix: str, text: str) -> uuid.UUID:
    """Return the id that somebody names. Raises ValueError for what never was one of this kind."""
    if not text.startswith(prefix):
        raise ValueError(f"This id is '{prefix}' and 26 characters.")
    return uuid_of("req_" + text.removeprefix(prefix))


def new_request_id() -> str:
    """Return a fresh id for one request, `req_` and a ULID."""
    return "req_" + new_ulid()


def charge_key(request: Any) -> str:
    """Return the ledger key of the one charge that a request may cause, however often it is attempted."""
    kept: str | None = getattr(request, "charge_id", None)  # set by api.idempotency
    return kept or charge_key_of(request.id)


def is_again(request: Any) -> bool:
    """Return whether the call was tried before under that key: whoever tried may have been charged."""
    attempt = getattr(request, "attempt", None)  # set by api.idempotency
    return attempt is not None and not attempt.is_first


def charge_key_of(request_id: str) -> str:
    """Return the ledger key that belongs to the id of a request."""
    return "chg_" + request_id.removeprefix("req_")


def number_of(request_id: str) -> int:
    """Return the 128 bits of a request id that we made."""
    return int(request_id[4:].translate(AS_PYTHON_READS), 32)


def uuid_of(request_id: str) -> uuid.UUID:
    """Return a request id as a UUID of the same bits, so of the same order. Raises ValueError."""
    if not A_REQUEST_ID.fullmatch(request_id):
        raise ValueError("A request id is 'req_' and 26 characters.")
    return uuid.UUID(int=number_of(request_id))


def request_id_of(number: uuid.UUID) -> str:
    """Return the request id that these bits stand for."""
    bits = number.int
    return "req_" + "".join([PAIRS[bits >> shift & 1023] for shift in range(120, -10, -10)])


def first_of(moment: datetime) -> uuid.UUID:
    """Return the least id that can be made at this moment, to the millisecond, or later."""
    milliseconds = -(-(moment - EPOCH) // timedelta(milliseconds=1))  # rounded up
    return uuid.UUID(int=max(milliseconds, 0) << 80)


def moment_of(number: uuid.UUID) -> datetime:
    """Return when the id was made, to the millisecond."""
    return EPOCH + timedelta(milliseconds=number.int >> 80)
