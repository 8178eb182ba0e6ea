"""What a key may do, and the law that no key makes one that may do more than itself."""

from dataclasses import dataclass
from datetime import datetime

from accounts.client_address import Network
from accounts.errors import KeyEscalation
from accounts.models import APIKey
from accounts.networks import are_within, network_of


@dataclass(frozen=True, slots=True)
class Rights:
    """How far a key reaches. Without networks it may be used from anywhere."""

    scopes: frozenset[str]
    networks: tuple[Network, ...]
    expires_at: datetime | None

    def check(self, wanted: "Rights") -> None:
        """Raise KeyEscalation when the other rights reach further than these."""
        if more := sorted(wanted.scopes - self.scopes):
            raise KeyEscalation("scopes", f"It does not have {', '.join(more)} itself.")
        if self.networks and not (wanted.networks and are_within(wanted.networks, self.networks)):
            raise KeyEscalation("allowed_ips", "It is bound to addresses itself, and these lie outside.")
        if self.expires_at and (wanted.expires_at is None or wanted.expires_at > self.expires_at):
            raise KeyEscalation("expires_at", "It ends itself, and earlier.")


def rights_of(key: APIKey) -> Rights:
    """Return how far this key reaches now."""
    return Rights(
        scopes=frozenset(key.scopes),
        networks=tuple(network_of(text) for text in key.allowed_ips),
        expires_at=key.expires_at,
    )


@dataclass(frozen=True, slots=True)
class Actor:
    """The key with which somebody manages keys, as it was before."""

    key: APIKey
    rights: Rights

    def check(self, key: APIKey, *, touches_cap: bool) -> None:
        """Raise KeyEscalation when the key, as it is or as it shall be, reaches further than the actor.

        An actor with a cap may handle no cap but leave its own alone: each further key would have one of its
        own to spend.
        """
        self.rights.check(rights_of(key))
        if self.key.has_cap and (touches_cap or key.pk != self.key.pk):
            raise KeyEscalation("cap", "It has a spending cap itself, and another key would not count to it.")


def actor_of(key: APIKey) -> Actor:
    """Return the key as somebody who acts."""
    return Actor(key, rights_of(key))
