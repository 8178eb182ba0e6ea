"""What the calls of this app take."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.serializers import StrictSerializer
from providers.base import Part
from providers.identifiers import InvalidASIN
from providers.identifiers import asin as read_asin
from providers.marketplaces import MARKETPLACES, UnknownMarketplace
from providers.marketplaces import marketplace as read_marketplace

ASKED_FOR = {"include_offers": Part.OFFERS, "include_reviews": Part.REVIEWS}


class ASINField(serializers.CharField):
    """An ASIN in any spelling, or the address of a product's page; the value is the normal form."""

    def to_internal_value(self, data: Any) -> str:
        """Return the ASIN; the error says what the text is instead."""
        try:
            return read_asin(super().to_internal_value(data))
        except InvalidASIN as error:
            raise serializers.ValidationError(str(error), code="invalid_asin") from None


@extend_schema_field({"type": "string", "enum": [*MARKETPLACES, "GB"]})
class MarketplaceField(serializers.CharField):
    """A marketplace's code (GB is UK), id or domain; the value is the code."""

    def to_internal_value(self, data: Any) -> str:
        """Return the code; the error lists those there are."""
        try:
            return read_marketplace(super().to_internal_value(data)).code
        except UnknownMarketplace as error:
            raise serializers.ValidationError(str(error), code="unknown_marketplace") from None


class LookupOptions(StrictSerializer):
    """What can be said about a lookup besides the ASIN; text, as in a query string."""

    strict_types = False
    marketplace = MarketplaceField(default="US", max_length=40, help_text="One of GET /api/v1/marketplaces.")
    include_offers = serializers.BooleanField(
        default=False, help_text="All sellers' offers, for 1 credit more."
    )
    include_reviews = serializers.BooleanField(default=False, help_text="Top reviews, for 1 credit more.")
    include_images = serializers.BooleanField(default=True)


class LookupInput(LookupOptions):
    """Which product is wanted, and which of the parts that cost extra."""

    strict_types = True
    asin = ASINField(max_length=4096, help_text="An ASIN, or the address of a product's page on Amazon.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Turn what is to be included into the parts to ask for."""
        extras = {part for name, part in ASKED_FOR.items() if attrs.pop(name)}
        return {**attrs, "parts": frozenset({Part.CORE} | extras)}


class LookupQuery(LookupInput):
    """The same in a query string, where everything is text."""

    strict_types = False


class HistoryOptions(StrictSerializer):
    """Which observations of an ASIN are wanted."""

    strict_types = False
    marketplace = MarketplaceField(default="US", max_length=40)
    series = serializers.CharField(default=None, max_length=40, help_text="Such as price, rank, rating.")
    since = serializers.DateTimeField(default=None)
    until = serializers.DateTimeField(default=None)


class HistoryQuery(HistoryOptions):
    """The same with the ASIN of the path. `limit` and `after` belong to the list."""

    asin = ASINField(max_length=4096)
    limit = serializers.CharField(required=False, write_only=True)
    after = serializers.CharField(required=False, write_only=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Leave `limit` and `after` to the pagination."""
        return {name: value for name, value in attrs.items() if name not in ("limit", "after")}
