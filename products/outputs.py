"""What the calls of this app give. The declared fields are the contract; tests hold the answers to them."""

from dataclasses import fields
from typing import Any, cast

from django.utils import timezone
from rest_framework import serializers

from products.models import Observation
from providers.base import PART_FIELDS, Answer, Freshness, Part, ProductData, Source

FRESHNESS = {Freshness.UPSTREAM: "fresh", Freshness.CACHED: "cached", Freshness.STALE: "stale"}
APART = {"provenance", "is_sample", "history"}  # shaped below, or with an address of its own
SHOWN = tuple(field.name for field in fields(ProductData) if field.name not in APART)


class MoneyOutput(serializers.Serializer[Any]):
    """An amount in the main unit, as a string so that no digit is lost, and its ISO 4217 code."""

    amount = serializers.CharField()
    currency = serializers.CharField()


class ImageOutput(serializers.Serializer[Any]):
    """One picture; sizes are in pixels."""

    url = serializers.CharField()
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    variant = serializers.CharField(allow_null=True)


class RankOutput(serializers.Serializer[Any]):
    """A place in a best-seller list; 1 is the best."""

    rank = serializers.IntegerField()
    category = serializers.CharField(allow_null=True)
    category_id = serializers.CharField(allow_null=True)


class IdentifiersOutput(serializers.Serializer[Any]):
    """The product's other numbers."""

    eans = serializers.ListField(child=serializers.CharField())
    upcs = serializers.ListField(child=serializers.CharField())
    gtins = serializers.ListField(child=serializers.CharField())
    isbns = serializers.ListField(child=serializers.CharField())


class MeasurementsOutput(serializers.Serializer[Any]):
    """Size in millimetres, weight in grams."""

    length_mm = serializers.IntegerField(allow_null=True)
    width_mm = serializers.IntegerField(allow_null=True)
    height_mm = serializers.IntegerField(allow_null=True)
    weight_g = serializers.IntegerField(allow_null=True)


class OfferOutput(serializers.Serializer[Any]):
    """One seller's offer; the price is without shipping."""

    seller_id = serializers.CharField(allow_null=True)
    seller_name = serializers.CharField(allow_null=True)
    condition = serializers.CharField(allow_null=True)
    price = MoneyOutput(allow_null=True)
    shipping = MoneyOutput(allow_null=True)
    is_fba = serializers.BooleanField(allow_null=True)
    is_prime = serializers.BooleanField(allow_null=True)
    is_buy_box = serializers.BooleanField(allow_null=True)
    seen_at = serializers.DateTimeField(allow_null=True)


class ReviewOutput(serializers.Serializer[Any]):
    """What one customer wrote; the rating is 0 to 5."""

    rating = serializers.CharField(allow_null=True)
    title = serializers.CharField(allow_null=True)
    body = serializers.CharField(allow_null=True)
    author = serializers.CharField(allow_null=True)
    is_verified = serializers.BooleanField(allow_null=True)
    helpful_count = serializers.IntegerField(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)


class SourceOutput(serializers.Serializer[Any]):
    """Who said it, and when it was asked."""

    provider = serializers.CharField()
    fetched_at = serializers.DateTimeField()


