"""Lists of addresses and networks that a key may be used from. Pure functions."""

import ipaddress
from collections.abc import Iterable

from accounts.client_address import Network

MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")  # IPv4 addresses as some sockets write them


def network_of(text: str) -> Network:
    """Return the network that an address or CIDR stands for. Raises ValueError.

    Bits beyond the length of the network are dropped; an IPv4 network in IPv6 clothes is IPv4.
    """
    if "%" in text:
        raise ValueError("an address of one machine's own network interface")
    network = ipaddress.ip_network(text.strip(), strict=False)
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(MAPPED):
        plain = network.network_address.ipv4_mapped
        return ipaddress.IPv4Network((int(plain or 0), network.prefixlen - 96))
    return network


def canonical(text: str) -> str:
    """Return the one spelling of an address or network. Raises ValueError."""
    network = network_of(text)
    is_one = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if is_one else str(network)


def in_order(texts: Iterable[str]) -> list[str]:
    """Return canonical texts, each once: IPv4 first, then by address."""
    return sorted(set(texts), key=lambda text: sort_key(network_of(text)))


def sort_key(network: Network) -> tuple[int, int, int]:
    """Return what the order goes by."""
    return network.version, int(network.network_address), network.prefixlen


def allows(networks: Iterable[Network], address: str) -> bool:
    """Say whether one of the networks holds the address; one that is not known is in none."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(known in network for network in networks)


def are_within(inner: Iterable[Network], outer: Iterable[Network]) -> bool:
    """Say whether each of the inner networks lies in one of the outer ones."""
    fences = list(outer)
    return all(any(lies_in(network, fence) for fence in fences) for network in inner)


def lies_in(inner: Network, outer: Network) -> bool:
    """Say whether all addresses of one network are in the other."""
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False
