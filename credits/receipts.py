"""GET charges/{id}: what a charge took, for what, and what of it was given back."""

from typing import Any

from django.db.models import Sum
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credits.errors import UnknownCharge
from credits.models import KEY_LENGTH, Kind, LedgerEntry
from credits.queries import NoQuery

DELIVERED = ("asin", "marketplace", "parts", "freshness", "age_seconds", "providers")
CHARGE_ID = OpenApiParameter(
    "id", str, OpenApiParameter.PATH, description="The header X-Charge-Id of the answer that was charged."
)


class LineOutput(serializers.Serializer[Any]):
    """A part of the price."""

    operation = serializers.CharField(help_text="As in GET pricing.")
    credits = serializers.IntegerField()


class DeliveredOutput(serializers.Serializer[Any]):
    """What the credits were taken for."""

    asin = serializers.CharField(allow_null=True)
    marketplace = serializers.CharField(allow_null=True)
    parts = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="core (the product itself), offers, reviews.",
    )
    freshness = serializers.CharField(allow_null=True, help_text="fresh, cached or stale.")
    age_seconds = serializers.IntegerField(
        allow_null=True, help_text="How long before the answer an upstream had said it."
    )
    providers = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="The upstreams that told it."
    )


class ReceiptFields(serializers.Serializer[Any]):
    """One charge."""

    id = serializers.CharField()
    operation = serializers.CharField(help_text="The rule by which it was priced.")
    amount = serializers.IntegerField(help_text="Credits taken.")
    lines = LineOutput(many=True, help_text="What the amount is made of.")
    delivered = DeliveredOutput(
        allow_null=True, help_text="null where nothing was noted when it was charged."
    )
    reference = serializers.CharField()
    key = serializers.CharField(
        allow_null=True, help_text="The id of the API key that asked; null for a session."
    )
    status = serializers.ChoiceField(choices=["charged", "partly_refunded", "refunded"])
    refunded = serializers.IntegerField(help_text="Credits given back since.")
    created_at = serializers.DateTimeField()


class ReceiptOutput(serializers.Serializer[Any]):
    """The receipt."""

    data = ReceiptFields()  # type: ignore[assignment]  # the name of a property of serializers


class Receipt(APIView):
    """One of the caller's charges."""

    scope = "credits:read"

    @extend_schema(operation_id="charges_get", parameters=[CHARGE_ID], responses={200: ReceiptOutput})
    def get(self, request: Request, id: str) -> Response:
        """Say what one charge took, what was delivered for it, and what was refunded of it."""
        NoQuery.read(request)
        charge = find(request.user, id)
        return Response(ReceiptOutput({"data": receipt(charge)}).data)


def find(user: Any, key: str) -> LedgerEntry:
    """The user's charge of that key, with what was given back of it. Raises UnknownCharge."""
    if len(key) > KEY_LENGTH or "\0" in key:
        raise UnknownCharge(key[:KEY_LENGTH])
    charges = LedgerEntry.objects.for_user(user).of_kind(Kind.CHARGE).filter(key=key)
    charge: LedgerEntry | None = charges.annotate(refunded=Sum("refunds__amount")).first()
    if charge is None:
        raise UnknownCharge(key)
    return charge


def receipt(charge: Any) -> dict[str, Any]:
    """What is known about a charge, from the entry and what was noted with it."""
    noted, amount, refunded = charge.metadata, -charge.amount, charge.refunded or 0
    rule = noted.get("rule") or [(charge.operation, amount)]
    is_told = any(name in noted for name in DELIVERED)
    return {
        "id": charge.key,
        "operation": charge.operation,
        "amount": amount,
        "lines": [{"operation": operation, "credits": credits} for operation, credits in rule],
        "delivered": {name: noted.get(name) for name in DELIVERED} if is_told else None,
        "reference": charge.reference,
        "key": noted.get("key"),
        "status": "charged" if not refunded else "refunded" if refunded == amount else "partly_refunded",
        "refunded": refunded,
        "created_at": charge.created_at,
    }
