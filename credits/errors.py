"""What can be refused, in the ledger's own words; none of these knows HTTP."""

from datetime import datetime
from uuid import UUID


class CreditsError(Exception):
    """The ledger refused, and the wallet is as it was."""


class InsufficientCredits(CreditsError):
    """More was asked for than the wallet can spend."""

    def __init__(self, required: int, available: int) -> None:
        self.required = required
        self.available = available
        super().__init__(f"This costs {counted(required)}, and {counted(available)} can be spent.")


class CapReached(CreditsError):
    """The spending cap does not allow it until `resets_at`; None: not until its limit is raised."""

    def __init__(self, cap: UUID, limit: int, available: int, resets_at: datetime | None) -> None:
        self.cap = cap
        self.limit = limit
        self.available = available
        self.resets_at = resets_at
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """What is said to people."""
        return f"The spending cap of {counted(self.limit)} has {self.available} left."


class CapMissing(CapReached):
    """The spending cap that was named is not there; until it is set again, nothing is allowed."""

    def __init__(self, cap: UUID) -> None:
        super().__init__(cap, 0, 0, None)

    def sentence(self) -> str:
        """What is said to people."""
        return "The spending cap of this key is missing. Set it again, or take it off the key."


class DuplicateEntry(CreditsError):
    """This key has been used: what it stands for has been done."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"The key {key} has been used before.")


class HoldClosed(CreditsError):
    """The hold has ended (captured, released or past its time), or there never was one."""

    def __init__(self, hold: UUID) -> None:
        self.hold = hold
        super().__init__(f"The hold {hold} is not open.")


class HoldExceeded(CreditsError):
    """More was to be captured than the hold still sets aside."""

    def __init__(self, hold: UUID, asked: int, remaining: int) -> None:
        self.hold = hold
        self.asked = asked
        self.remaining = remaining
        super().__init__(f"The hold {hold} has {counted(remaining)} left, fewer than {asked}.")


class UnknownCharge(CreditsError):
    """No charge has this key."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"There is no charge {key}.")


class RefundExceedsCharge(CreditsError):
    """More was to be given back than the charge took and has not given back yet."""

    def __init__(self, charge: str, asked: int, refundable: int) -> None:
        self.charge = charge
        self.asked = asked
        self.refundable = refundable
        super().__init__(f"Of the charge {charge}, {counted(refundable)} can be refunded, not {asked}.")


def counted(credits: int) -> str:
    """A number of credits in words."""
    return "1 credit" if credits == 1 else f"{credits} credits"


class MaxCreditsExceeded(Exception):
    """The call may cost more than the caller allowed. Costs nothing."""

    def __init__(self, quoted: int, max_credits: int) -> None:
        self.quoted = quoted
        self.max_credits = max_credits
        super().__init__(f"This may cost {quoted}, and max_credits allows {max_credits}.")
