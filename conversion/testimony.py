"""What accounts say of codes, and how one word stands to those of others. Pure.

A code means one ASIN, so whoever says that it is one says that it is no other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from conversion import starts

PUBLIC = frozenset(name for name, start in starts.SOURCES.items() if start.group != "account") - {"confirmed"}
"""Sources that tell everybody the same. Any other, unknown ones too, may speak of one account's own goods."""


@dataclass(frozen=True, slots=True)
class Statement:
    """An account says that the code means this ASIN, or that it does not; then perhaps what it is instead.

    `counts`: for others; not so where the account is not believed, or the word may rest on its own data.
    """

    account: UUID
    code: str
    asin: str
    is_right: bool
    instead: str = ""
    counts: bool = True

    def opinion(self, asin: str) -> bool | None:
        """Return whether, after this statement, the code means an ASIN; None: it does not say."""
        if self.is_right or asin == self.asin:
            return self.is_right and asin == self.asin
        return asin == self.instead if self.instead else None


class Record(NamedTuple):
    """How often what an account said was borne out or contradicted; the last two: its rejections alone."""

    borne_out: int = 0
    contradicted: int = 0
    rejections_borne_out: int = 0
    rejections_contradicted: int = 0

    def is_believed(self, most: int) -> bool:
        """Whether fewer than `most` of its rejections were contradicted, or no more than were borne out."""
        wrong = self.rejections_contradicted
        return wrong < most or wrong <= self.rejections_borne_out


def words(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    """Return by code what counts for others of each account's last word, of statements in their order.

    A word that does not count is passed over, unless it contradicts the one before, which it takes back.
    """
    last: dict[tuple[str, UUID], Statement] = {}
    for one in statements:
        before = last.get((one.code, one.account))
        if before is None or one.counts or _contradict(before, one):
            last[one.code, one.account] = one
    by_code: dict[str, list[Statement]] = defaultdict(list)
    for word in last.values():
        if word.counts:
            by_code[word.code].append(word)
    return by_code


def _contradict(one: Statement, other: Statement) -> bool:
    """Return whether two statements say different things of some ASIN."""
    named = {one.asin, one.instead, other.asin, other.instead} - {""}
    return any({one.opinion(asin), other.opinion(asin)} == {True, False} for asin in named)


def record(
    own: Iterable[Statement], others: Mapping[str, list[Statement]], stock: Mapping[str, frozenset[str]]
) -> Record:
    """Return how the statements of one account have fared, each of its words on a code and an ASIN once.

    `others`: the words of other accounts by code. `stock`: the ASINs by code that the account's own stock
    names. Stock can contradict what its owner rejects, and bears nothing out: the owner writes it.
    """
    counts: Counter[tuple[bool, bool]] = Counter()
    for word in {(one.code, one.asin): one for one in own}.values():
        verdict = _verdict(word, others.get(word.code, ()), stock.get(word.code, frozenset()))
        if verdict is not None:
            counts[word.is_right, verdict] += 1
    return Record(
        borne_out=counts[True, True] + counts[False, True],
        contradicted=counts[True, False] + counts[False, False],
        rejections_borne_out=counts[False, True],
        rejections_contradicted=counts[False, False],
    )


def _verdict(word: Statement, others: Iterable[Statement], stock: frozenset[str]) -> bool | None:
    """Return whether a statement is borne out; None where nobody speaks of it, or as many say yes as no."""
    if not word.is_right and word.asin in stock:
        return False
    ayes, noes = votes(word.asin, others)
    if ayes == noes:
        return None
    return word.is_right == (ayes > noes)


def votes(asin: str, statements: Iterable[Statement]) -> tuple[int, int]:
    """Return how many say that the code means this ASIN, and how many that it does not."""
    opinions = Counter(one.opinion(asin) for one in statements)
    return opinions[True], opinions[False]


def agreed(said: Iterable[Statement], least: int) -> frozenset[str]:
    """Return the ASINs that at least so many accounts say a code means, and more than say it does not.

    `said`: one word of each account, all about that code.
    """
    said = list(said)
    named = {one.asin for one in said if one.is_right} | {one.instead for one in said if one.instead}
    counts = {asin: votes(asin, said) for asin in named}
    return frozenset(asin for asin, (ayes, noes) in counts.items() if ayes >= least and ayes > noes)
