"""One notion of the client's address, for limits, audit and logs alike.

X-Forwarded-For is believed only when the peer is in settings.TRUSTED_PROXIES (a list of networks, empty by
default), and then only as far as those proxies wrote it: read from the right, the first entry that is not
one of them is the client. No other header is looked at.
"""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Client:
    """Where a call came from: an address (empty when unknown) and what the program calls itself."""

    address: str = ""
    user_agent: str = ""


NOWHERE = Client()  # a command or the shell


def client_of(request: HttpRequest) -> Client:
    """Return who sent this request, as far as the connection tells."""
    name = "".join(filter(str.isprintable, request.META.get("HTTP_USER_AGENT", "")))
    return Client(address=client_address(request), user_agent=name[:200])


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address as text, or "" when the connection has none (a Unix socket)."""
    peer = parse(request.META.get("REMOTE_ADDR", ""))
    if peer is None:
        return ""
    trusted = networks(tuple(settings.TRUSTED_PROXIES))
    nearest = peer
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not is_in(nearest, trusted):
            break
        before = parse(hop)
        if (
            before is None
        ):  # nothing, or not an address: what stands further left was not written by a proxy of ours
            break
        nearest = before
    return str(nearest)


def address_group(address: str) -> str:
    """Return what limits are counted by: an IPv4 address itself, the /64 network of an IPv6 address.

    Whoever has one IPv6 address has the 2**64 addresses of its network.
    """
    parsed = parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((parsed, 64), strict=False))
    return str(parsed or "unknown")


def parse(text: str) -> Address | None:
    """Return the address in one entry of the header, with or without a port; None when there is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_in(address: Address, group: tuple[Network, ...]) -> bool:
    """Say whether one of the networks holds the address."""
    return any(address in network for network in group)


@lru_cache(maxsize=8)
def networks(cidrs: tuple[str, ...]) -> tuple[Network, ...]:
    """Return the networks written in the setting. Raises ValueError when one of them is none."""
    return tuple(ipaddress.ip_network(cidr.strip()) for cidr in cidrs)
