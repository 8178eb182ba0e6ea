"""What Amazon's APIs and reports say of an article, in one wording. Pure."""

import html
import re

_GRADES = ("like_new", "very_good", "good", "acceptable")
_KNOWN = (
    "new",
    "new_oem",
    "new_open_box",
    "new_with_warranty",
    *(f"used_{grade}" for grade in _GRADES),
    *(f"collectible_{grade}" for grade in _GRADES),
    "refurbished",
    "refurbished_with_warranty",
    "club",
)
_BY_LETTERS = {name.replace("_", ""): name for name in _KNOWN} | {
    "newitem": "new",
    "newnew": "new",
    "refurbishedrefurbished": "refurbished",
    "clubclub": "club",
}


def condition(value: object) -> str | None:
    """Return "new", "used_like_new" and the like for NewItem, new_new, "Used - Like New"; None for others."""
    return _BY_LETTERS.get(re.sub(r"[\W_]", "", value).lower()) if isinstance(value, str) else None


def title(value: object) -> str | None:
    """Return a title on one line, or None when nothing is left or it is no text.

    These come without markup, and one that has it all the same keeps it: a customer's file is no page to be
    parsed. Entities are resolved.
    """
    return printable(html.unescape(value)) if isinstance(value, str) else None


def printable(value: object) -> str | None:
    """Return text as it is but for what nobody sees: an SKU may hold any other character."""
    plain = " ".join(value.split()) if isinstance(value, str) else ""
    return (plain if plain.isprintable() else "".join(filter(str.isprintable, plain))) or None
