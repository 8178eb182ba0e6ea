"""A task that asks an upstream, for workers that a test starts."""

from celery import shared_task

from providers.base import Part
from providers.keepa.provider import KeepaProvider


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def ask_upstream(url: str, asin: str) -> None:
    """Ask the Keepa at this address for a product."""
    keepa = KeepaProvider(api_key="key", base_url=url)
    keepa.products([asin], marketplace="US", parts=frozenset({Part.CORE}))
