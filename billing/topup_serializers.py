"""What the calls about saved cards and automatic top-ups take and give."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.serializers import StrictSerializer
from api.fields import ReadField
from billing.addresses import own_address, pay_url
from billing.models import AutoTopUp
from billing.serializers import ADDRESS_LENGTH, PackageField
from billing.topup_models import ID_LENGTH
from billing.wording import money

MOST = 10**9  # of the currency's smallest unit


class PortalInput(StrictSerializer):
    """Where the portal leads back to."""

    return_url = ReadField(
        own_address, code="foreign_address", max_length=ADDRESS_LENGTH, help_text="Of this site."
    )


class PortalOutput(serializers.Serializer[Any]):
    """Where cards are managed."""

    portal_url = serializers.URLField(help_text="Send the owner there soon; whoever has it is let in.")


class CardOutput(serializers.Serializer[Any]):
    """A saved card, as far as it is shown."""

    id = serializers.CharField()
    brand = serializers.CharField(help_text="Such as `visa`.")
    last4 = serializers.CharField(help_text="The last digits of its number.")
    exp_month = serializers.IntegerField()
    exp_year = serializers.IntegerField()


class CardsAnswer(serializers.Serializer[Any]):
    """The saved cards."""

    data = CardOutput(many=True)  # type: ignore[assignment]  # the name of a property of serializers


class AutoTopUpInput(StrictSerializer):
    """When what is to be bought, and that its owner agrees."""

    package = PackageField(help_text="The id of one of `GET credits/packages`.")
    threshold = serializers.IntegerField(
        min_value=1, help_text="With fewer credits to spend it buys. At most what the package brings."
    )
    monthly_ceiling = serializers.IntegerField(
        min_value=1,
        max_value=MOST,
        help_text="The most to be charged in a calendar month (UTC), in the currency's smallest unit.",
    )
    payment_method = serializers.CharField(
        required=False, max_length=ID_LENGTH, help_text="A saved card; by default the newest."
    )
    consent_text = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=2000,
        help_text="What the card's owner agrees to, word for word. Without it the answer says it.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the input, once one package is enough and the ceiling lets one through."""
        package, problems = attrs["package"], {}
        if attrs["threshold"] > package.credits:
            problems["threshold"] = f"At most {package.credits:,}: so many credits the package brings."
        if attrs["monthly_ceiling"] < package.amount:
            price = money(package.amount, package.currency)
            problems["monthly_ceiling"] = (
                f"At least {package.amount:,} ({price}), or nothing could be bought."
            )
        if problems:
            raise serializers.ValidationError(problems)
        return attrs


class TopUpCardOutput(serializers.Serializer[AutoTopUp]):
    """The card that is charged."""

    id = serializers.CharField(source="payment_method_id")
    brand = serializers.CharField(source="card_brand")
    last4 = serializers.CharField(source="card_last4")


class SwitchedOffOutput(serializers.Serializer[AutoTopUp]):
    """Why it is off."""

    reason = serializers.ChoiceField(
        [reason.value for reason in AutoTopUp.OffReason if reason], source="off_reason"
    )
    text = serializers.CharField(source="get_off_reason_display", help_text="The same, in words.")
    at = serializers.DateTimeField(source="off_at")
    order = serializers.UUIDField(
        source="off_order_id", allow_null=True, help_text="The payment because of which it is off."
    )
    pay_url = serializers.SerializerMethodField(
        help_text="A page of this site on which to pay what could not be charged; else null."
    )

    @extend_schema_field({"type": ["string", "null"], "format": "uri"})
    def get_pay_url(self, plan: AutoTopUp) -> str | None:
        """Where to pay instead."""
        order = plan.off_order
        return pay_url(order.pk) if order and order.can_be_paid_instead else None


class AutoTopUpOutput(serializers.ModelSerializer[AutoTopUp]):
    """The automatic top-up of an account. All but `enabled` is null where there never was one."""

    enabled = serializers.BooleanField(source="is_on")
    spent_this_month = serializers.IntegerField(help_text="Charged in this calendar month (UTC).")
    payment_method = TopUpCardOutput(source="*")
    under_way = serializers.BooleanField(help_text="Whether a payment is open now.")
    paused_until = serializers.DateTimeField(allow_null=True, help_text="Nothing is bought until then.")
    switched_off = serializers.SerializerMethodField(help_text="Why it is off; null while it is on.")

    class Meta:
        model = AutoTopUp
        fields = (
            "enabled",
            "threshold",
            "package",
            "credits",
            "amount",
            "currency",
            "monthly_ceiling",
            "spent_this_month",
            "payment_method",
            "under_way",
            "consented_at",
            "consent_text",
            "paused_until",
            "switched_off",
        )
        extra_kwargs = {name: {"allow_null": True} for name in fields if name != "enabled"}

    @extend_schema_field(SwitchedOffOutput(allow_null=True))
    def get_switched_off(self, plan: AutoTopUp) -> Any:
        """Why it is off."""
        return None if plan.is_on else SwitchedOffOutput(plan).data


class AutoTopUpAnswer(serializers.Serializer[Any]):
    """The automatic top-up."""

    data = AutoTopUpOutput()  # type: ignore[assignment]  # the name of a property of serializers
