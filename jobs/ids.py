"""The ids of jobs as they are shown: `job_` and the 26 characters of a ULID of the same bits."""

from uuid import UUID

from api.ids import new_request_id, request_id_of, uuid_of

PREFIX = "job_"


def new() -> UUID:
    """Return the id of a new job; ids sort by age."""
    return uuid_of(new_request_id())


def shown(number: UUID) -> str:
    """Return the id as callers see it."""
    return PREFIX + request_id_of(number).removeprefix("req_")


def read(text: str) -> UUID:
    """Return the id of a job that a caller names. Raises ValueError for what never was one."""
    if not text.startswith(PREFIX):
        raise ValueError("The id of a job is 'job_' and 26 characters.")
    return uuid_of("req_" + text.removeprefix(PREFIX))
