"""Inputs and outputs of this app's calls."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from credits.models import OPERATION_LENGTH, REFERENCE_LENGTH, Kind, LedgerEntry
from credits.queries import StrictQuery

A_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
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

    default_error_messages = {
        "invalid": "A date (2026-11-20) or a time in RFC 3339 (2026-11-20T08:00:00Z).",
        "out_of_range": "A moment in UTC between the years 1 and 9999.",
    }

    def __init__(self, *, is_end: bool = False, **kwargs: Any) -> None:
        self.is_end = is_end
        super().__init__(**kwargs)

    def to_internal_value(self, data: str) -> datetime:
        """The moment, in UTC."""
        try:
            moment = datetime.fromisoformat(data)
        except ValueError:
            self.fail("invalid")
        if A_DATE.fullmatch(data):
            return self.end_of(moment) if self.is_end else moment.replace(tzinfo=UTC)
        if moment.tzinfo is None:
            self.fail("invalid")
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            self.fail("out_of_range")

    def end_of(self, day: datetime) -> datetime:
        """The moment after a day; after the last day there is, the last moment."""
        last = datetime.max.replace(tzinfo=UTC)
        return min(day.replace(tzinfo=UTC), last - timedelta(days=1)) + timedelta(days=1)


class HistoryQuery(StrictQuery):
    """Which movements are wanted. `from` is included; so is `to` as a date, but not as a time."""

    besides = ("limit", "after")

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
