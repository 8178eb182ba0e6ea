"""Which products carry an EAN, UPC or GTIN, asked of the catalogue."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from providers.base import Match, Source
from providers.batches import Answered
from providers.errors import left_out
from providers.marketplaces import Marketplace
from providers.spapi import catalog, parse
from providers.spapi.session import NAME, Session

TYPES = {8: "EAN", 12: "UPC", 13: "EAN", 14: "GTIN"}  # by the number of digits; an ISBN-13 is an EAN
INCLUDED = "identifiers,summaries"


def by_type(codes: Sequence[str]) -> Mapping[str, list[str]]:
    """Return the codes by the name of their type, in their order."""
    found: dict[str, list[str]] = defaultdict(list)
    for code in codes:
        found[TYPES.get(len(code), "GTIN")].append(code)
    return found


def resolve(
    session: Session, codes: Sequence[str], place: Marketplace, *, kind: str
) -> Answered[Match | None]:
    """Return the match of up to 20 codes of one type, and why some are missing, if some are.

    One code may lead to several products. Two codes are the same if they are, padded to 14 digits.
    """
    answer = catalog.search(session, codes, kind=kind, place=place, included=INCLUDED)
    source = Source(NAME, datetime.now(UTC))
    carried = [(parse.asin(item), item, parse.codes(item, place)) for item in answer.items]
    found: dict[str, Match | None] = {}
    for code in codes:
        hits = {asin: item for asin, item, known in carried if asin and code.zfill(14) in known}
        if hits:
            title = parse.title(next(iter(hits.values())), place)
            found[code] = Match(code=code, asins=tuple(hits), source=source, title=title)
        elif answer.is_complete:
            found[code] = None
    return found, None if answer.is_complete else left_out("code")
