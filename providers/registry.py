"""From settings.PROVIDERS to instances: one per entry and process, in the order in which they are asked."""

import os
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from providers.base import IdentifierProvider, ProductProvider, Provider

_built: tuple[object, int, list[Provider]] | None = None


def product_providers() -> list[ProductProvider]:
    """Return the configured upstreams that know products, in order; raises ImproperlyConfigured."""
    return [provider for provider in _providers() if isinstance(provider, ProductProvider)]


def identifier_providers() -> list[IdentifierProvider]:
    """Return the configured upstreams that know other numbers, in order; raises ImproperlyConfigured."""
    return [provider for provider in _providers() if isinstance(provider, IdentifierProvider)]


def _providers() -> list[Provider]:
    """Build them once; again in a forked child, which needs connections of its own, and for new settings."""
    global _built  # noqa: PLW0603 - the one place that remembers them
    if _built is None or _built[0] is not settings.PROVIDERS or _built[1] != os.getpid():
        _built = (settings.PROVIDERS, os.getpid(), _build(settings.PROVIDERS))
    return _built[2]


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
