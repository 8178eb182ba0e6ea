"""Questions about the ledger."""

from datetime import datetime
from typing import Any, Self

from django.db import models


class WalletQuerySet(models.QuerySet[Any]):
    """Which wallets."""

    def for_user(self, user: Any) -> Self:
        """The wallet of anything with a `pk`; empty for a user who never had credits."""
        return self.filter(pk=user.pk)


class LedgerEntryQuerySet(models.QuerySet[Any]):
    """Which movements."""

    def for_user(self, user: Any) -> Self:
        """One user's."""
        return self.filter(wallet=user.pk)

    def of_kind(self, kind: str) -> Self:
        """Only grants, only charges and so on."""
        return self.filter(kind=kind)

    def matching(self, **wanted: Any) -> Self:
        """Those of a `kind`, an `operation`, a `reference`, `from` a moment on, and earlier than `to`."""
        columns = {
            "kind": "kind",
            "operation": "operation",
            "reference": "reference",
            "from": "created_at__gte",
            "to": "created_at__lt",
        }
        return self.filter(**{columns[name]: value for name, value in wanted.items()})

    def newest_first(self) -> Self:
        """Last committed first."""
        return self.order_by("-id")


class HoldQuerySet(models.QuerySet[Any]):
    """Which holds."""

    def for_user(self, user: Any) -> Self:
        """One user's."""
        return self.filter(wallet=user.pk)

    def open(self) -> Self:
        """Still setting credits aside."""
        return self.filter(status="open")

    def expired(self, now: datetime) -> Self:
        """Open past their time: the sweep's work."""
        return self.open().filter(expires_at__lte=now)


class SpendingCapQuerySet(models.QuerySet[Any]):
    """Which caps."""

    def of(self, subject: Any) -> Self:
        """The cap of one subject, if it has one."""
        return self.filter(pk=subject)
