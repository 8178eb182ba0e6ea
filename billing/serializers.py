"""What the calls about money take and give."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import ListQuery, StrictSerializer
from api.fields import ReadField
from billing.addresses import own_address
from billing.models import CreditOrder
from billing.packages import Package, packages
from billing.wording import told_code

ADDRESS_LENGTH = 2000


class PackageField(serializers.ChoiceField):
    """The id of a package; its value is the package."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=list(packages()), **kwargs)

    def to_internal_value(self, data: Any) -> Package:  # type: ignore[override]  # not its base's text
        """Return the package of this id."""
        return packages()[str(super().to_internal_value(data))]


class CheckoutInput(StrictSerializer):
    """What is wanted, and where the buyer goes afterwards."""

    package = PackageField(help_text="The id of one of `GET credits/packages`.")
    success_url = ReadField(
        own_address,
        code="foreign_address",
        max_length=ADDRESS_LENGTH,
        help_text="Of this site. `session_id` is added to its query.",
    )
    cancel_url = ReadField(
        own_address, code="foreign_address", max_length=ADDRESS_LENGTH, help_text="Of this site."
    )


class CheckoutOutput(serializers.Serializer[Any]):
    """Where to pay."""

    checkout_url = serializers.URLField(help_text="Send the buyer there; it is good for a day.")
    session_id = serializers.CharField()


class PurchaseOutput(serializers.ModelSerializer[CreditOrder]):
    """A purchase as it stands now."""

    id = serializers.UUIDField(help_text="The `reference` of its movements in the ledger.")
    status = serializers.ChoiceField(CreditOrder.Status.choices)
    amount = serializers.IntegerField(help_text="The price, in the smallest unit of the currency.")
    amount_paid = serializers.IntegerField(allow_null=True, help_text="After discounts and with tax.")
    failure_code = serializers.SerializerMethodField(
        help_text="Why the last attempt to pay failed, as far as Stripe's code may be told; else empty."
    )
    receipt_url = serializers.CharField(allow_blank=True, help_text="Stripe's receipt, if there is one.")
    paid_at = serializers.DateTimeField(allow_null=True, help_text="When the credits were granted.")

    class Meta:
        model = CreditOrder
        fields = (
            "id",
            "session_id",
            "status",
            "package",
            "credits",
            "amount",
            "currency",
            "amount_paid",
            "amount_refunded",
            "refunded_credits",
            "disputed_credits",
            "failure_code",
            "receipt_url",
            "created_at",
            "paid_at",
        )

    def get_failure_code(self, order: CreditOrder) -> str:
        """Why it failed, for programs."""
        return told_code(order.failure_code)


class PaymentsQuery(ListQuery):
    """Which payments are wanted."""

    status = serializers.ChoiceField(choices=CreditOrder.Status.choices, required=False)


class PurchaseAnswer(serializers.Serializer[Any]):
    """One purchase."""

    data = PurchaseOutput()  # type: ignore[assignment]  # the name of a property of serializers
