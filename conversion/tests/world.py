"""A simulated world in which it is known which ASIN each code means, how often each source is wrong, and why.

Nothing here is what `conversion.starts` believes: the sources' rates, how fast claims age, how much the
copier copies, what labels and catalogues say are all set otherwise, and must be learned from feedback.
Mistakes are not independent either: every article has a usual mistake, which sources make on their own.

Feedback is what a customer would give: most say nothing, some are mistaken, and half of those who reject an
answer do not know the right one.
"""

import random
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType
from typing import NamedTuple

from conversion.confidence import Answer, combine
from conversion.learning import confirmed, learned, rejected
from conversion.reliability import Beta
from conversion.signals import Catalog, Facts
from conversion.similarity import Agreement, similarity
from conversion.witnesses import Claim


class Nature(NamedTuple):
    """A source as it really is. `right` when fresh, `holds` when very old, half way in `half_life` days."""

    right: float
    speaks: float
    half_life: float
    holds: float
    oldest: float  # days: ages are even from 0 to this

    def aged(self, age: float) -> float:
        """Return how often a claim of this age is right."""
        return self.right * (self.holds + (1 - self.holds) * 2 ** (-age / self.half_life))


SOURCES: Mapping[str, Nature] = MappingProxyType(
    {
        "inventory": Nature(0.95, speaks=0.30, half_life=150, holds=0.90, oldest=400),
        "fnskutoasin": Nature(0.78, speaks=0.75, half_life=250, holds=0.80, oldest=700),
        "manifest": Nature(0.66, speaks=0.60, half_life=1, holds=1.0, oldest=300),  # where it does not copy
        "shared": Nature(0.88, speaks=0.35, half_life=1, holds=1.0, oldest=300),
        "gtin": Nature(0.80, speaks=0.30, half_life=100, holds=0.85, oldest=200),
    }
)
LEADER, COPIER, COPIED = "fnskutoasin", "manifest", 0.60
USUAL = 0.30  # share of mistakes that are the article's usual one
SIBLINGS = 0.50  # share of wrong ASINs that are other sizes or colours of the article
UNCHECKED, NO_LABEL, NO_CONDITION = 0.40, 0.30, 0.50
CATALOG = {True: (0.97, 0.02, 0.01), False: (0.62, 0.10, 0.28)}  # found, elsewhere, absent
CONDITION = {True: (0.92, 0.05, 0.03), False: (0.60, 0.15, 0.25)}  # same, kin, different
TYPO = 0.02  # of letters
SAID, MISTAKEN, KNOWN = 0.70, 0.01, 0.50  # customers who answer; who are wrong; who know the right one


class Pair(NamedTuple):
    """A code's true ASIN, and what there is to go by."""

    truth: str
    claims: tuple[Claim, ...]
    facts: Mapping[str, Facts]


