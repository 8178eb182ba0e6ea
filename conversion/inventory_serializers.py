"""What the calls about an account's own inventory take and give."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import StrictSerializer
from conversion.convert_serializers import MarketplaceField
from conversion.models import Inventory, SellerAccount
from providers.marketplaces import MARKETPLACES
from providers.spapi.session import HOSTS

NAME_LENGTH = 200
A_SELLER = "^A[A-Z0-9]{9,19}$"
A_TOKEN = r"^Atzr\|[!-~]+$"  # noqa: S105 - what one looks like
TOKEN_LENGTH = 2048
REGIONS = sorted(HOSTS)


class ImportOptions(StrictSerializer):
    """What can be said about a report, in the query."""

    strict_types = False
    marketplace = MarketplaceField(default="US", max_length=40, help_text="Where the stock is sold.")
    name = serializers.CharField(
        default="", allow_blank=True, max_length=NAME_LENGTH, help_text="What you call the file."
    )
    preview = serializers.BooleanField(default=False, help_text="Say how it would be read, and keep nothing.")


class InventoryOutput(serializers.ModelSerializer[Inventory]):
    """One inventory."""

    rows = serializers.IntegerField(help_text="Rows that say which code is which ASIN.")
    refused = serializers.IntegerField(help_text="Rows that do not.")
    layout = serializers.CharField(help_text="Which report it is; spapi: fetched from Amazon.")
    marketplace = serializers.CharField()

    class Meta:
        model = Inventory
        fields = ("id", "layout", "marketplace", "name", "rows", "refused", "created_at")


class ReasonOutput(serializers.Serializer[Any]):
    """A row that names no pair."""

    line = serializers.IntegerField(help_text="Where it stands in the file, from 1.")
    reason = serializers.CharField()


class ImportedOutput(InventoryOutput):
    """What became of a report."""

    reasons = ReasonOutput(many=True, help_text="The first 100 rows that were refused.")
    replaced = serializers.BooleanField(help_text="It took the place of a former one of the same kind.")

    class Meta:
        model = Inventory
        fields = (*InventoryOutput.Meta.fields, "reasons", "replaced")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the inventory, and what else there is to say of its import."""
        return {
            **InventoryOutput(instance.inventory).data,
            "reasons": ReasonOutput(instance.reasons, many=True).data,
            "replaced": instance.is_replacement,
        }


class ImportAnswer(serializers.Serializer[Any]):
    """An import."""

    data = ImportedOutput()  # type: ignore[assignment]  # the name of a property of serializers


class RowOutput(serializers.Serializer[Any]):
    """A row as it is understood; null is "the report does not say"."""

    line = serializers.IntegerField()
    sku = serializers.CharField(allow_null=True)
    fnsku = serializers.CharField(help_text="The ASIN itself for stock sold by the manufacturer's barcode.")
    asin = serializers.CharField()
    title = serializers.CharField(allow_null=True)
    condition = serializers.CharField(allow_null=True)
    country = serializers.CharField(allow_null=True)
    is_archived = serializers.BooleanField(allow_null=True, help_text="The listing and the stock are gone.")


class PreviewOutput(serializers.Serializer[Any]):
    """How a report would be read."""

    layout = serializers.CharField()
    marketplace = serializers.CharField(required=False, help_text="As it was asked.")
    columns = serializers.DictField(
        child=serializers.CharField(), help_text="What is read, and the name of the column it is read from."
    )
    encoding = serializers.CharField()
    delimiter = serializers.CharField(trim_whitespace=False)
    rows = serializers.IntegerField(source="tally.good")
    refused = serializers.IntegerField(source="tally.refused")
    reasons = ReasonOutput(many=True, source="tally.reasons")
    first = RowOutput(many=True, help_text="The first 20 rows.")


class PreviewAnswer(serializers.Serializer[Any]):
    """A preview."""

    data = PreviewOutput()  # type: ignore[assignment]  # the name of a property of serializers


class SellerAccountInput(StrictSerializer):
    """A seller's authorisation of this install's application."""

    region = serializers.ChoiceField(choices=REGIONS, help_text="Where the seller has given it.")
    seller_id = serializers.RegexField(A_SELLER, max_length=20, help_text="Such as A1B2C3D4E5F6G7.")
    marketplaces = serializers.ListField(
        child=serializers.ChoiceField(choices=list(MARKETPLACES)),
        min_length=1,
        max_length=len(MARKETPLACES),
        help_text="Those whose stock is fetched, all of the region.",
    )
    refresh_token = serializers.RegexField(
        A_TOKEN, max_length=TOKEN_LENGTH, write_only=True, help_text="Kept sealed, and never shown."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the marketplaces once each, all of the region."""
        codes = list(dict.fromkeys(attrs["marketplaces"]))
        others = [code for code in codes if MARKETPLACES[code].region != attrs["region"]]
        if others:
            why = f"Not in the region {attrs['region']}: {', '.join(others)}."
            raise serializers.ValidationError({"marketplaces": [why]}, code="other_region")
        return {**attrs, "marketplaces": codes}


class SellerAccountOutput(serializers.ModelSerializer[SellerAccount]):
    """A connected seller account. The token is never shown."""

    region = serializers.ChoiceField(choices=REGIONS)
    marketplaces = serializers.ListField(child=serializers.CharField())
    state = serializers.SerializerMethodField(help_text="idle, queued or running.")
    last_synced_at = serializers.DateTimeField(allow_null=True, help_text="When all of it was fetched last.")
    last_error = serializers.SerializerMethodField(
        help_text="Why the last try failed, such as auth_failed; null: it did not."
    )

    class Meta:
        model = SellerAccount
        fields = (
            "region",
            "seller_id",
            "marketplaces",
            "state",
            "last_synced_at",
            "last_error",
            "created_at",
        )

    def get_state(self, account: SellerAccount) -> str:
        """Return what is going on."""
        return account.state

    def get_last_error(self, account: SellerAccount) -> str | None:
        """Return the reason, if there is one."""
        return account.last_error or None


class SellerAccountAnswer(serializers.Serializer[Any]):
    """A connected seller account."""

    data = SellerAccountOutput()  # type: ignore[assignment]  # the name of a property of serializers
