"""From the settings to instances: one per entry and process, in the order in which they are asked."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from providers.base import IdentifierProvider, Part, ProductProvider, Provider
from providers.kinds import Kind
from providers.order import Rules, rule_for, rules_in

CAPABILITY = {Part.CORE: "product", Part.OFFERS: "offers", Part.REVIEWS: "reviews"}
CODES = {Kind.FNSKU: "fnsku", Kind.GTIN: "gtin"}


@dataclass(frozen=True, slots=True)
class _Built:
    """What was made of the settings, and of which."""

    made_from: tuple[int, int, str, int]
    entries: tuple[object, object]  # kept, so that nothing else gets their ids
    usual: list[Provider]
    by_rule: list[Provider]
    rules: Rules


_built: _Built | None = None


def providers() -> list[Provider]:
    """Return every configured upstream, those that only rules name last; raises ImproperlyConfigured."""
    built = _configured()
    return [*built.usual, *built.by_rule]


def product_providers(part: Part = Part.CORE, marketplace: str = "") -> list[ProductProvider]:
    """Return whom to ask for this part of a product, in order; raises ImproperlyConfigured."""
    found = _in_order(CAPABILITY[part], marketplace)
    return [provider for provider in found if isinstance(provider, ProductProvider)]


def identifier_providers(kind: Kind = Kind.FNSKU, marketplace: str = "") -> list[IdentifierProvider]:
    """Return whom to ask about such a code, in order; raises ImproperlyConfigured."""
    found = _in_order(CODES[kind], marketplace)
    return [one for one in found if isinstance(one, IdentifierProvider) and kind in one.kinds]


def _in_order(capability: str, marketplace: str) -> list[Provider]:
    """Return the upstreams that the rules name, else the usual ones. One name may have several accounts."""
    built = _configured()
    named = rule_for(built.rules, capability, marketplace)
    if named is None:
        return built.usual
    known = [*built.usual, *built.by_rule]
    return [provider for name in named for provider in known if provider.name == name]


def _configured() -> _Built:
    """Build them once; again in a forked child, which needs connections of its own, and for new settings."""
    global _built  # noqa: PLW0603 - the one place that remembers them
    usual, by_rule, rules = settings.PROVIDERS, settings.PROVIDERS_BY_RULE, settings.PROVIDER_RULES
    made_from = (id(usual), id(by_rule), rules, os.getpid())
    if _built is None or _built.made_from != made_from:
        _built = _Built(made_from, (usual, by_rule), _build(usual), _build(by_rule), rules_in(rules))
    return _built


def _build(entries: Sequence[dict[str, Any]]) -> list[Provider]:
    return [backend(entry)(**entry["OPTIONS"]) for entry in entries]


def backend(entry: dict[str, Any]) -> type[Provider]:
    """Return the class an entry of settings.PROVIDERS names; raises ImproperlyConfigured in one sentence."""
    try:
        found = import_string(entry["BACKEND"])
    except ImportError:
        found = None
    if not (isinstance(found, type) and issubclass(found, Provider)):
        raise ImproperlyConfigured(f"there is no provider called {entry['NAME']!r}")
    return found
