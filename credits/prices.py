"""What things cost: data from the settings, the same table for the price list and for what is charged."""

from typing import Any

from django.conf import settings


def price_of(operation: str) -> int:
    """Credits that one `operation` costs (CREDIT_PRICES). Raises LookupError where there is no price."""
    try:
        price: int = settings.CREDIT_PRICES[operation]
    except KeyError:
        raise LookupError(f"{operation!r} has no price in CREDIT_PRICES") from None
    return price


def packages() -> list[dict[str, Any]]:
    """The packs of credits for sale: id, credits, price_cents, currency."""
    return [dict(package) for package in settings.CREDIT_PACKAGES]
