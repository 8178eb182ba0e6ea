"""Identifiers in ULID form: 48 bits of time, 80 random bits, 26 characters that sort by age."""

import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to mistake
PAIRS = tuple(a + b for a in ALPHABET for b in ALPHABET)
DIGITS = frozenset(ALPHABET)
AS_PYTHON_READS = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")
ULID_LENGTH, LENGTH = 26, 30
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_ulid() -> str:
    """Return 26 characters that no one can guess and that sort by the millisecond they were made in."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join([PAIRS[number >> shift & 1023] for shift in range(120, -10, -10)])


def new_request_id() -> str:
    """Return a fresh id for one request, `req_` and a ULID."""
    return "req_" + new_ulid()


def charge_key(request: Any) -> str:
    """Return the ledger key of the one charge that a request may cause, however often it is attempted."""
    kept: str | None = getattr(request, "charge_id", None)  # set by api.idempotency
    return kept or charge_key_of(request.id)


def charge_key_of(request_id: str) -> str:
    """Return the ledger key that belongs to the id of a request."""
    return "chg_" + request_id.removeprefix("req_")


def number_of(request_id: str) -> int:
    """Return the 128 bits of a request id. Raises ValueError when it is none."""
    text = request_id.removeprefix("req_")
    if len(request_id) != LENGTH or len(text) != ULID_LENGTH or set(text) - DIGITS:
        raise ValueError("A request id is 'req_' and 26 characters.")
    number = int(text.translate(AS_PYTHON_READS), 32)
    if number >> 128:
        raise ValueError("A request id begins with 'req_0' to 'req_7'.")
    return number


def uuid_of(request_id: str) -> uuid.UUID:
    """Return a request id as a UUID of the same bits, so of the same order. Raises ValueError."""
    return uuid.UUID(int=number_of(request_id))


def request_id_of(number: uuid.UUID) -> str:
    """Return the request id that these bits stand for."""
    bits = number.int
    return "req_" + "".join([PAIRS[bits >> shift & 1023] for shift in range(120, -10, -10)])


def first_of(moment: datetime) -> uuid.UUID:
    """Return the least id that can be made at this moment, to the millisecond, or later."""
    milliseconds = -(-(moment - EPOCH) // timedelta(milliseconds=1))  # rounded up
    return uuid.UUID(int=max(milliseconds, 0) << 80)
