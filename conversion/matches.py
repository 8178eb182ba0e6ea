"""What an upstream says of a code, as claims; and how claims are kept for the next who asks."""

from collections.abc import Iterable, Iterator, Sequence

import structlog
from django.db import DatabaseError

from accounts.models import User
from api.connections import give_back_connection
from conversion.models import CONDITION_LENGTH, Mapping
from conversion.sources import Heard
from providers.base import Match, Source
from providers.identifiers import InvalidASIN
from providers.identifiers import asin as read_asin

log = structlog.stdlib.get_logger("pallet.conversion")


def keep(matches: Iterable[Match], marketplace: str, *, owner: User | None) -> None:
    """Keep them, in one statement; an answer that cannot be kept is good all the same."""
    rows = {
        (row.code, row.source, row.asin): row for match in matches for row in _rows(match, marketplace, owner)
    }
    if not rows:
        return
    try:
        Mapping.objects.bulk_create(
            [rows[key] for key in sorted(rows)],  # in one order, so that nobody waits in a circle
            update_conflicts=True,
            unique_fields=["code", "source", "asin", "owner", "inventory"],
            update_fields=["observed_at", "marketplace", "title", "condition"],
        )
    except DatabaseError:
        log.exception("claims could not be kept", codes=sorted({code for code, *_ in rows})[:10])
    finally:
        give_back_connection()


def _rows(match: Match, marketplace: str, owner: User | None) -> Iterator[Mapping]:
    for heard in claims_of(match):
        yield Mapping(
            code=match.code,
            asin=heard.asin,
            source=heard.source,
            owner=owner,
            marketplace=marketplace,
            title=heard.title.replace("\0", ""),
            condition=heard.condition.replace("\0", "")[:CONDITION_LENGTH],
            observed_at=heard.observed_at,
        )


def match_of(code: str, heard: Sequence[Heard]) -> Match:
    """Return the last of the matches of which these are the claims."""
    last = max(heard, key=lambda one: one.observed_at)
    asins = [one.asin for one in heard if (one.source, one.observed_at) == (last.source, last.observed_at)]
    source = Source(last.source, last.observed_at)
    return Match(code=code, asins=tuple(asins), source=source, title=last.title, condition=last.condition)


def claims_of(match: Match | None) -> list[Heard]:
    """Return who names which ASIN; what is none is not believed."""
    if match is None:
        return []
    title, condition = match.title or "", match.condition or ""
    said = (match.source.provider, match.source.fetched_at)
    return [
        Heard(said[0], asin, said[1], title=title, condition=condition)
        for asin in match.asins
        if _is_asin(asin)
    ]


def _is_asin(text: str) -> bool:
    try:
        return read_asin(text) == text
    except InvalidASIN:
        return False
