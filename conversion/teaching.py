"""What feedback teaches: the counts of sources and signals (`conversion.learning`), moved in their rows."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from conversion.confidence import combine
from conversion.knowledge import forget
from conversion.learning import confirmed, learned, rejected
from conversion.models import Conversion, Share
from conversion.reliability import Beta
from conversion.signals import Catalog, Facts
from conversion.similarity import Agreement
from conversion.starts import start
from conversion.witnesses import Claim


def teach(conversion: Conversion, *, asin: str, weight: float) -> None:
    """Move the counts by what is now known: the right ASIN, or, when empty, that the answered one is wrong.

    Part of the transaction around it, which holds the rows until it ends: do this last. Who comes at the same
    time waits and builds on what is written here.
    """
    claims, facts = claims_of(conversion.heard), facts_of(conversion.heard)
    if not weight or not claims:
        return
    known = _locked(sorted(learned(claims, facts, {}, weight=0.0)))
    answer = combine(claims, facts, known)
    truth = confirmed(asin, answer) if asin else rejected([conversion.asin], answer)
    _write(learned(claims, facts, truth, known, weight=weight))
    transaction.on_commit(forget)


def claims_of(heard: dict[str, Any]) -> list[Claim]:
    """Return the claims an answer was made of."""
    return [Claim(**claim) for claim in heard.get("claims", ())]


def facts_of(heard: dict[str, Any]) -> dict[str, Facts]:
    """Return the facts an answer was made of, by ASIN."""
    return {asin: _fact(**fact) for asin, fact in heard.get("facts", {}).items()}


def _fact(catalog: str, title: float | None, condition: str | None) -> Facts:
    agreement = None if condition is None else Agreement(condition)
    return Facts(catalog=Catalog(catalog), title=title, condition=agreement)


def _locked(names: list[str]) -> dict[str, Beta]:
    """Return all counts. Those of these names are locked, in their order, and made where they are missing."""
    first = {name: start(name) for name in names}
    Share.objects.bulk_create(
        [Share(name=name, yes=beta.yes, no=beta.no) for name, beta in first.items()], ignore_conflicts=True
    )
    held = Share.objects.filter(name__in=names).order_by("name").select_for_update(no_key=True)
    others = Share.objects.exclude(name__in=names)
    rows = [*others.values_list("name", "yes", "no"), *held.values_list("name", "yes", "no")]
    return {name: Beta(yes, no) for name, yes, no in rows}


def _write(counts: dict[str, Beta]) -> None:
    now = timezone.now()
    Share.objects.bulk_create(
        [Share(name=name, yes=beta.yes, no=beta.no, updated_at=now) for name, beta in sorted(counts.items())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["yes", "no", "updated_at"],
    )
