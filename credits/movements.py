"""Plain values that the verbs take and give: what is asked for, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from credits.models import KEY_LENGTH, OPERATION_LENGTH, REFERENCE_LENGTH

MOST = 10**15  # credits in one movement; far below what a bigint sum can hold


class Owner(Protocol):
    """Whoever has a wallet: anything with the primary key of a user."""

    @property
    def pk(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Charge:
    """Credits to be taken: `amount` of them from `wallet`, at most once for `key`."""

    wallet: UUID
    amount: int
    operation: str
    key: str
    reference: str = ""
    cap: UUID | None = None
    metadata: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        """Refuse what the database would, before it can spoil a group. Raises ValueError."""
        check_amount(self.amount)
        check_terms(self.operation, self.key, self.reference)


class Movement(NamedTuple):
    """An entry was committed: `amount` is signed; `balance` and `available` are the wallet's afterwards."""

    key: str
    amount: int
    balance: int
    available: int


class SetAside(NamedTuple):
    """A hold was made; `available` is what can still be spent beside it."""

    hold: UUID
    amount: int
    available: int


class LetGo(NamedTuple):
    """A hold has ended by letting `amount` credits go; `available` can be spent now."""

    amount: int
    available: int


def check_amount(amount: int) -> None:
    """Amounts are positive whole credits. Raises ValueError."""
    if type(amount) is not int or not 0 < amount <= MOST:
        raise ValueError(f"an amount is a whole number of credits from 1 to {MOST}, not {amount!r}")


def check_terms(operation: str, key: str, reference: str) -> None:
    """Names that fit their columns. Raises ValueError."""
    for name, text, longest in (
        ("operation", operation, OPERATION_LENGTH),
        ("key", key, KEY_LENGTH),
        ("reference", reference, REFERENCE_LENGTH),
    ):
        if len(text) > longest or "\0" in text:
            raise ValueError(f"{name} has at most {longest} characters and no NUL: {text[:50]!r}")
    if not key or not operation:
        raise ValueError("an entry has a key and an operation")
