"""What the calls about calls take and give."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.serializers import ListQuery, StrictSerializer
from api.fields import DayField, MomentField, RequestIdField
from api.ids import request_id_of
from api.models import OPERATION_LENGTH, OUTCOME_LENGTH, APICall

GROUPS = {"day": "day", "operation": "operation", "key": "key_id", "outcome": "outcome"}
DEFAULT_DAYS = 30
MOST_DAYS = 366


class RequestOutput(serializers.ModelSerializer[APICall]):
    """One call and how it ended."""

    request_id = serializers.SerializerMethodField(help_text="The `Request-Id` of the answer.")
    at = serializers.DateTimeField(help_text="When the call came.")
    key = serializers.UUIDField(
        source="key_id", allow_null=True, help_text="The API key's id; null for a session."
    )
    credits = serializers.IntegerField(help_text="Credits taken.")
    duration_ms = serializers.SerializerMethodField()

    class Meta:
        model = APICall
        fields = (
            "request_id",
            "at",
            "operation",
            "method",
            "status",
            "outcome",
            "key",
            "credits",
            "duration_ms",
            "client_request_id",
        )

    def get_request_id(self, call: APICall) -> str:
        """Return the id in the form in which the caller knows it."""
        return request_id_of(call.id)

    def get_duration_ms(self, call: APICall) -> float:
        """Return how long the answer took, inside the web server."""
        return call.duration_us / 1000


class RequestsQuery(ListQuery):
    """Which of the caller's calls are wanted."""

    request_id = RequestIdField(required=False)
    operation = serializers.CharField(max_length=OPERATION_LENGTH, required=False)
    outcome = serializers.CharField(
        max_length=OUTCOME_LENGTH, required=False, help_text="ok, not_modified, replayed or a problem's code."
    )
    status = serializers.IntegerField(min_value=100, max_value=599, required=False)
    key = serializers.UUIDField(required=False, help_text="The id of an API key.")

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with the one whose name Python keeps for itself."""
        moments = {
            "from": MomentField(required=False, help_text="The earliest moment, or the first day, in UTC."),
            "to": MomentField(
                is_end=True, required=False, help_text="The first moment too late, or the last day, in UTC."
            ),
        }
        return {**super().get_fields(), **moments}


@dataclass(frozen=True, slots=True)
class Period:
    """Days in UTC, from the first to the last."""

    first: date
    last: date

    @property
    def length(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def before(self) -> "Period":
        """Return as many days that end where this period begins."""
        return Period(self.first - timedelta(self.length), self.first - timedelta(1))

    def days(self) -> list[date]:
        """Return each day."""
        return [self.first + timedelta(number) for number in range(self.length)]


class FiguresOutput(serializers.Serializer[Any]):
    """What a number of calls adds up to."""

    calls = serializers.IntegerField()
    errors = serializers.IntegerField(  # type: ignore[assignment]  # the name of a property of serializers
        help_text="Calls with a status of 400 or more."
    )
    error_share = serializers.FloatField(allow_null=True, help_text="From 0 to 1; null without calls.")
    credits = serializers.IntegerField(help_text="Credits taken.")
    mean_ms = serializers.FloatField(allow_null=True, help_text="Mean duration; null without calls.")


class GroupOutput(FiguresOutput):
    """The calls of one group, and those of the same group in the period before."""

    group = serializers.CharField(
        allow_null=True, help_text="A day, an operation, the id of a key (null: sessions), an outcome."
    )
    previous = FiguresOutput(help_text="By day: of the day in the same place.")


class PreviousOutput(FiguresOutput):
    """The period before."""

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with those whose names Python keeps for itself."""
        return {"from": serializers.DateField(), "to": serializers.DateField(), **super().get_fields()}


class UsageOutput(serializers.Serializer[Any]):
    """The figures of a period."""

    group_by = serializers.ChoiceField(choices=list(GROUPS))
    totals = FiguresOutput()
    previous = PreviousOutput(help_text="As many days that end where the period begins.")
    data = GroupOutput(many=True)  # type: ignore[assignment]  # the name of a property of serializers

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with those whose names Python keeps for itself."""
        return {"from": serializers.DateField(), "to": serializers.DateField(), **super().get_fields()}


class UsageQuery(StrictSerializer):
    """Which figures are wanted."""

    strict_types = False
    group_by = serializers.ChoiceField(choices=list(GROUPS), default="day")

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with those whose names Python keeps for itself."""
        days = {
            "from": DayField(
                required=False, help_text=f"The first day, in UTC; else the one of {DEFAULT_DAYS} days."
            ),
            "to": DayField(required=False, help_text="The last day, in UTC; else today."),
        }
        return {**super().get_fields(), **days}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return how to group, and the period."""
        last = attrs.get("to") or timezone.now().date()
        try:
            first = attrs.get("from") or last - timedelta(DEFAULT_DAYS - 1)
            period = Period(first, last)
            if period.length < 1:
                raise invalid("from", "This is after the last day.")
            if period.length > MOST_DAYS:
                raise invalid("from", f"At most {MOST_DAYS} days; these are {period.length}.")
            period.before()
        except OverflowError:
            raise invalid("from", "There are no days before year 1.") from None
        return {"group_by": attrs["group_by"], "period": period}


def invalid(name: str, why: str) -> serializers.ValidationError:
    """Return the refusal of one value."""
    return serializers.ValidationError({name: [ErrorDetail(why, code="invalid")]})
