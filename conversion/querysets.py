"""Questions about claims and conversions."""

from typing import Any, Self

from django.db import models
from django.db.models import Q

from accounts.models import User


class MappingQuerySet(models.QuerySet[Any]):
    """Which claims."""

    def about(self, code: str) -> Self:
        """About one code."""
        return self.filter(code=code)

    def for_user(self, user: User) -> Self:
        """What may answer this account: its own claims and everybody's, never those of another."""
        return self.filter(Q(owner=user) | Q(owner=None))


class ConversionQuerySet(models.QuerySet[Any]):
    """Which conversions."""

    def for_user(self, user: User) -> Self:
        """Those one account asked for."""
        return self.filter(user=user)


class FeedbackQuerySet(models.QuerySet[Any]):
    """Which feedback."""

    def by(self, user: User) -> Self:
        """Given by one account."""
        return self.filter(conversion__user=user)
