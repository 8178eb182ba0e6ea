"""The ids of endpoints, events and deliveries as they are shown: a prefix, and a ULID of the same bits."""

from uuid import UUID

from api.ids import new_request_id, request_id_of, uuid_of

ENDPOINT = "whe_"
EVENT = "evt_"
DELIVERY = "whd_"


def new() -> UUID:
    """Return a fresh id, which no one can guess and which sorts by the time it was made."""
    return uuid_of(new_request_id())


def shown(prefix: str, number: UUID) -> str:
    """Return an id as callers and receivers see it."""
    return prefix + request_id_of(number).removeprefix("req_")


def read(prefix: str, text: str) -> UUID:
    """Return the id that somebody names. Raises ValueError for what never was one of this kind."""
    if not text.startswith(prefix):
        raise ValueError(f"This id is '{prefix}' and 26 characters.")
    return uuid_of("req_" + text.removeprefix(prefix))
