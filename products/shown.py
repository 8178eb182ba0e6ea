"""A product as a lookup tells it, for other apps: they find this by the setting PRODUCT_SHOWN."""

from typing import Any

from products.shapes import FRESHNESS, PLAIN, facts
from providers.base import Answer


def shown(answer: Answer) -> dict[str, Any]:
    """Return what a plain lookup would tell of this answer. ValueError where there is no product."""
    if answer.product is None:
        raise ValueError("there is no product to show")
    told = facts(answer.product, answer.fetched_at, PLAIN)
    return {**told, "freshness": FRESHNESS[answer.freshness], "age_seconds": answer.age}
