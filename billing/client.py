"""The one door to Stripe: a client of the pinned API version, at the address that the settings name.

Where the offline checkout is on, the stand-in of `billing/offline` is behind it.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from api.connections import give_back_connection
from billing.errors import CheckoutNotOffered, PaymentsUnavailable
from billing.offline.edge import OfflineEdge
from billing.offline.guard import is_on

log = logging.getLogger(__name__)
TIMEOUT = 8  # seconds; a request of ours is repeated once, with the same Idempotency-Key


def client() -> stripe.StripeClient:
    """Return the client for these settings; connections are kept. Its methods raise stripe.StripeError."""
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_VERSION, settings.STRIPE_API_URL, is_on())


@lru_cache(maxsize=8)
def _client(key: str, version: str, address: str, is_offline: bool) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        stripe_version=version,
        base_addresses={"api": address},
        max_network_retries=1,
        http_client=_transport(is_offline),
    )


def transport() -> stripe.HTTPClient:
    """Return what carries calls: HTTP, or the stand-in. One for each, which keeps its connections."""
    return _transport(is_on())


@lru_cache(maxsize=2)
def _transport(is_offline: bool) -> stripe.HTTPClient:
    return OfflineEdge() if is_offline else stripe.RequestsClient(timeout=TIMEOUT)


def plain(found: Any) -> dict[str, Any]:
    """Return an object of Stripe's as dictionaries and lists."""
    told: dict[str, Any] = found.to_dict()
    return told


@contextmanager
def asking(what: str) -> Iterator[stripe.StripeClient]:
    """Ask Stripe on somebody's behalf, with no database connection kept meanwhile.

    Raises CheckoutNotOffered without an account at Stripe, PaymentsUnavailable for whatever Stripe says.
    """
    if not settings.STRIPE_SECRET_KEY:
        raise CheckoutNotOffered
    give_back_connection()
    try:
        yield client()
    except stripe.StripeError as error:
        log.warning("%s: %s", what, told_by(error))
        raise PaymentsUnavailable from None


def told_by(error: stripe.StripeError) -> str:
    """Return what may be logged of an error: its class, code and request, for its text may quote anything."""
    return f"{type(error).__name__} {error.http_status} {error.code} {error.request_id}"
