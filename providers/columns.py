"""What a whole column holds, and which of several columns holds the codes. Pure.

A column is read value by value and only counted, so that memory does not grow with its length.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers import headers
from providers.kinds import Flaw, Kind, Recognised
from providers.recognition import recognise

PREVAILS = 0.5  # of the values; what is rarer does not make the column
ENOUGH = 0.35  # the score below which a column is not taken for the one with the codes
# What a conversion is made from, the most telling first.
WANTED = (Kind.FNSKU, Kind.ASIN, Kind.GTIN)
_CALLED = {
    Kind.ASIN: "ASINs",
    Kind.FNSKU: "FNSKUs",
    Kind.GTIN: "barcodes (UPC, EAN, GTIN)",
    Kind.LPN: "LPN return stickers",
    Kind.TRANSPARENCY: "Transparency codes",
    Kind.SHIPMENT: "shipment numbers",
}
# What to say of flaws that a whole column can be cured of.
_CURES = {
    Flaw.LOST_ZERO: "lost a leading zero: format the column as text",
    Flaw.ROUNDED: "lost digits to a spreadsheet (6.19E+11): format the column as text and paste anew",
    Flaw.CHECK_DIGIT: "with a last digit that does not fit the others: scan them again",
    Flaw.PREFIX: "with another start than the X00 of FNSKUs: read the labels again",
    Flaw.CHARACTER: "with characters that occur in no code",
    Flaw.SEVERAL: "with several codes in one: give each a row",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a column holds. `count` leaves empty values out, and the shares are of it.

    `kind` is what most values are (an ISBN-10 counts as the ASIN it is), None where nothing prevails.
    """

    header: str | None
    count: int
    empty: int
    kinds: Mapping[Kind, int]
    flaws: Mapping[Flaw, int]
    kind: Kind | None
    warnings: tuple[str, ...]

    def share(self, kind: Kind) -> float:
        """Return which part of the values is of this kind, 0 to 1."""
        found = self.kinds.get(kind, 0) + (self.kinds.get(Kind.ISBN10, 0) if kind is Kind.ASIN else 0)
        return found / self.count if self.count else 0.0


class Column:
    """A column that is being read."""

    def __init__(self, header: str | None = None) -> None:
        """Begin with nothing read; the header is what stands above the values, if anything does."""
        self.header = header
        self._kinds: Counter[Kind] = Counter()
        self._flaws: Counter[Flaw] = Counter()

    def read(self, values: Iterable[str]) -> Iterator[Recognised]:
        """Yield what each value is, and count it."""
        yield from map(self.add, values)

    def add(self, value: str) -> Recognised:
        """Return what one value is, and count it."""
        found = recognise(value)
        if found.flaw:
            self._flaws[found.flaw] += 1
        if found.flaw is not Flaw.EMPTY:
            self._kinds[found.kind] += 1
        return found

    @property
    def verdict(self) -> Verdict:
        """What the values read so far make of the column."""
        count = self._kinds.total()
        kind = _prevailing(self._kinds, count)
        flaws: dict[Flaw, int] = {flaw: seen for flaw, seen in self._flaws.items() if flaw is not Flaw.EMPTY}
        warnings = (
            *_contradicted(self.header, kind),
            *_cures(flaws, count),
            *_strays(self._kinds, kind, count),
        )
        return Verdict(self.header, count, self._flaws[Flaw.EMPTY], dict(self._kinds), flaws, kind, warnings)


def recognise_column(values: Iterable[str], *, header: str | None = None) -> Verdict:
    """Read a whole column and return what it holds; what each value is, `Column.read` yields."""
    column = Column(header)
    for value in values:
        column.add(value)
    return column.verdict


def score(verdict: Verdict, wanted: Sequence[Kind] = WANTED) -> float:
    """Say from 0 to 1 how likely a column is the one with the codes: 0.7 by its values, 0.3 by its header.

    What is less wanted counts a tenth less for each place in `wanted`.
    """
    weights = {kind: 1 - place / 10 for place, kind in enumerate(wanted)}
    values = max((weight * verdict.share(kind) for kind, weight in weights.items()), default=0.0)
    named = headers.names(verdict.header)
    general = 0.5 if named is None and headers.is_general(verdict.header) else 0.0
    return 0.7 * values + 0.3 * (weights.get(named, 0.0) if named else general)


def code_column(verdicts: Sequence[Verdict], wanted: Sequence[Kind] = WANTED) -> int | None:
    """Return the place of the column that holds the codes, the first of equals, None if none seems to."""
    scores = [score(verdict, wanted) for verdict in verdicts]
    best = max(scores, default=0.0)
    return scores.index(best) if best >= ENOUGH else None


def _prevailing(kinds: Mapping[Kind, int], count: int) -> Kind | None:
    known = Counter({kind: seen for kind, seen in kinds.items() if kind is not Kind.UNKNOWN})
    known[Kind.ASIN] += known.pop(Kind.ISBN10, 0)
    kind, seen = known.most_common(1)[0]
    return kind if count and seen >= PREVAILS * count else None


def _contradicted(header: str | None, kind: Kind | None) -> Iterator[str]:
    named = headers.names(header)
    books = {named, kind} == {Kind.ASIN, Kind.GTIN}  # an ISBN is both
    if named and kind and named is not kind and not books:
        yield f"The header names {_CALLED[named]}, but most values are {_CALLED[kind]}."


def _cures(flaws: Mapping[Flaw, int], count: int) -> Iterator[str]:
    yield from (f"{flaws[flaw]} of {count} {cure}." for flaw, cure in _CURES.items() if flaws.get(flaw))


def _strays(kinds: Mapping[Kind, int], kind: Kind | None, count: int) -> Iterator[str]:
    """Tell of labels that name no product, where the column is not all of them."""
    for other in (Kind.LPN, Kind.SHIPMENT):
        if other is not kind and kinds.get(other):
            yield f"{kinds[other]} of {count}: {_CALLED[other]}, which name no product."
