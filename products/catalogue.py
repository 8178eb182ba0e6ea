"""What there is to buy and where: read from the same tables that charge and that look up."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from credits.prices import packages
from credits.serializers import PackageOutput
from providers.marketplaces import MARKETPLACES

OPERATIONS = {
    "product.lookup": "What is known about one ASIN in one marketplace.",
    "product.offers": "All sellers' offers, in addition to a lookup.",
    "product.reviews": "Top reviews, in addition to a lookup.",
    "conversion.fnsku": "The ASIN behind an FNSKU, with a confidence that is a probability.",
}
FREE = (
    "An answer that fails, whatever the reason.",
    "A product that does not exist.",
    "A request that is not valid.",
    "Offers or reviews that were asked for and not delivered.",
    "A conversion that your own data answers, of a code that is an ASIN, or less sure than you ask for.",
    "The same conversion again within a year.",
    "An answer from the store that is marked stale, given because no upstream answered.",
    "What a code is.",
    "History, marketplaces, prices, and everything about your account.",
)


class MarketplaceOutput(serializers.Serializer[Any]):
    """One country's Amazon."""

    code = serializers.CharField()
    aliases = serializers.ListField(
        child=serializers.CharField(), help_text="Other codes that are understood."
    )
    marketplace_id = serializers.CharField()
    name = serializers.CharField()
    region = serializers.CharField()
    domain = serializers.CharField()
    currency = serializers.CharField()
    languages = serializers.ListField(child=serializers.CharField(), help_text="The default one first.")


class MarketplacesOutput(serializers.Serializer[Any]):
    """All of them."""

    status = serializers.ChoiceField(["success"])
    data = MarketplaceOutput(many=True)  # type: ignore[assignment]  # a property of serializers
    request_id = serializers.CharField()


class OperationOutput(serializers.Serializer[Any]):
    """One thing that is sold."""

    operation = serializers.CharField()
    credits = serializers.IntegerField()
    description = serializers.CharField()


class PricesOutput(serializers.Serializer[Any]):
    """What things cost, and what costs nothing."""

    operations = OperationOutput(many=True)
    packages = PackageOutput(many=True)
    welcome_credits = serializers.IntegerField(help_text="What a new account starts with.")
    free = serializers.ListField(child=serializers.CharField())


class PricingOutput(serializers.Serializer[Any]):
    """The price list."""

    status = serializers.ChoiceField(["success"])
    data = PricesOutput()  # type: ignore[assignment]  # a property of serializers
    request_id = serializers.CharField()


def marketplaces() -> list[dict[str, Any]]:
    """Return the marketplaces in the order of their table."""
    return [
        {
            "code": place.code,
            "aliases": ["GB"] if place.code == "UK" else [],
            "marketplace_id": place.id,
            "name": place.name,
            "region": place.region,
            "domain": place.domain,
            "currency": place.currency,
            "languages": place.languages,
        }
        for place in MARKETPLACES.values()
    ]


def pricing() -> dict[str, Any]:
    """Return the prices that are charged, the packages that are sold, and what is free."""
    return {
        "operations": [
            {"operation": operation, "credits": credits, "description": OPERATIONS[operation]}
            for operation, credits in settings.CREDIT_PRICES.items()
        ],
        "packages": packages(),
        "welcome_credits": settings.WELCOME_CREDITS,
        "free": list(FREE),
    }
