"""What the calls of this app give. The declared fields are the contract; tests hold the answers to them."""

from typing import Any

from rest_framework import serializers

from products.models import Observation


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


class ClaimOutput(SourceOutput):
    """Who says otherwise, and what: of the field's own kind."""

    value = serializers.JSONField()


class ProductOutput(serializers.Serializer[Any]):
    """What is known about one ASIN in one marketplace. Null is "not known", or not asked for.

    `fields` of the request leaves out all but those, and what says which answer this is.
    """

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
    conflicts = serializers.DictField(
        child=serializers.ListField(child=ClaimOutput()),
        help_text="The fields in which upstreams contradict each other: who says otherwise than the answer.",
    )
    freshness = serializers.ChoiceField(["fresh", "cached", "stale"], help_text="A stale answer is free.")
    fetched_at = serializers.DateTimeField()
    age_seconds = serializers.IntegerField()
    sample = serializers.BooleanField(help_text="Invented by the built-in stand-in, not said by Amazon.")


class LookupOutput(serializers.Serializer[Any]):
    """The answer to a lookup and what it cost."""

    status = serializers.ChoiceField(["success"])
    credits_used = serializers.IntegerField(help_text="Credits taken for this answer.")
    data = ProductOutput()  # type: ignore[assignment]  # the name of a property of serializers
    request_id = serializers.CharField()


class QuoteOutput(serializers.Serializer[Any]):
    """What a lookup would cost."""

    operation = serializers.CharField()
    asin = serializers.CharField()
    marketplace = serializers.CharField()
    quoted = serializers.IntegerField(help_text="The most that this lookup takes, in credits.")
    available = serializers.IntegerField(help_text="Credits you can spend now, with this key.")
    is_affordable = serializers.BooleanField()


class DryRunOutput(serializers.Serializer[Any]):
    """The answer to a dry run, which costs nothing and asks no upstream."""

    status = serializers.ChoiceField(["success"])
    credits_used = serializers.IntegerField(min_value=0, max_value=0)
    dry_run = serializers.BooleanField(help_text="Always true.")
    data = QuoteOutput()  # type: ignore[assignment]  # the name of a property of serializers
    request_id = serializers.CharField()


class ObservationOutput(serializers.ModelSerializer[Observation]):
    """From `observed_at` on, the series had this value; null: from then on there was none."""

    value = serializers.CharField(allow_null=True, help_text="A decimal string.")
    currency = serializers.SerializerMethodField(help_text="Of money; else null.")

    class Meta:
        model = Observation
        fields: tuple[str, ...] = ("series", "observed_at", "value", "currency", "provider")

    def get_currency(self, observation: Observation) -> str | None:
        """Return the currency of an amount of money."""
        return observation.currency or None


class HistoryPointOutput(ObservationOutput):
    """One observation, and with a resolution what else was observed in its hour, day or week."""

    period = serializers.DateTimeField(
        required=False, help_text="With a resolution: when the hour, day or week begins."
    )
    min = serializers.CharField(
        source="lowest",
        required=False,
        allow_null=True,
        help_text="With a resolution, of money: the lowest amount observed in it; else null.",
    )
    max = serializers.CharField(
        source="highest",
        required=False,
        allow_null=True,
        help_text="With a resolution, of money: the highest amount observed in it; else null.",
    )

    class Meta(ObservationOutput.Meta):
        fields = (*ObservationOutput.Meta.fields, "period", "min", "max")
