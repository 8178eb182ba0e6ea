"""Numbers that look random and never change: each is drawn from the keys it is asked for with. Pure."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def draw(*keys: object) -> float:
    """Return a number from 0 up to, not including, 1; equal keys give the same one in every process."""
    return _as_share(blake2b("|".join(map(str, keys)).encode(), digest_size=8).digest())


def draws(*keys: object, last: Iterable[object]) -> list[float]:
    """Return what `draw` gives for these keys and each of the last ones; what they share is read once."""
    shared = blake2b("".join(f"{key}|" for key in keys).encode(), digest_size=8)
    found = []
    for key in last:
        whole = shared.copy()
        whole.update(str(key).encode())
        found.append(_as_share(whole.digest()))
    return found


def _as_share(digest: bytes) -> float:
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def between(low: int, high: int, *keys: object) -> int:
    """Return a whole number from `low` to `high`, both included."""
    return low + int(draw(*keys) * (high - low + 1))


def pick(options: Sequence[T], *keys: object) -> T:
    """Return one of the options."""
    return options[int(draw(*keys) * len(options))]
