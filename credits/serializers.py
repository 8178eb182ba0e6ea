"""Inputs and outputs of this app's calls."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from credits.models import OPERATION_LENGTH, REFERENCE_LENGTH, Kind, LedgerEntry

A_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
PAGING = {"limit", "after"}
FROM = "The earliest moment, or the first day, in UTC."
TO = "The first moment that is too late, or the last day, in UTC."


class EntryOutput(serializers.ModelSerializer[LedgerEntry]):
    """One movement of credits."""

    id = serializers.CharField(
        source="key", help_text="Unique, and the same as in the answer that was charged."
    )

    class Meta:
        model = LedgerEntry
        fields = ("id", "amount", "balance_after", "kind", "operation", "reference", "created_at")


class BalanceOutput(serializers.Serializer[Any]):
    """What a user has."""

    balance = serializers.IntegerField(help_text="All credits of the wallet.")
    held = serializers.IntegerField(help_text="The part that is set aside for work under way.")
    available = serializers.IntegerField(help_text="What can be spent now: balance less held.")
    transactions = EntryOutput(many=True, help_text="The last ten movements, newest first.")


class PackageOutput(serializers.Serializer[Any]):
    """A pack of credits for sale."""

    id = serializers.CharField()
    credits = serializers.IntegerField()
    price_cents = serializers.IntegerField()
    currency = serializers.CharField()


class PackagesOutput(serializers.Serializer[Any]):
    """All packs."""

    data = PackageOutput(many=True)  # type: ignore[assignment]  # the name of a property of serializers


@extend_schema_field({"anyOf": [{"type": "string", "format": form} for form in ("date", "date-time")]})
class MomentField(serializers.Field[datetime, str, str, Any]):
    """A moment in RFC 3339, or a date: then its first moment in UTC, or with `is_end` the last."""

    default_error_messages = {"invalid": "A date (2026-11-20) or a time in RFC 3339 (2026-11-20T08:00:00Z)."}

    def __init__(self, *, is_end: bool = False, **kwargs: Any) -> None:
        self.is_end = is_end
        super().__init__(**kwargs)

    def to_internal_value(self, data: str) -> datetime:
        """The moment, in UTC."""
        try:
            moment = datetime.fromisoformat(data)
            if A_DATE.fullmatch(data):
                return moment.replace(tzinfo=UTC) + timedelta(days=self.is_end)
            if moment.tzinfo is None:
                self.fail("invalid")
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid")


class HistoryQuery(serializers.Serializer[Any]):
    """Which movements are wanted. `from` is included; so is `to` as a date, but not as a time."""

    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    operation = serializers.CharField(max_length=OPERATION_LENGTH, required=False)
    reference = serializers.CharField(max_length=REFERENCE_LENGTH, required=False)

    def get_fields(self) -> dict[str, Any]:
        """The fields, with the one whose name Python keeps for itself."""
        moments = {
            "from": MomentField(required=False, help_text=FROM),
            "to": MomentField(is_end=True, required=False, help_text=TO),
        }
        return {**super().get_fields(), **moments}

    def to_internal_value(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The validated query. Raises ValidationError, also for names that are none of ours."""
        unknown = set(data) - set(self.fields) - PAGING
        if unknown:
            detail = [ErrorDetail("There is no such filter here.", code="unknown_field")]
            raise serializers.ValidationError(dict.fromkeys(sorted(unknown), detail))
        return dict(super().to_internal_value(data))
