"""Where Checkout may send a buyer back to: our own origins. Nobody borrows our name to lead elsewhere."""

import re
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from django.conf import settings
from django.urls import reverse

PLAIN = re.compile(r"[!-\[\]-~]+", re.ASCII)  # no backslash: browsers take it for a /
PORTS = {"http": 80, "https": 443}
SESSION = "session_id={CHECKOUT_SESSION_ID}"  # Stripe puts the id there
Origin = tuple[str, str | None, int | None]


def own_address(text: str) -> str:
    """Return an address on one of our own origins as it is. Raises ValueError for any other."""
    elsewhere = ValueError(f"This must be an address below {settings.PUBLIC_URL}/.")
    if not PLAIN.fullmatch(text):
        raise elsewhere
    try:
        parts = urlsplit(text)
        if "@" in parts.netloc or origin_of(parts) not in own_origins():
            raise elsewhere
    except ValueError:
        raise elsewhere from None
    return text


def own_origins() -> set[Origin]:
    """Return the origins that are ours: how people reach this install, and whose forms are taken."""
    named = [settings.PUBLIC_URL, *(one for one in settings.CSRF_TRUSTED_ORIGINS if "*" not in one)]
    return {origin_of(urlsplit(one)) for one in named}


def origin_of(parts: SplitResult) -> Origin:
    """Return scheme, host and port. Raises ValueError for a port that is none."""
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)


def with_session(address: str) -> str:
    """Return the address with the session's id in its query, by which the purchase is found there."""
    if SESSION in address:
        return address
    rest, mark, fragment = address.partition("#")
    return f"{rest}{'&' if '?' in rest else '?'}{SESSION}{mark}{fragment}"


def pay_url(order_id: UUID) -> str:
    """Return the address of the page on which to pay for a top-up that failed. Nobody can guess it."""
    return settings.PUBLIC_URL + reverse("billing_pages:pay", args=[order_id])