class ProductOutput(serializers.Serializer[Any]):
    """What is known about one ASIN in one marketplace. Null is "not known", or not asked for."""

    asin = serializers.CharField()
    marketplace = serializers.CharField()
    title = serializers.CharField(allow_null=True)
    brand = serializers.CharField(allow_null=True)
    manufacturer = serializers.CharField(allow_null=True)
    description = serializers.CharField(allow_null=True)
    bullets = serializers.ListField(child=serializers.CharField(), allow_null=True)
    images = ImageOutput(many=True, allow_null=True, help_text="The main picture first.")
    categories = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Root first."
    )
    product_type = serializers.CharField(allow_null=True)
    url = serializers.CharField(allow_null=True)
    parent_asin = serializers.CharField(allow_null=True)
    variation_asins = serializers.ListField(child=serializers.CharField(), allow_null=True)
    price = MoneyOutput(allow_null=True, help_text="What a buyer pays now, without shipping.")
    list_price = MoneyOutput(allow_null=True)
    availability = serializers.CharField(allow_null=True)
    rating = serializers.CharField(allow_null=True, help_text="0 to 5, as a decimal string.")
    rating_count = serializers.IntegerField(allow_null=True)
    rank = RankOutput(allow_null=True, help_text="In the product's main category.")
    ranks = RankOutput(many=True, allow_null=True)
    identifiers = IdentifiersOutput(allow_null=True)
    monthly_sold = serializers.IntegerField(allow_null=True)
    item = MeasurementsOutput(allow_null=True)
    package = MeasurementsOutput(allow_null=True)
    offer_count = serializers.IntegerField(allow_null=True)
    offers = OfferOutput(many=True, allow_null=True, help_text="Null unless asked for and delivered.")
    reviews = ReviewOutput(many=True, allow_null=True, help_text="Null unless asked for and delivered.")
    provenance = serializers.DictField(
        child=SourceOutput(), help_text="For each field, who said it and when."
    )
    freshness = serializers.ChoiceField(["fresh", "cached", "stale"], help_text="A stale answer is free.")
    fetched_at = serializers.DateTimeField()
    age_seconds = serializers.IntegerField()
    sample = serializers.BooleanField(help_text="Invented by the built-in stand-in, not said by Amazon.")

    def to_representation(self, instance: Answer) -> dict[str, Any]:
        """Return the answer in this form, in one pass: the renderer writes the nested facts as they are.

        The context says which `parts` were asked for and whether `images` are wanted.
        """
        product = cast(ProductData, instance.product)  # without one, the lookup has raised ProductNotFound
        hidden = unasked(self.context["parts"], images=self.context["images"])
        shown = {name: None if name in hidden else getattr(product, name) for name in SHOWN}
        return {
            **shown,
            "provenance": provenance(product, {name for name, value in shown.items() if value is not None}),
            "freshness": FRESHNESS[instance.freshness],
            "fetched_at": instance.fetched_at,
            "age_seconds": age(instance),
            "sample": product.is_sample,
        }


class LookupOutput(serializers.Serializer[Any]):
    """The answer to a lookup and what it cost."""

    status = serializers.ChoiceField(["success"])
    credits_used = serializers.IntegerField(help_text="Credits taken for this answer.")
    data = ProductOutput()  # type: ignore[assignment]  # the name of a property of serializers
    request_id = serializers.CharField()


class ObservationOutput(serializers.ModelSerializer[Observation]):
    """From `observed_at` on, the series had this value; null: from then on there was none."""

    value = serializers.CharField(allow_null=True, help_text="A decimal string.")
    currency = serializers.SerializerMethodField(help_text="Of money; else null.")

    class Meta:
        model = Observation
        fields = ("series", "observed_at", "value", "currency", "provider")

    def get_currency(self, observation: Observation) -> str | None:
        """Return the currency of an amount of money."""
        return observation.currency or None


def unasked(parts: frozenset[Part], *, images: bool) -> set[str]:
    """Return the names of the fields that were not asked for."""
    names = {name for part, of_part in PART_FIELDS.items() if part not in parts for name in of_part}
    return names if images else names | {"images"}


def provenance(product: ProductData, names: set[str]) -> dict[str, dict[str, Any]]:
    """Return who told each of these fields. Fields of one source share one entry."""
    entries: dict[Source, dict[str, Any]] = {}
    told = {}
    for name, source in product.provenance.items():
        if name in names:
            told[name] = entries.setdefault(
                source, {"provider": source.provider, "fetched_at": source.fetched_at}
            )
    return told


def age(answer: Answer) -> int:
    """Return how many seconds ago the upstreams were asked."""
    return max(0, int((timezone.now() - answer.fetched_at).total_seconds()))
