"""Spending caps of keys. The ledger counts them; which module that is, settings.KEY_CAPS says.

A cap that is taken off a key stays with the ledger, where calls under way may still name it: set again, it
goes on counting what it has counted in its day or month.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast
from uuid import UUID

from django.conf import settings

from accounts.models import APIKey

PERIODS = ("day", "month", "total")


@dataclass(frozen=True, slots=True)
class Cap:
    """How many credits may be spent with a key in each UTC day or month, or in all."""

    limit: int
    period: str


class Ledger(Protocol):
    """What the module behind settings.KEY_CAPS can do."""

    def set_cap(self, subject: UUID, *, limit: int, period: str) -> object:
        """Set or change the cap of `subject`; what was spent goes on counting."""

    def caps_of(self, subjects: Iterable[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
        """Return limit, period, spent and resets_at of the caps that there are."""


def ledger() -> Ledger:
    """Return the module that counts."""
    return cast(Ledger, import_module(settings.KEY_CAPS))


def set_cap(key: APIKey, cap: Cap | None) -> None:
    """Put a cap on a key or take it off. To be called in the transaction that saves the key."""
    key.has_cap = cap is not None
    if cap is not None:
        ledger().set_cap(key.pk, limit=cap.limit, period=cap.period)


def figures(keys: Iterable[APIKey]) -> Mapping[UUID, Mapping[str, Any]]:
    """Return the caps of those keys that have one, by the key's id; one query, or none."""
    subjects = [key.pk for key in keys if key.has_cap]
    return ledger().caps_of(subjects) if subjects else {}
