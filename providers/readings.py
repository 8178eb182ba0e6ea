"""Other readings of a code that a person may have meant. Pure; nothing applies them.

The letters O and I occur in ASINs and FNSKUs beside 0 and 1, so no reading is better than what was sent.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import combinations

MAX_SUGGESTIONS = 4
_LONGEST = 64  # characters; no code has as many
_TO_DIGITS = str.maketrans("OI", "01")
_TWINS = {"0": "O", "O": "0", "1": "I", "I": "1"}
# Letters of other scripts that look like ours, and the digit that one of them looks like.
_LOOKALIKES = str.maketrans("АВЕКМНОРСТУХІЈЅЗΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXIJS3ABEZHIKMNOPTYX")


def of_unit(code: str) -> Iterator[str]:
    """Yield an ASIN or FNSKU with 0 and O, 1 and I changed for each other, in few places first.

    The first three characters are left alone: FNSKUs begin with X00, and Amazon hands ASINs out in order,
    in which none has got to O or I in the third place.
    """
    if code[:3].translate(_TO_DIGITS) == "X00" != code[:3]:
        yield f"X00{code[3:]}"  # the start is what was misread
        return
    places = [place for place in range(3, len(code)) if code[place] in _TWINS]
    for count in range(1, len(places) + 1):
        for chosen in combinations(places, count):
            yield "".join(_TWINS[char] if place in chosen else char for place, char in enumerate(code))


def of_unknown(code: str) -> Iterator[str]:
    """Yield what a text in capitals that is no code may have been meant as; most of that is none either."""
    if len(code) <= _LONGEST:
        digits = code.translate(_TO_DIGITS)
        guesses = [f"{digits[:2]}{code[2:]}", f"{digits[:3]}{code[3:]}", digits, code.replace("-", "")]
        yield from dict.fromkeys([*guesses, *with_zeros(code), *written_out(code)])


def with_zeros(code: str) -> Iterator[str]:
    """Yield a number with the zeros at its start that a spreadsheet takes away: one to three of them."""
    if code.isascii() and code.isdigit() and code[0] != "0":
        yield from (code.zfill(length) for length in (8, 10, 12) if 1 <= length - len(code) <= 3)


def written_out(code: str) -> Iterator[str]:
    """Yield the number behind 6.19012345678E+11, if no digit is missing."""
    found = re.fullmatch(r"(\d)[.,](\d+)E\+?(\d{1,2})", code)
    if found and len(found[2]) == int(found[3]):
        yield found[1] + found[2]


def of_foreign(text: str) -> Iterator[str]:
    """Yield the text in our letters, without what cannot be seen, if it can be read so."""
    if len(text) <= _LONGEST:
        plain = unicodedata.normalize("NFKC", text).upper().translate(_LOOKALIKES)
        seen = "".join(char for char in plain if unicodedata.category(char) not in ("Cf", "Cc"))
        if seen.isascii():
            yield seen
