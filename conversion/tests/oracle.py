"""The best that can be known in the simulated world: Bayes' rule with its true rates.

It is exact in who claims what: the sources' rates at each age, copying (also where the leader is silent),
the usual mistakes, GTINs with several ASINs, catalogue and condition. Of titles it knows how often each
similarity, in twentieths, comes with right and wrong ASINs, counted in a large sample of that world. It
has no cap.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from math import prod

from conversion.signals import Catalog, Facts
from conversion.similarity import Agreement, similarity
from conversion.tests.world import (
    CATALOG,
    CONDITION,
    COPIED,
    COPIER,
    LEADER,
    USUAL,
    Article,
    Nature,
    Pair,
)
from conversion.witnesses import Claim

RARE = 1e-6  # the chance that a random ASIN is a given one
SAMPLE, STEPS = 4_000, 20  # titles looked at; steps of similarity


def posterior(pair: Pair, sources: Mapping[str, Nature]) -> tuple[dict[str, float], float]:
    """Return the probability of each ASIN named, and of none of them."""
    asins = sorted({claim.asin for claim in pair.claims})
    joint = {asin: RARE * _likelihood(pair, asin, asins, sources) for asin in asins}
    none = _likelihood(pair, "", asins, sources)
    total = sum(joint.values()) + none
    return {asin: share / total for asin, share in joint.items()}, none / total


def _likelihood(pair: Pair, truth: str, asins: Sequence[str], sources: Mapping[str, Nature]) -> float:
    usuals = [asin for asin in asins if asin != truth]
    claimed = RARE * sum(_claimed(pair.claims, truth, usual, sources) for usual in usuals)
    claimed += _claimed(pair.claims, truth, "", sources)
    return claimed * prod(_seen(pair.facts[asin], asin == truth) for asin in asins)


def _claimed(claims: Sequence[Claim], truth: str, usual: str, sources: Mapping[str, Nature]) -> float:
    """Return how probable the claims are, if the usual mistake is this one ("": one that nobody made)."""

    def own(asin: str, right: float) -> float:
        wrong = USUAL * (asin == usual) + (1 - USUAL) * RARE
        return right if asin == truth else (1 - right) * wrong

    single = {claim.source: claim for claim in claims if claim.source != "gtin"}
    rights = {name: sources[name].aged(claim.age_days or 0.0) for name, claim in single.items()}
    chance = prod(own(claim.asin, rights[name]) for name, claim in single.items() if name != COPIER)
    copier, leader = single.get(COPIER), single.get(LEADER)
    if copier:
        led = float(leader.asin == copier.asin) if leader else own(copier.asin, _mean(sources[LEADER]))
        chance *= COPIED * led + (1 - COPIED) * own(copier.asin, rights[COPIER])
    return chance * _gtin([claim for claim in claims if claim.source == "gtin"], truth, sources["gtin"])


def _gtin(claims: Sequence[Claim], truth: str, nature: Nature) -> float:
    if not claims:
        return 1.0
    right = nature.aged(claims[0].age_days or 0.0)
    return right if truth in {claim.asin for claim in claims} else (1 - right) * len(claims) * RARE


@cache
def _mean(nature: Nature) -> float:
    """Return how often a source is right over all ages."""
    return sum(nature.aged((step + 0.5) / 100 * nature.oldest) for step in range(100)) / 100


def _seen(facts: Facts, is_right: bool) -> float:
    chance = _titles()[is_right][_step(facts.title)] if facts.title is not None else 1.0
    if facts.catalog is not Catalog.UNCHECKED:
        chance *= CATALOG[is_right][list(Catalog).index(facts.catalog)]
    if facts.condition is not None:
        chance *= CONDITION[is_right][list(Agreement).index(facts.condition)]
    return chance


def _step(title: float) -> int:
    return min(STEPS - 1, int(title * STEPS))


@cache
def _titles() -> dict[bool, list[float]]:
    """Return how often right and wrong ASINs have titles of each similarity."""
    chance = random.Random(0)
    found: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
    for _ in range(SAMPLE):
        article = Article.drawn(chance)
        label = article.label(chance)
        for is_right, other in ((True, article), (False, article.mistaken(chance))):
            found[is_right][_step(similarity(label, other.title) or 0.0)] += 1
    return {
        key: [(count[step] + 0.5) / (SAMPLE + STEPS / 2) for step in range(STEPS)]
        for key, count in found.items()
    }
