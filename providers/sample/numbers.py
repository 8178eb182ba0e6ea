"""Numbers that look random and never change: each is drawn from the keys it is asked for with. Pure."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def draw(*keys: object) -> float:
    """Return a number from 0 up to, not including, 1; equal keys give the same one in every process."""
    digest = blake2b("|".join(map(str, keys)).encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def between(low: int, high: int, *keys: object) -> int:
    """Return a whole number from `low` to `high`, both included."""
    return low + int(draw(*keys) * (high - low + 1))


def pick(options: Sequence[T], *keys: object) -> T:
    """Return one of the options."""
    return options[int(draw(*keys) * len(options))]