class World:
    """Draws pairs; the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.sources: Mapping[str, Nature] = SOURCES

    def pairs(self, count: int) -> Iterator[Pair]:
        """Yield so many pairs about which somebody says something."""
        while count:
            pair = self._pair()
            if pair.claims:
                count -= 1
                yield pair

    def degrade(self, name: str, right: float) -> None:
        """From now on this source is right this often."""
        self.sources = {**self.sources, name: self.sources[name]._replace(right=right)}

    def _pair(self) -> Pair:
        truth, usual = self._asin(), self._asin()
        claims: list[Claim] = []
        led = ""
        for name, nature in self.sources.items():
            age = self.random.uniform(0, nature.oldest)
            if name == "gtin":
                named = self._gtin(truth, nature.aged(age))
            else:
                named = (self._named(truth, usual, nature.aged(age)),)
            if name == LEADER:
                (led,) = named
            if name == COPIER and self.random.random() < COPIED:
                named = (led,)
            if self.random.random() < nature.speaks:
                claims += [Claim(source=name, asin=asin, age_days=age) for asin in named]
        return Pair(truth, tuple(claims), self._facts(truth, {claim.asin for claim in claims}))

    def _asin(self) -> str:
        return f"B0{self.random.getrandbits(32):08X}"

    def _named(self, truth: str, usual: str, right: float) -> str:
        if self.random.random() < right:
            return truth
        return usual if self.random.random() < USUAL else self._asin()

    def _gtin(self, truth: str, right: float) -> tuple[str, ...]:
        """Return one to three ASINs of one GTIN."""
        first = truth if self.random.random() < right else self._asin()
        return (first, *(self._asin() for _ in range(self.random.choice((0, 0, 1, 2)))))

    def _facts(self, truth: str, asins: Iterable[str]) -> dict[str, Facts]:
        article = Article.drawn(self.random)
        label = article.label(self.random) if self.random.random() >= NO_LABEL else None
        has_condition = self.random.random() >= NO_CONDITION
        facts = {}
        for asin in sorted(asins):
            is_right = asin == truth
            other = article if is_right else article.mistaken(self.random)
            catalog, agreed = self.random.choices(list(Catalog)[:3], CATALOG[is_right])[0], None
            if self.random.random() < UNCHECKED:
                catalog = Catalog.UNCHECKED
            if has_condition:
                (agreed,) = self.random.choices(list(Agreement), CONDITION[is_right])
            title = similarity(label, other.title) if label else None
            facts[asin] = Facts(catalog=catalog, title=title, condition=agreed)
        return facts


_SYLLABLES = re.findall("..", "kalomirenotosvibanduperasolagrafenowixajorinyze")
_WORDS = [f"{a}{b}{c}".title() for a, b, c in product(_SYLLABLES, repeat=3)]
_COLOURS = ("Black", "White", "Red", "Navy", "Green", "Rose", "Silver", "Yellow", "Grey", "Purple")


@dataclass(frozen=True)
class Article:
    """What a title is made of."""

    brand: str
    words: tuple[str, ...]
    size: int
    colour: str
    pack: int

    @classmethod
    def drawn(cls, chance: random.Random) -> "Article":
        """Draw an article of its own kind."""
        brand, *words = chance.sample(_WORDS, chance.randint(4, 9))
        return cls(
            brand,
            tuple(words),
            chance.randint(1, 64),
            chance.choice(_COLOURS),
            chance.choice((1, 1, 1, 2, 6)),
        )

    def mistaken(self, chance: random.Random) -> "Article":
        """Draw an article that this one is mistaken for: half the time a sibling."""
        if chance.random() >= SIBLINGS:
            return Article.drawn(chance)
        other = chance.choice([colour for colour in _COLOURS if colour != self.colour])
        return chance.choice((replace(self, size=self.size + 4), replace(self, colour=other)))

    @property
    def title(self) -> str:
        """The title in the catalogue."""
        pack = f" (Pack of {self.pack})" if self.pack > 1 else ""
        return f"{self.brand} {' '.join(self.words)}, {self.size} oz, {self.colour}{pack}"

    def label(self, chance: random.Random) -> str:
        """Return the title as a label has it: cut in the middle, and with slips."""
        whole = self.title
        cut = f"{whole[:20]}...{whole[-20:]}" if len(whole) > 50 else whole
        return "".join(
            chance.choice(string.ascii_lowercase) if c.isalpha() and chance.random() < TYPO else c
            for c in cut
        )


class Customers:
    """Who tells what was right, and the counts that have been learned from them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.known: dict[str, Beta] = {}

    def answer(self, pair: Pair) -> Answer:
        """Return what is answered, knowing what is known now."""
        return combine(pair.claims, pair.facts, self.known)

    def hear(self, pair: Pair, answer: Answer) -> None:
        """Learn what a customer says of an answer, if anything."""
        best = answer.best
        if best is None or self.random.random() >= SAID:
            return
        is_said_right = (best.asin == pair.truth) != (self.random.random() < MISTAKEN)
        if is_said_right:
            truth = confirmed(best.asin, answer)
        elif self.random.random() < KNOWN and best.asin != pair.truth:
            truth = confirmed(pair.truth, answer)
        else:
            truth = rejected([best.asin], answer)
        self.known.update(learned(pair.claims, pair.facts, truth, self.known))

    def serve(self, pairs: Iterable[Pair]) -> list[Answer]:
        """Answer and learn, one after another."""
        answers = []
        for pair in pairs:
            answers.append(self.answer(pair))
            self.hear(pair, answers[-1])
        return answers
