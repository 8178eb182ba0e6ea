"""GET credits/analytics: what was spent and what came in, beside the period before."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credits.queries import StrictQuery
from credits.rollup import GROUPS, Sum, figures
from credits.serializers import A_DATE

DEFAULT_DAYS, MOST_DAYS = 30, 366
EARLIEST = date(2000, 1, 1)


class DayField(serializers.DateField):
    """A day, written like 2026-11-20."""

    default_error_messages = {"out_of_range": f"There is nothing before {EARLIEST}."}

    def to_internal_value(self, data: Any) -> date:
        """The day."""
        if not A_DATE.fullmatch(str(data)):
            self.fail("invalid", format="YYYY-MM-DD")
        day = super().to_internal_value(data)
        if day < EARLIEST:
            self.fail("out_of_range")
        return day


class AnalyticsQuery(StrictQuery):
    """Which days (UTC, both included), and by what they are grouped."""

    group_by = serializers.ChoiceField(choices=list(GROUPS), default="day")

    def get_fields(self) -> dict[str, Any]:
        """The fields, with the one whose name Python keeps for itself."""
        days = {
            "from": DayField(
                required=False, help_text=f"The first day; {DEFAULT_DAYS} days before the last."
            ),
            "to": DayField(required=False, help_text="The last day; today."),
        }
        return {**days, **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in what was not said. Raises ValidationError for what is no period, or too long."""
        today = datetime.now(UTC).date()
        ends = attrs.get("to") or max(today, attrs.get("from", today))
        begins = attrs.get("from") or max(EARLIEST, ends - timedelta(days=DEFAULT_DAYS - 1))
        count = (ends - begins).days + 1
        if not 1 <= count <= MOST_DAYS:
            why = f"A period is 1 to {MOST_DAYS} days, and these are {count}."
            raise ValidationError({"from": [ErrorDetail(why, code="invalid")]})
        return {"group_by": attrs["group_by"], "begins": begins, "ends": ends}


class SumOutput(serializers.Serializer[Any]):
    """Credits that moved."""

    spent = serializers.IntegerField(
        help_text="Credits that went out: charges, expiry, corrections downwards."
    )
    received = serializers.IntegerField(
        help_text="Credits that came in: grants, refunds, corrections upwards."
    )
    entries = serializers.IntegerField(help_text="How many entries of the ledger these are.")


class ChangeOutput(serializers.Serializer[Any]):
    """How much more than before: in per cent, null where there was nothing before."""

    spent = serializers.FloatField(allow_null=True)
    received = serializers.FloatField(allow_null=True)
    entries = serializers.FloatField(allow_null=True)


class MovementGroupOutput(SumOutput):
    """One group beside itself in the previous period; a day beside the day as many days before."""

    group = serializers.CharField(
        allow_null=True, help_text="The day, operation, kind, or id of the API key; null: without a key."
    )
    previous = SumOutput()


class PeriodOutput(serializers.Serializer[Any]):
    """Some days and their sum."""

    totals = SumOutput()

    def get_fields(self) -> dict[str, Any]:
        """The fields, with the one whose name Python keeps for itself."""
        return {"from": serializers.DateField(), "to": serializers.DateField(), **super().get_fields()}


class AnalyticsFields(PeriodOutput):
    """What moved, beside the same number of days before."""

    previous = PeriodOutput()
    change = ChangeOutput()
    group_by = serializers.ChoiceField(choices=list(GROUPS))
    groups = MovementGroupOutput(
        many=True, help_text="Every day in order, or the groups that spent most first."
    )


class AnalyticsOutput(serializers.Serializer[Any]):
    """The figures."""

    data = AnalyticsFields()  # type: ignore[assignment]  # the name of a property of serializers


class Analytics(APIView):
    """The caller's figures."""

    scope = "credits:read"

    @extend_schema(
        operation_id="credits_analytics", parameters=[AnalyticsQuery], responses={200: AnalyticsOutput}
    )
    def get(self, request: Request) -> Response:
        """Say what was spent and what came in, by day, operation, kind or API key, exact to this moment."""
        wanted = AnalyticsQuery.read(request)
        return Response(AnalyticsOutput({"data": analysis(request.user, **wanted)}).data)


def analysis(user: Any, *, group_by: str, begins: date, ends: date) -> dict[str, Any]:
    """A period's figures beside those of the period before."""
    length = ends - begins + timedelta(days=1)
    before = begins - length
    now: dict[str, Sum] = {}
    then: dict[str, Sum] = {}
    for name, is_previous, found in figures(user.pk, group_by, begins=begins, ends=ends, previous=before):
        (then if is_previous else now)[name] = found
    if group_by == "day":
        then = {str(date.fromisoformat(day) + length): found for day, found in then.items()}
        names: Iterable[str] = days(begins, ends)
    else:
        names = sorted({*now, *then}, key=lambda name: (-now.get(name, Sum()).spent, name))
    totals, former = total(now), total(then)
    return {
        "from": begins,
        "to": ends,
        "totals": totals._asdict(),
        "previous": {"from": before, "to": begins - timedelta(days=1), "totals": former._asdict()},
        "change": {
            name: percent(was, now) for name, was, now in zip(Sum._fields, former, totals, strict=True)
        },
        "group_by": group_by,
        "groups": [
            {
                "group": name or None,
                **now.get(name, Sum())._asdict(),
                "previous": then.get(name, Sum())._asdict(),
            }
            for name in names
        ],
    }


def days(begins: date, ends: date) -> Iterator[str]:
    """Every day of a period, also those on which nothing happened."""
    for number in range((ends - begins).days + 1):
        yield str(begins + timedelta(days=number))


def total(sums: dict[str, Sum]) -> Sum:
    """All groups together."""
    return Sum(*map(sum, zip(*sums.values(), strict=True))) if sums else Sum()


def percent(was: int, is_now: int) -> float | None:
    """How much more it is now, in per cent of what it was."""
    return round(100 * (is_now - was) / was, 1) if was else None
