"""Read lists: what came as JSON, and what somebody pasted on one line. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence

from jobs.reading.given import MOST_GIVEN, MOST_REF, InputRefused, Line, Parsed, cleaned, too_many
from providers.kinds import shown
from providers.recognition import recognise

CODES = ("code", "asin", "fnsku", "identifier")
REF = "ref"
_TYPES = {bool: "true or false", int: "a number", float: "a number", list: "a list", type(None): "null"}


def read_list(items: Sequence[object], *, most_rows: int) -> Parsed:
    """Read codes, or objects with a code and a `ref`, as JSON gives them. Raises InputRefused at once.

    A code is given as `code`, `asin`, `fnsku` or `identifier`. Every item is a row, even an empty text.
    """
    if isinstance(items, str | bytes) or not isinstance(items, Sequence):
        raise InputRefused("items", 'This is no list: send codes as ["X0012ABCDE", "B07ZPKCJ6X"].')
    if not items:
        raise InputRefused("items", "The list is empty: send at least one code.")
    if len(items) > most_rows:
        raise too_many("items", most_rows)
    lines = [_line(number, item) for number, item in enumerate(items, start=1)]
    return Parsed(iter(lines), "json")


def on_one_line(text: str) -> list[str]:
    """Return the codes of a single line that holds several, none where it is something else.

    They are separated by commas, semicolons, bars or tabs, else by spaces; most have to be codes, so that a
    row of a table is none.
    """
    parts = [part.strip() for part in re.split(r"[,;|\t]+", text)]
    codes = [part for part in parts if part]
    if len(codes) == 1:
        codes = [] if recognise(codes[0]).is_usable else codes[0].split()
    found = sum(recognise(code).is_usable for code in codes)
    return codes if len(codes) > 1 and found * 2 > len(codes) else []


def lines_of(codes: Sequence[str]) -> Iterator[Line]:
    """Yield codes as rows, numbered by their places."""
    return (Line(number, cleaned(code), "") for number, code in enumerate(codes, start=1))


def _line(number: int, item: object) -> Line:
    if isinstance(item, str):
        return Line(number, cleaned(item), "")
    if not isinstance(item, Mapping):
        raise _refused(number, f"is {_called(item)}: send a code as text, in quotation marks")
    unknown = next((str(key) for key in item if key not in (*CODES, REF)), None)
    if unknown is not None:
        raise _refused(
            number, f"has {shown(unknown)!r}, which is unknown: it may have {', '.join(CODES)} and ref"
        )
    names = [name for name in CODES if name in item]
    if len(names) != 1:
        lack = f"has {' and '.join(names)}" if names else "has no code"
        raise _refused(number, f"{lack}: give one of {', '.join(CODES)}")
    return Line(number, _text(number, item, names[0]), _text(number, item, REF, MOST_REF).strip())


def _text(number: int, item: Mapping[object, object], name: str, most: int = MOST_GIVEN) -> str:
    value = item.get(name, "")
    if not isinstance(value, str):
        raise _refused(number, f"has {_called(value)} as {name}: send it as text, in quotation marks")
    return cleaned(value, most)


def _called(value: object) -> str:
    return _TYPES.get(type(value), "an object")


def _refused(number: int, what: str) -> InputRefused:
    return InputRefused("items", f"Item {number:,} of the list {what}.")
