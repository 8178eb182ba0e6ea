"""The ids of conversions as they are shown: `cnv_` and the 26 characters of a ULID of the same bits."""

from uuid import UUID

from api.ids import request_id_of, uuid_of

PREFIX = "cnv_"


def shown(number: UUID) -> str:
    """Return the id as callers see it."""
    return PREFIX + request_id_of(number).removeprefix("req_")


def read(text: str) -> UUID:
    """Return the id of a conversion that a caller names. Raises ValueError for what never was one."""
    if not text.startswith(PREFIX):
        raise ValueError("The id of a conversion is 'cnv_' and 26 characters.")
    return uuid_of("req_" + text.removeprefix(PREFIX))
