"""Sources that say what a test tells them, and stock of an account's own."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from conversion.models import Inventory, Mapping
from providers.base import IdentifierProvider, Match, ProductData, Source
from providers.kinds import Kind
from providers.marketplaces import MARKETPLACES
from providers.sample.provider import SampleProvider

CODE = "X0001ABCDE"


class Finder(IdentifierProvider):
    """Answers with what `says` has for a code: an ASIN, None, or an exception to raise."""

    name = "finder"
    max_batch = 1
    kinds = frozenset({Kind.FNSKU})
    marketplaces = frozenset(MARKETPLACES)

    def __init__(self, says: dict[str, Any], calls: list[str]) -> None:
        self.says = says
        self.calls = calls

    def resolve(self, codes: Sequence[str], *, marketplace: str) -> dict[str, Match | None]:
        self.calls += codes
        return {code: self.match(code) for code in codes}

    def match(self, code: str) -> Match | None:
        said = self.says.get(code)
        if isinstance(said, Exception):
            raise said
        source = Source(self.name, datetime.now(UTC))
        return None if said is None else Match(code=code, asins=(said,), source=source)


def finder(says: dict[str, Any], calls: list[str] | None = None) -> dict[str, Any]:
    """An entry of settings.PROVIDERS."""
    options = {"says": says, "calls": [] if calls is None else calls}
    return {"NAME": "finder", "BACKEND": "conversion.tests.stand_ins.Finder", "OPTIONS": options}


def own(user: User, code: str, asin: str, *, layout: str = "stock", source: str = "inventory") -> Mapping:
    """A row of a report that this account has uploaded."""
    report, _ = Inventory.objects.get_or_create(owner=user, layout=layout, marketplace="US")
    return Mapping.objects.create(
        code=code, asin=asin, source=source, owner=user, inventory=report, observed_at=timezone.now()
    )


class Catalogue(Finder):
    """The same, for a hundred codes in a call; `calls` has one entry for each call: its codes."""

    name = "catalogue"
    max_batch = 100

    def resolve(self, codes: Sequence[str], *, marketplace: str) -> dict[str, Match | None]:
        self.calls.append(" ".join(codes))
        return {code: self.match(code) for code in codes if self.says.get(code) != LEFT_OUT}


LEFT_OUT = "left out"


def catalogue(says: dict[str, Any], calls: list[str] | None = None) -> dict[str, Any]:
    """An entry of settings.PROVIDERS."""
    entry = finder(says, calls)
    return {**entry, "NAME": "catalogue", "BACKEND": "conversion.tests.stand_ins.Catalogue"}


class Shelf(SampleProvider):
    """A catalogue of products that knows no FNSKU; `calls` has one entry for each call: its ASINs."""

    kinds = frozenset()

    def __init__(self, calls: list[str]) -> None:
        super().__init__()
        self.calls = calls

    def products(self, asins: Sequence[str], **how: Any) -> dict[str, ProductData | None]:
        self.calls.append(" ".join(asins))
        return super().products(asins, **how)
