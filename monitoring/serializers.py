"""What the calls about upstreams take and give."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.serializers import StrictSerializer
from api.fields import MomentField
from api.serializers import invalid
from monitoring.scoreboard import DAY, Score

CHOICES = ["provider", "operation"]


class PerformanceQuery(StrictSerializer):
    """Which period, and how finely."""

    strict_types = False
    by = serializers.ChoiceField(
        choices=CHOICES,
        default="provider",
        help_text="Of what there is an entry: upstreams, or their operations.",
    )

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with the one whose name Python keeps for itself."""
        moments = {
            "from": MomentField(
                required=False,
                help_text="The earliest moment, or the first day, in UTC; else a day before `to`.",
            ),
            "to": MomentField(
                is_end=True,
                required=False,
                help_text="The first moment too late, or the last day, in UTC; else now.",
            ),
        }
        return {**super().get_fields(), **moments}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the period and how it is grouped."""
        until: datetime = attrs.get("to") or timezone.now()
        try:
            since = attrs.get("from") or until - DAY
        except OverflowError:
            raise invalid("to", "There are no days before year 1.") from None
        if since >= until:
            raise invalid("from", "This is not before the end.")
        return {"since": since, "until": until, "by": attrs["by"]}


class FailureOutput(serializers.Serializer[Any]):
    """One reason why there was no answer."""

    outcome = serializers.CharField(help_text="The reason, such as timeout, rate_limited or invalid_answer.")
    calls = serializers.IntegerField(help_text="How often.")


class ScoreOutput(serializers.Serializer[Score]):
    """What one upstream, or one of its operations, did."""

    provider = serializers.CharField()
    operation = serializers.CharField(allow_null=True, help_text="Null: all of them.")
    calls = serializers.IntegerField(help_text="Attempts, repeated ones too.")
    succeeded = serializers.IntegerField()
    success_share = serializers.FloatField(allow_null=True, help_text="From 0 to 1; null without calls.")
    p50_ms = serializers.FloatField(allow_null=True, help_text="Half of the calls took less.")
    p95_ms = serializers.FloatField(allow_null=True, help_text="95 in a hundred took less.")
    unit = serializers.SerializerMethodField(help_text="In which it counts; null when it is not configured.")
    cost = serializers.FloatField(allow_null=True, help_text="In that unit; null where it tells none.")
    delivered = serializers.IntegerField(help_text="Answers, less those that were not believed.")
    cost_per_answer = serializers.FloatField(allow_null=True)
    failures = serializers.SerializerMethodField(
        help_text="Calls that failed and answers that were not believed, by reason, the most frequent first."
    )

    def get_unit(self, score: Score) -> str | None:
        """Return the unit of the upstream's costs."""
        units: dict[str, str] = self.context["units"]
        return units.get(score.provider)

    @extend_schema_field(FailureOutput(many=True))
    def get_failures(self, score: Score) -> list[dict[str, Any]]:
        """Return how often it failed, by reason."""
        return [{"outcome": outcome, "calls": count} for outcome, count in score.failures.items()]


class PerformanceOutput(serializers.Serializer[Any]):
    """The upstreams, those asked most first."""

    by = serializers.ChoiceField(choices=CHOICES)
    data = ScoreOutput(many=True)  # type: ignore[assignment]  # the name of a property of serializers

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with the one whose name Python keeps for itself."""
        return {
            "from": serializers.DateTimeField(),
            "to": serializers.DateTimeField(),
            **super().get_fields(),
        }
