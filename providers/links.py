"""Find the product code in the address of an Amazon page. Pure."""

import re
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import unquote

from providers.marketplaces import MARKETPLACES

# Shown by Amazon's share buttons; where they lead is known only to the server behind them.
_SHORTENERS = frozenset({"a.co", "amzn.to", "amzn.eu", "amzn.asia", "amzn.com", "amzn.in"})
_DOMAINS = (*(place.domain for place in MARKETPLACES.values()), "amazon.cn")
# What stands before the code: /dp/, /gp/product/, /gp/aw/d/, /gp/offer-listing/, /exec/obidos/ASIN/, ?asin=
_MARKERS = frozenset({"dp", "d", "product", "asin", "offer-listing", "product-reviews"})
_LINK = re.compile(r"://|^www\.|^(?:[a-z-]+\.)*(?:amazon\.|amzn\.|a\.co/)|(?:^|/)(?:dp|gp)/", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z0-9]{10}")


class UnreadableLink(ValueError):
    """The address holds no product code; the message says what to send instead."""


@dataclass(frozen=True, slots=True)
class Link:
    """A product code and the site it was found on ("" where only a path was given)."""

    host: str
    code: str


def is_link(text: str) -> bool:
    """Say whether the text is meant as an address and not as a code."""
    return _LINK.search(text) is not None


def read_link(text: str) -> Link:
    """Return the product code an address carries; raises UnreadableLink.

    The address is never fetched. Percent-encoding is undone first, so that the product behind a
    sponsored link (/sspa/click?url=%2Fdp%2F...) is found too.
    """
    host, path = _split(text)
    if host in _SHORTENERS:
        raise UnreadableLink(
            "This is a shortened link: open it, and send the address that your browser then shows."
        )
    if host and not _is_amazon(host):
        raise UnreadableLink(f"This is a link to {host[:60]!r}, not to an Amazon product page.")
    words = [word.strip() for word in re.split(r"[/?#&=;]", unquote(path))]
    for marker, word in pairwise(words):
        if marker.lower() in _MARKERS and _CODE.fullmatch(word):
            return Link(host, word.upper())
    raise UnreadableLink(
        "This link holds no ASIN: open the product's own page, whose address has one after /dp/."
    )


def _split(text: str) -> tuple[str, str]:
    """Cut an address into its host (lower case, no port, no user) and the rest."""
    address = text.partition("://")[2] if "://" in text else text
    first, _, rest = re.sub(r"[?#]", "/", address, count=1).partition("/")
    if "." not in first and "://" not in text:
        return "", address
    return first.rpartition("@")[2].partition(":")[0].lower(), rest


def _is_amazon(host: str) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in _DOMAINS)
