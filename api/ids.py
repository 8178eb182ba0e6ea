"""Identifiers in ULID form: 48 bits of time, 80 random bits, 26 characters that sort by age."""

import secrets
import time
from typing import Any

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to mistake
PAIRS = tuple(a + b for a in ALPHABET for b in ALPHABET)


def new_ulid() -> str:
    """Return 26 characters that no one can guess and that sort by the millisecond they were made in."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join([PAIRS[number >> shift & 1023] for shift in range(120, -10, -10)])


def new_request_id() -> str:
    """Return a fresh id for one request, `req_` and a ULID."""
    return "req_" + new_ulid()


def charge_key(request: Any) -> str:
    """Return the ledger key of the one charge that a request may cause."""
    request_id: str = request.id
    return "chg_" + request_id.removeprefix("req_")
