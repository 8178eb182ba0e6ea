"""What a call is made with: what its headers claim, and what it is once it was let in."""

import uuid
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["session", "key"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What the headers of a call claim, read from them alone; nothing of it is believed yet.

    `id` names the session or is the prefix of the key. `proof` is what must agree with what is kept: the
    version of the user that the token names, or the hash of the key. No claim holds a whole key.
    """

    kind: Kind
    id: str
    proof: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """Where Redis remembers who is behind it."""
        return f"pallet:principal:{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Credential:
    """What the call was made with. `cap` is the key's id when the ledger keeps a spending limit for it.

    `scopes` says what it may be used for; None is everything, as for the session of a person.
    """

    kind: Kind
    id: uuid.UUID
    cap: uuid.UUID | None = None
    scopes: frozenset[str] | None = None
