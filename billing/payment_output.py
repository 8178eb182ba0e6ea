"""What GET payments gives: a purchase, and how its payment stands for whoever paid."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.models import CreditOrder
from billing.serializers import PurchaseOutput
from billing.wording import PaymentStanding, failure_of, standing_of

STANDING = {"type": "string", "enum": PaymentStanding.values}


class PaymentOutput(PurchaseOutput):
    """A payment as it stands now. Amounts are in the smallest unit of the currency."""

    standing = serializers.SerializerMethodField(help_text="How it stands, more exactly than `status`.")
    standing_text = serializers.SerializerMethodField(help_text="The same, in words.")
    failure = serializers.SerializerMethodField(
        help_text="Why the last attempt to pay failed, in words; else empty."
    )
    credits_granted = serializers.SerializerMethodField(
        help_text="What it brought: none before it is paid. What was taken back is in the two beside it."
    )
    reference = serializers.UUIDField(
        source="pk", read_only=True, help_text="`GET credits/history?reference=…` lists its movements."
    )

    class Meta(PurchaseOutput.Meta):
        fields = (  # type: ignore[assignment]  # a longer tuple
            *PurchaseOutput.Meta.fields,
            "kind",
            "standing",
            "standing_text",
            "failure",
            "credits_granted",
            "reference",
        )

    @extend_schema_field(STANDING)
    def get_standing(self, order: CreditOrder) -> str:
        """How it stands, for programs."""
        return standing_of(order).value

    def get_standing_text(self, order: CreditOrder) -> str:
        """How it stands, for people."""
        return str(standing_of(order).label)

    def get_failure(self, order: CreditOrder) -> str:
        """Why it failed."""
        return failure_of(order.failure_code)

    def get_credits_granted(self, order: CreditOrder) -> int:
        """What the payment brought."""
        return order.credits if order.is_paid else 0
