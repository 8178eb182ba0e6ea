"""Questions about claims and conversions."""

from typing import Any, Self

from django.db import models
from django.db.models import Q

from accounts.models import User


class MappingQuerySet(models.QuerySet[Any]):
    """Which claims."""

    def about(self, *codes: str) -> Self:
        """About these codes."""
        return self.filter(code__in=codes)

    def for_user(self, user: User) -> Self:
        """What may answer this account: its own claims and everybody's, never those of another."""
        return self.filter(Q(owner=user) | Q(owner=None))


class ConversionQuerySet(models.QuerySet[Any]):
    """Which conversions."""

    def for_user(self, user: User) -> Self:
        """Those one account asked for."""
        return self.filter(user=user)

    def rejected(self) -> Self:
        """Those of which it has said that they are wrong."""
        return self.filter(feedback__is_correct=False)


class FeedbackQuerySet(models.QuerySet[Any]):
    """Which feedback."""

    def by(self, user: User) -> Self:
        """Given by one account."""
        return self.filter(conversion__user=user)
