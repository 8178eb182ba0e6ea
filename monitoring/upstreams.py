"""What is configured to be asked, how it stands, and what it did; as plain facts, none of them a secret."""

from collections.abc import Sequence
from typing import Any

from monitoring.scoreboard import Score, last_day
from providers.base import IdentifierProvider, ProductProvider, Provider
from providers.registry import providers

Facts = dict[str, Any]
APART = ("offers", "reviews", "history")  # fields that cost more, or that few have


def chosen(name: str | None) -> list[Provider]:
    """Return the configured upstreams, one for each account, or those of this name; raises LookupError."""
    found = [provider for provider in providers() if name in (None, provider.name)]
    if not found:
        known = ", ".join(dict.fromkeys(provider.name for provider in providers()))
        raise LookupError(f"no upstream called {name!r} is configured; there are: {known}")
    return found


def listed(upstreams: Sequence[Provider]) -> list[Facts]:
    """Return the facts of each."""
    scores = {(score.provider, score.credential): score for score in last_day(by="credential")}
    return [facts_of(upstream, scores.get((upstream.name, upstream.credential))) for upstream in upstreams]


def facts_of(upstream: Provider, score: Score | None) -> Facts:
    """Return the facts of one account."""
    return {
        "provider": upstream.name,
        "credential": upstream.credential,
        **abilities(upstream),
        "marketplaces": sorted(upstream.marketplaces),
        "batch": upstream.max_batch,
        "unit": upstream.unit,
        "limits": limits(upstream),
        "circuits": circuits(upstream),
        "last_24_hours": None if score is None else figures(score),
    }


def abilities(upstream: Provider) -> Facts:
    """Return what it can deliver: fields of products, and the ASINs behind which codes."""
    fields = upstream.delivers if isinstance(upstream, ProductProvider) else frozenset()
    kinds = upstream.kinds if isinstance(upstream, IdentifierProvider) else frozenset()
    return {
        "fields": sorted(fields),
        **{name: name in fields for name in APART},
        "codes": sorted(map(str, kinds)),
    }


def limits(upstream: Provider) -> list[Facts]:
    """Return its token buckets; None where nobody knows a limit."""
    return [
        {
            "bucket": standing.bucket,
            "per_second": standing.rate and standing.rate.per_second,
            "burst": standing.rate and standing.rate.burst,
            "tokens": standing.tokens,
        }
        for standing in upstream.standings()
    ]


def circuits(upstream: Provider) -> list[Facts]:
    """Return its circuit breakers; `retry_after` in seconds."""
    return [
        {
            "circuit": health.circuit,
            "state": health.state,
            "failures": health.failures,
            "retry_after": round(health.retry_after, 1),
        }
        for health in upstream.health()
    ]


def figures(score: Score) -> Facts:
    """Return what its calls add up to."""
    return {
        "calls": score.calls,
        "succeeded": score.succeeded,
        "success_share": score.success_share,
        "p50_ms": score.p50_ms,
        "p95_ms": score.p95_ms,
        "cost": None if score.cost is None else float(score.cost),
        "delivered": score.delivered,
        "cost_per_answer": score.cost_per_answer,
        "failures": dict(score.failures),
    }
