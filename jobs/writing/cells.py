"""Text as it may stand in a cell of a spreadsheet: harmless, well-formed, and not longer than Excel takes."""

import re
import unicodedata

MOST_CHARACTERS = 32_767  # in a cell of Excel, which counts UTF-16 units
FORMULA = frozenset("=+-@|%\u2212")  # the last is the minus sign of typesetters
STARTS = frozenset("\t\r\n")  # dangerous in themselves, as some readers drop them and look at what follows
UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffd")  # blank, or put here by us; Unicode says otherwise
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by XML 1.0, 2.2


def safe(text: str) -> str:
    """Return a text for a cell: no formula, no character that XML forbids, at most MOST_CHARACTERS long."""
    if not text:
        return text
    mended = text if text.isprintable() else FORBIDDEN.sub("\ufffd", text)
    return cut(f"'{mended}" if is_formula(mended) else mended)


def is_formula(text: str) -> bool:
    """Say whether a spreadsheet could take this for a formula, or for a command of an old one.

    Looks past what cannot be seen, and at full-width and other variants as at the plain sign.
    """
    if text[0].isascii() and text[0].isalnum():
        return False
    if text[0] in STARTS:
        return True
    first = next((char for char in text if not is_unseen(char)), "")
    return not FORMULA.isdisjoint(unicodedata.normalize("NFKC", first)[:1])


def is_unseen(char: str) -> bool:
    """Say whether a character leaves no mark of its own: spaces, controls, joiners, what is unassigned."""
    return unicodedata.category(char)[0] in "ZCM" or char in UNSEEN


def cut(text: str) -> str:
    """Return the text, or as much of it as Excel takes, ended by an ellipsis."""
    if len(text) <= MOST_CHARACTERS // 2:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MOST_CHARACTERS:
        return text
    return units[: 2 * (MOST_CHARACTERS - 1)].decode("utf-16-le", errors="ignore") + "…"
