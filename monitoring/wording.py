"""The facts about upstreams as people read them: blocks of lines, each with its name before it. Pure."""

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from monitoring.upstreams import APART
from providers.base import FIELDS

Facts = dict[str, Any]
INDENT, NAMES, WIDTH = "  ", 14, 110
NAMES_OF_OUTCOMES = {"no_such_product": "no such product", "marketplace_not_served": "not asked"}


def heading(facts: Facts) -> str:
    """Return which upstream it is, and which account there."""
    return f"{facts['provider']}, account {facts['credential']}" if facts["credential"] else facts["provider"]


def block(facts: Facts, lines: Iterable[tuple[str, str]]) -> str:
    """Return a heading and the lines below it, long ones folded."""
    told = [heading(facts)]
    for name, text in lines:
        first, rest = f"{INDENT}{name:<{NAMES}}", " " * (len(INDENT) + NAMES)
        told += textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest)
    return "\n".join(told)


# --- what is configured ---


def listing(facts: Facts) -> str:
    """Return what there is to say of one account."""
    return block(facts, _listing(facts))


def _listing(facts: Facts) -> Iterator[tuple[str, str]]:
    yield "knows", "; ".join(_abilities(facts))
    yield "marketplaces", f"{len(facts['marketplaces'])}: {' '.join(facts['marketplaces'])}"
    yield "batch", f"up to {facts['batch']} a call; costs are counted in {facts['unit']}s"
    yield "limits", "; ".join(map(_limit, facts["limits"])) or "none of its own"
    yield "circuits", "; ".join(map(_circuit, facts["circuits"])) or "none of its own"
    yield from _figures(facts["last_24_hours"], facts["unit"])


def _abilities(facts: Facts) -> Iterator[str]:
    if facts["fields"]:
        apart = [name for name in APART if facts[name]]
        more = f", with {listed(apart)}" if apart else ""
        yield f"products: {len(facts['fields'])} of {len(FIELDS)} fields{more}"
    if facts["codes"]:
        yield f"the ASIN behind: {', '.join(facts['codes'])}"


def listed(words: list[str]) -> str:
    """Return words as a sentence has them."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def _limit(limit: Facts) -> str:
    if limit["per_second"] is None:
        return f"{limit['bucket']}: not known"
    rate = f"{_number(limit['per_second'] * 60)} a minute, {_number(limit['burst'])} at most"
    return f"{limit['bucket']}: {rate}, {_number(limit['tokens'])} there now"


def _circuit(circuit: Facts) -> str:
    told = f"{circuit['circuit']}: {circuit['state']}"
    if circuit["failures"]:
        told += f" after {circuit['failures']} failure{'' if circuit['failures'] == 1 else 's'}"
    return told + (f", tries again in {circuit['retry_after']:.0f} s" if circuit["retry_after"] else "")


def _figures(figures: Facts | None, unit: str) -> Iterator[tuple[str, str]]:
    if figures is None:
        yield "last 24 h", "no calls"
        return
    yield "last 24 h", f"{figures['calls']:,} calls{_quality(figures)}"
    yield "", f"{_costs(figures, unit)}{figures['delivered']:,} answers{_each(figures)}"
    if figures["failures"]:
        counts = (f"{reason} {count:,}" for reason, count in figures["failures"].items())
        yield "", f"failed: {', '.join(counts)}"


def _quality(figures: Facts) -> str:
    if figures["success_share"] is None:
        return ""
    times = f"p50 {figures['p50_ms']:,.0f} ms, p95 {figures['p95_ms']:,.0f} ms"
    return f", {figures['success_share']:.1%} succeeded, {times}"


def _costs(figures: Facts, unit: str) -> str:
    return "" if figures["cost"] is None else f"{_number(figures['cost'])} {unit}s for "


def _each(figures: Facts) -> str:
    return "" if figures["cost_per_answer"] is None else f", {_number(figures['cost_per_answer'])} each"


def _number(value: float) -> str:
    """Return a number with the digits that say something."""
    return f"{value:,.4f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.0f}"


# --- what was tried ---


def result(facts: Facts) -> str:
    """Return how it went to ask one account."""
    return block(facts, _result(facts))


def _result(facts: Facts) -> Iterator[tuple[str, str]]:
    yield "outcome", f"{NAMES_OF_OUTCOMES.get(facts['outcome'], facts['outcome'])}, {facts['seconds']:.3f} s"
    if facts["why"]:
        yield "why", facts["why"]
    if facts["fields"]:
        yield "fields", f"{len(facts['fields'])}: {', '.join(facts['fields'])}"
        yield "title", facts["title"] or "not known"
        price = facts["price"]
        yield "price", f"{price['amount']} {price['currency']}" if price else "not known"
