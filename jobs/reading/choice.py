"""Choose the columns of a table: the one with the codes, and the one with the customer's references. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from jobs.reading.given import InputRefused, cleaned
from providers import headers
from providers.columns import WANTED, Verdict, code_column, recognise_column
from providers.headers import words
from providers.kinds import Flaw, Kind, shown
from providers.recognition import recognise

CELLS = 20_000  # at most, that are looked at to find the column
MOST_TOLD = 12  # columns named in a message
# What people call their own reference for a row, the most telling first.
REFERENCES = (
    *("ref", "your ref", "your reference", "customer reference", "client reference", "external id"),
    *("reference", "row id", "rowid", "id", "order id", "order number", "order no"),
    *("sku", "seller sku", "merchant sku", "msku"),
)
_ANY = (*WANTED, *(kind for kind in Kind if kind not in (*WANTED, Kind.ISBN10, Kind.UNKNOWN)))
_DAMAGED = (Flaw.LOST_ZERO, Flaw.ROUNDED, Flaw.CHECK_DIGIT, Flaw.PREFIX)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where the codes and the references stand, from 0; `ref` is None where there are none."""

    code: int
    ref: int | None
    has_header: bool
    names: Sequence[str]  # of all columns, "column 3" where there is no header
    warnings: list[str] = field(default_factory=list)

    @property
    def column(self) -> str:
        """What a person calls the column with the codes."""
        return self.names[self.code]

    @property
    def ref_column(self) -> str:
        """What a person calls the column with the references, "" for none."""
        return "" if self.ref is None else self.names[self.ref]


def choose(rows: Sequence[Sequence[str]], *, column: str = "", ref_column: str = "") -> Chosen:
    """Choose by the first rows of a table, or as told: a header in any case, a number or a letter.

    Raises InputRefused for a column that does not exist, and where none seems to hold codes.
    """
    has_header = is_header(rows[0]) or any(
        _called(rows[0], name) is not None for name in (column, ref_column)
    )
    header = rows[0] if has_header else ()
    width = max(map(len, rows))
    names = [_name(header, place) for place in range(width)]
    below = rows[1:] if has_header else rows
    warnings: list[str] = []
    code = _place(names, header, column) if column else _found(below, header, names, warnings)
    ref = _place(names, header, ref_column) if ref_column else _reference(header, code)
    return Chosen(code, ref, has_header, names, warnings)


def is_header(cells: Sequence[str]) -> bool:
    """Say whether a row names the columns: it holds nothing that looks like a value, and is called something.

    What is taken for a header is no row, so in doubt it is none.
    """
    filled = [cell for cell in cells if cell.strip()]
    return not any(map(_is_value, filled)) and (len(filled) > 1 or any(map(_is_name, filled)))


def _is_name(cell: str) -> bool:
    known = headers.names(cell) is not None or headers.is_general(cell) or words(cell) in REFERENCES
    return known and len(cell) <= 40


def _is_value(cell: str) -> bool:
    """Say whether a cell is a number, or one word with a digit that is no known name of a column."""
    found = recognise(cell)
    if found.kind is not Kind.UNKNOWN or found.flaw in _DAMAGED or "://" in cell:
        return True
    word = cell.strip()
    if not any(map(str.isdigit, word)):
        return False
    is_number = not any(map(str.isalpha, word))
    is_long = len(word) >= 6 and len(word.split()) == 1 and headers.names(word) is None
    return is_number or is_long


def _name(header: Sequence[str], place: int) -> str:
    named = cleaned(header[place].strip(), 100) if place < len(header) else ""
    return named or f"column {place + 1}"


def _called(header: Sequence[str], name: str) -> int | None:
    """Return the first column with this header, in any case; else the first with these words."""
    wanted = name.strip().casefold()
    exact = [cell.strip().casefold() for cell in header]
    if not wanted:
        return None
    if wanted in exact:
        return exact.index(wanted)
    plain = [words(cell) for cell in header]
    return plain.index(words(name)) if words(name) and words(name) in plain else None


def _place(names: Sequence[str], header: Sequence[str], name: str) -> int:
    """Return the column that a person means. Raises InputRefused with those that there are."""
    found = _called(header, name)
    if found is None:
        found = _counted(name.strip())
    if found is None or not 0 <= found < len(names):
        why = f"There is no column {shown(name.strip())!r}. The table has: {_told(names)}"
        raise InputRefused("column", f"{why}. Name one of these, or give its number or letter.")
    return found


def _counted(name: str) -> int | None:
    """Return the place that a number or a letter means: 3 and C are 2, counted from 0."""
    if name.isascii() and name.isdigit() and len(name) < 6:
        return int(name) - 1
    if name.isascii() and name.isalpha() and len(name) <= 3:
        place = 0
        for letter in name.upper():
            place = place * 26 + ord(letter) - ord("A") + 1
        return place - 1
    return None


def _told(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
    return ", ".join(map(shown, names[:MOST_TOLD])) + more


def _found(
    rows: Sequence[Sequence[str]], header: Sequence[str], names: Sequence[str], warnings: list[str]
) -> int:
    """Return the column that seems to hold the codes; say so where others hold codes, too."""
    verdicts = list(_verdicts(rows, header, len(names)))
    found = _best(verdicts) if len(names) > 1 else 0
    if found is None:
        why = f"No column seems to hold codes. The table has: {_told(names)}"
        raise InputRefused("column", f"{why}. Say in `column` which one to read.")
    others = [n for n, v in zip(names, verdicts, strict=True) if v.kind in WANTED and n != names[found]]
    if others:
        warnings.append(f"{shown(names[found])} was read; {_told(others)} seems to hold codes, too.")
    return found


def _verdicts(rows: Sequence[Sequence[str]], header: Sequence[str], width: int) -> Iterator[Verdict]:
    sample = rows[: max(1, CELLS // width)]
    for place in range(width):
        values = (row[place] for row in sample if place < len(row))
        yield recognise_column(values, header=header[place] if place < len(header) else None)


def _best(verdicts: Sequence[Verdict]) -> int | None:
    """Return the column with the codes by values and header, else by what it is called, else by its flaws."""
    found = code_column(verdicts)
    if found is None:
        found = code_column(verdicts, _ANY)
    named = [place for place, verdict in enumerate(verdicts) if headers.names(verdict.header)]
    general = [place for place, verdict in enumerate(verdicts) if headers.is_general(verdict.header)]
    damaged = [place for place, verdict in enumerate(verdicts) if _is_damaged(verdict)]
    return next(iter([*([] if found is None else [found]), *named, *damaged, *general]), None)


def _is_damaged(verdict: Verdict) -> bool:
    flaws = sum(verdict.flaws.get(flaw, 0) for flaw in _DAMAGED)
    return flaws * 2 > verdict.count


def _reference(header: Sequence[str], code: int) -> int | None:
    """Return the column with the customer's own references, by its header."""
    plain = ["" if place == code else words(name) for place, name in enumerate(header)]
    return next((plain.index(name) for name in REFERENCES if name in plain), None)
