"""What the call for feedback takes and gives."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.serializers import StrictSerializer
from api.fields import ReadField
from conversion import ids
from conversion.models import Feedback
from providers.identifiers import asin as read_asin

WHY_WITHHELD = {
    Feedback.Withheld.CONTRADICTED: (
        "Others have confirmed several answers that you called wrong. An operator looks at this refund."
    ),
    Feedback.Withheld.LIMIT: (
        "So many of your answers were refunded in 30 days that an operator looks at this refund."
    ),
}


class FeedbackInput(StrictSerializer):
    """Whether an answer is right, and what it is instead."""

    correct = serializers.BooleanField(help_text="Whether the ASIN that was answered is the right one.")
    asin = ReadField(
        read_asin,
        code="invalid_asin",
        default=None,
        max_length=4096,
        help_text="With `correct` false: the right one, if you know it.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to correct what is right."""
        if attrs["correct"] and attrs["asin"]:
            why = ErrorDetail("Only a wrong answer is corrected. Leave it out.", code="not_with_correct")
            raise serializers.ValidationError({"asin": [why]})
        return attrs


class FeedbackOutput(serializers.ModelSerializer[Feedback]):
    """What was said of a conversion, and what came of it."""

    id = serializers.SerializerMethodField(help_text="Of the conversion.")
    fnsku = serializers.CharField(source="conversion.code")
    answered = serializers.CharField(source="conversion.asin", help_text="The ASIN that was answered.")
    correct = serializers.BooleanField(source="is_correct")
    asin = serializers.SerializerMethodField(help_text="The right one, as far as it is known now.")
    refunded = serializers.IntegerField(help_text="Credits given back.")
    refund = serializers.ChoiceField(
        Feedback.Refund.choices, help_text="none: the answer was right, free, or given back before."
    )
    withheld = serializers.SerializerMethodField(help_text="Why the refund is withheld.")

    class Meta:
        model = Feedback
        fields = (
            "id",
            "fnsku",
            "answered",
            "correct",
            "asin",
            "refunded",
            "refund",
            "withheld",
            "created_at",
        )

    def get_id(self, row: Feedback) -> str:
        """Return the id of the conversion."""
        return ids.shown(row.conversion_id)

    def get_asin(self, row: Feedback) -> str | None:
        """Return the right ASIN."""
        return (row.conversion.asin if row.is_correct else row.asin) or None

    @extend_schema_field(
        {
            "oneOf": [
                {
                    "type": "object",
                    "properties": {
                        "code": {"type": "string", "enum": [*Feedback.Withheld.values]},
                        "detail": {"type": "string"},
                    },
                    "required": ["code", "detail"],
                },
                {"type": "null"},
            ]
        }
    )
    def get_withheld(self, row: Feedback) -> dict[str, str] | None:
        """Return the reason, for programs and for people."""
        if row.refund != Feedback.Refund.WITHHELD:
            return None
        return {"code": row.withheld, "detail": WHY_WITHHELD[Feedback.Withheld(row.withheld)]}


class FeedbackAnswer(serializers.Serializer[Any]):
    """The feedback as it was taken."""

    data = FeedbackOutput()  # type: ignore[assignment]  # the name of a property of serializers
