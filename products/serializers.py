"""What the calls of this app take."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers

from accounts.serializers import StrictSerializer
from api.fields import MomentField
from api.serializers import invalid
from products.shapes import ALWAYS, CHOOSABLE, Shape
from providers.base import Part
from providers.identifiers import InvalidASIN
from providers.identifiers import asin as read_asin
from providers.marketplaces import MARKETPLACES, USUAL, UnknownMarketplace
from providers.marketplaces import marketplace as read_marketplace

ASIN_IN_PATH = OpenApiParameter("asin", str, OpenApiParameter.PATH, description="Such as B07ZPKCJ6X.")
ASKED_FOR = {"include_offers": Part.OFFERS, "include_reviews": Part.REVIEWS}
OLDEST = 24 * 3600  # seconds; no answer is kept for longer
MOST_CREDITS = 1_000_000
RAW = "raw"
RESOLUTIONS = (RAW, "hour", "day", "week")


def shape_of(said: Mapping[str, Any]) -> Shape:
    """Return the shape that these options of ProductOptions ask for; what is left out is as usual."""
    extras = {part for name, part in ASKED_FOR.items() if said.get(name)}
    names = said.get("fields")
    return Shape(
        frozenset({Part.CORE} | extras),
        said.get("include_images", True),
        None if names is None else frozenset(names),
    )


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


@extend_schema_field(
    {
        "anyOf": [
            {"type": "array", "items": {"type": "string", "enum": [*CHOOSABLE, *ALWAYS]}, "minItems": 1},
            {"type": "string", "description": "The same names with commas between them."},
        ]
    }
)
class NamesField(serializers.Field[frozenset[str], Any, Any, Any]):
    """Names of a product's fields: a list, or a text with commas. The value is the set of those chosen."""

    def to_internal_value(self, data: Any) -> frozenset[str]:
        """Return the names; the error lists those there are."""
        names = data.split(",") if isinstance(data, str) else data
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise serializers.ValidationError("Names of fields: a list, or a text with commas.")
        wanted = {name.strip() for name in names}
        unknown = sorted(wanted - {*CHOOSABLE, *ALWAYS})
        if unknown:
            listed = ", ".join(repr(name[:40]) for name in unknown[:3])
            raise serializers.ValidationError(
                f"A product has no {listed}. It has: {', '.join(CHOOSABLE)}.", code="unknown_product_field"
            )
        return frozenset(wanted)


class ProductOptions(StrictSerializer):
    """What is wanted of a product, or of many, and from where; text, as in a query string."""

    strict_types = False
    marketplace = MarketplaceField(default=USUAL, max_length=40, help_text="One of GET /api/v1/marketplaces.")
    include_offers = serializers.BooleanField(
        default=False, help_text="All sellers' offers, for 1 credit more."
    )
    include_reviews = serializers.BooleanField(default=False, help_text="Top reviews, for 1 credit more.")
    include_images = serializers.BooleanField(default=True)
    fields = NamesField(  # type: ignore[assignment]  # the metaclass takes it away
        default=None, help_text="Only these fields of the product. Those that say which answer it is stay."
    )
    max_age = serializers.IntegerField(
        default=None,
        min_value=0,
        max_value=OLDEST,
        help_text="Take an answer from the store if it is at most so many seconds old (usually 3600).",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Turn what is to be included into the shape of the answer."""
        said = {name: attrs.pop(name) for name in (*ASKED_FOR, "include_images", "fields")}
        return {**attrs, "shape": shape_of(said)}


class LookupOptions(ProductOptions):
    """What can be said about a lookup besides the ASIN."""

    only_if_cached = serializers.BooleanField(
        default=False, help_text="Ask no upstream: without an answer in the store, 504 and free."
    )
    max_credits = serializers.IntegerField(
        default=None,
        min_value=0,
        max_value=MOST_CREDITS,
        help_text="Refuse, for nothing, what may cost more.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Say what it would cost, and do nothing.")


class LookupInput(LookupOptions):
    """Which product is wanted, and how."""

    strict_types = True
    asin = ASINField(max_length=4096, help_text="An ASIN, or the address of a product's page on Amazon.")


class LookupQuery(LookupInput):
    """The same in a query string, where everything is text."""

    strict_types = False


class Place(StrictSerializer):
    """Where."""

    strict_types = False
    marketplace = MarketplaceField(default=USUAL, max_length=40)


class PlaceQuery(Place):
    """The same with the ASIN of the path."""

    asin = ASINField(max_length=4096)


class HistoryOptions(Place):
    """Which observations of an ASIN are wanted."""

    series = serializers.CharField(
        default=None,
        max_length=40,
        help_text="Such as price, rank, rating; else all, and with a resolution these three.",
    )
    resolution = serializers.ChoiceField(
        choices=RESOLUTIONS,
        default=RAW,
        help_text="raw: every point. Else one point for each hour, day or week (UTC) and series: the last.",
    )
    since = serializers.DateTimeField(default=None, help_text="The same as `from`, but no date alone.")
    until = serializers.DateTimeField(default=None, help_text="The same as `to`, but no date alone.")

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with the one whose name Python keeps for itself."""
        moments = {
            "from": MomentField(default=None, help_text="The earliest moment, or the first day, in UTC."),
            "to": MomentField(
                is_end=True, default=None, help_text="The first moment too late, or the last day, in UTC."
            ),
        }
        return {**super().get_fields(), **moments}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return what is asked, under the names that were there first."""
        told = dict(attrs)
        for name, older in (("from", "since"), ("to", "until")):
            moment = told.pop(name)
            if moment and told[older]:
                raise invalid(name, f"This is said by {older} already.")
            told[older] = moment or told[older]
        return told


class HistoryQuery(HistoryOptions):
    """The same with the ASIN of the path. `limit` and `after` belong to the list."""

    asin = ASINField(max_length=4096)
    limit = serializers.CharField(required=False, write_only=True)
    after = serializers.CharField(required=False, write_only=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Leave `limit` and `after` to the pagination."""
        told = super().validate(attrs)
        return {name: value for name, value in told.items() if name not in ("limit", "after")}
