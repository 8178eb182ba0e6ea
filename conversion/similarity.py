"""How much a label says the same as a catalogue entry: the titles, and the conditions. Pure.

Titles are compared word by word, without case, accents and punctuation. Units are written alike ("12
ounces" is "12oz"), packs too ("6-pack", "set of 6"). A word that is not in the other title counts as far
as it shares pairs of letters with one that is, so a slip of the pen costs little. Words with digits weigh
double: sizes and numbers are what tells siblings apart. Packs of different size halve the whole.

FBA labels print a long title as its beginning and its end with "..." between. Such a label is only asked
whether its words are in the catalogue's title, a word cut at the dots whether one there begins or ends so.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

LONGEST = 500  # characters read; Amazon's titles end at 200
GRADES = ("0", "40", "60", "70", "80", "88", "95", "100")  # hundredths: where candidates are counted
LIKE_ENOUGH = 0.5  # two words sharing fewer of their pairs of letters are different words
OTHER_PACK = 0.5  # factor for another number of pieces
LABEL_SHARE = 0.7  # part of a whole label's similarity that asks for its words; the rest for the catalogue's
DIGITS_WEIGH = 2.0

_CUT = re.compile(r"\.{2,}|…")
_PACK = re.compile(r"\b(?:\w+ of (\d+)|(\d+)[ -]*(?:packs?|pk|pcs|pieces?|count|ct|stuck|er pack))\b")
_UNITS = {
    "oz": r"(?:fl\.? ?)?(?:oz|ounces?)",
    "lb": r"lbs?|pounds?",
    "ml": r"ml|millilit(?:er|re)s?",
    "l": r"l|lit(?:er|re)s?",
    "kg": r"kg|kilograms?|kilos?",
    "g": r"g|gr|grams?|gramm",
    "in": r"in|inch|inches|zoll|\"|''|″",
    "ft": r"ft|feet|foot",
    "cm": r"cm|centimet(?:er|re)s?",
    "mm": r"mm|millimet(?:er|re)s?",
    "gb": r"gb|gigabytes?",
    "tb": r"tb|terabytes?",
}
_MEASURE = re.compile(
    r"(\d)[ -]*(?:" + "|".join(f"(?P<{unit}>{words})" for unit, words in _UNITS.items()) + r")(?![^\W_])"
)
_WORD = re.compile(r"\d+(?:[.,]\d+)*[^\W\d_]*|[^\W_]+")


class Agreement(StrEnum):
    """How the condition on a label stands to that of a listing."""

    SAME = "same"
    KIN = "kin"  # both used, but good and acceptable
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class _Title:
    """`words`: whole; `begins`, `ends`: words whose end or beginning is cut away; `pack`: pieces, if said."""

    words: frozenset[str]
    begins: str = ""
    ends: str = ""
    pack: str | None = None

    @property
    def is_cut(self) -> bool:
        return bool(self.begins or self.ends)


def similarity(label: str, catalogue: str) -> float | None:
    """Return how alike two titles are, 0 to 1; None when one of them has no words to compare."""
    ours, theirs = _read(label[:LONGEST]), _read(catalogue[:LONGEST])
    theirs = _Title(theirs.words | {theirs.begins, theirs.ends} - {""}, pack=theirs.pack)
    if not (ours.words or ours.is_cut) or not theirs.words:
        return None
    score = _covered(ours.words, theirs.words, cut=_cut_words(ours, theirs))
    if not ours.is_cut:
        score = LABEL_SHARE * score + (1 - LABEL_SHARE) * _covered(theirs.words, ours.words)
    is_other = None not in (ours.pack, theirs.pack) and ours.pack != theirs.pack
    return score * OTHER_PACK if is_other else score


def grades(similarity: float) -> dict[str, float]:
    """Return the grades a similarity lies between, and how much of it is each; they add up to 1."""
    hundredths = 100 * min(1.0, max(0.0, similarity))
    upper = next(place for place, grade in enumerate(GRADES) if hundredths <= int(grade))
    if hundredths == int(GRADES[upper]):
        return {GRADES[upper]: 1.0}
    low, high = int(GRADES[upper - 1]), int(GRADES[upper])
    above = (hundredths - low) / (high - low)
    return {GRADES[upper - 1]: 1 - above, GRADES[upper]: above}


def agreement(label: str | None, listing: str | None) -> Agreement | None:
    """Return how two conditions stand to one another; None when one is not known."""
    ours, theirs = _condition(label), _condition(listing)
    if ours is None or theirs is None:
        return None
    if ours[0] != theirs[0]:
        return Agreement.DIFFERENT
    return Agreement.SAME if ours[1] == theirs[1] or None in (ours[1], theirs[1]) else Agreement.KIN


@lru_cache(maxsize=1024)
def _read(text: str) -> _Title:
    plain = _plain(text)
    pack = next((first or second for first, second in _PACK.findall(plain)), None)
    plain = _PACK.sub(" ", plain)
    plain = _MEASURE.sub(lambda found: f"{found[1]}{found.lastgroup} ", plain)
    head, dots, tail = _split(plain)
    before, after = ([word for word in _WORD.findall(part) if word not in _UNITS] for part in (head, tail))
    begins = before.pop() if dots and before and head[-1:].isalnum() else ""
    ends = after.pop(0) if dots and after and tail[:1].isalnum() else ""
    return _Title(frozenset(before + after), begins, ends, pack.lstrip("0") if pack else None)


def _split(plain: str) -> tuple[str, bool, str]:
    """Return what stands before and after the first dots, and whether there are any."""
    cut = _CUT.search(plain)
    return (plain[: cut.start()], True, plain[cut.end() :]) if cut else (plain, False, "")


def _plain(text: str) -> str:
    if not text.isascii():
        letters = unicodedata.normalize("NFKD", text.replace("…", "..."))
        text = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return text.casefold().replace("&", " and ")


def _cut_words(ours: _Title, theirs: _Title) -> list[bool]:
    """Return for each word cut at the dots whether the other title has one that begins or ends so."""
    found = [any(word.startswith(ours.begins) for word in theirs.words)] if ours.begins else []
    return found + ([any(word.endswith(ours.ends) for word in theirs.words)] if ours.ends else [])


def _covered(words: Iterable[str], others: frozenset[str], cut: Iterable[bool] = ()) -> float:
    """Return the share of the words, by weight, that the others have."""
    marks = [(_weight(word), _best(word, others)) for word in words]
    marks += [(0.5, float(is_there)) for is_there in cut]  # half a word says half as much
    return sum(weight * mark for weight, mark in marks) / sum(weight for weight, _ in marks) if marks else 1.0


def _weight(word: str) -> float:
    return DIGITS_WEIGH if any(c.isdigit() for c in word) else 1.0


def _best(word: str, others: frozenset[str]) -> float:
    if word in others:
        return 1.0
    if len(word) < 3 or any(c.isdigit() for c in word):  # 12oz is not 16oz
        return 0.0
    best = max((_dice(word, other) for other in others if abs(len(other) - len(word)) <= 3), default=0.0)
    return best if best >= LIKE_ENOUGH else 0.0


def _dice(one: str, other: str) -> float:
    ours, theirs = _pairs(one), _pairs(other)
    return 2 * len(ours & theirs) / (len(ours) + len(theirs))


@lru_cache(maxsize=16384)
def _pairs(word: str) -> frozenset[str]:
    """Return the pairs of neighbouring letters, with the edges of the word."""
    edged = f"^{word}$"
    return frozenset(edged[i : i + 2] for i in range(len(edged) - 1))


_USED_GRADES = {"likenew": "like_new", "verygood": "very_good", "good": "good", "acceptable": "acceptable"}
_FAMILIES = (  # the first that fits; in the languages of Amazon's labels
    ("refurbished", r"refurb|renewed|generaluberholt|erneuert|recondi|reacondi|ricondi|再生|整備済"),
    ("collectible", r"collect|sammler|collection|coleccion|collezion|コレクター"),
    ("used", r"^used|gebraucht|usado|usato|occasion|d'occasion|中古|likenew|verygood|acceptable"),
    ("new", r"^new|^neu|^nuevo|^nuovo|^neuf|^novo|^nieuw|^ny$|新品|^club"),
)


def _condition(text: str | None) -> tuple[str, str | None] | None:
    """Return the family and the grade of a condition: ("used", "good"); None when it is not understood."""
    letters = re.sub(r"[\W_]+", "", _plain(text or "")[:100])
    family = next((name for name, words in _FAMILIES if re.search(words, letters)), None)
    grade = next((grade for words, grade in _USED_GRADES.items() if words in letters), None)
    return (family, grade) if family else None
