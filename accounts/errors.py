"""What can go wrong while finding out who is calling. None of these know HTTP; config/errors.py does."""


class AccountsError(Exception):
    """Ground of all errors of this app. The text is for people and never holds a secret."""


class InvalidCredentials(AccountsError):
    """E-mail address and password do not fit an open account. More is not said, so nothing is learned."""

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is not right.")


class InvalidToken(AccountsError):
    """An access or refresh token that is not, or no longer, good. The text says in what way."""


class TokenReused(AccountsError):
    """A refresh token came a second time: it may have been stolen, so its whole session has been ended."""

    def __init__(self) -> None:
        super().__init__(
            "This refresh token was used before. The session has been ended for safety: log in again."
        )


class InvalidKey(AccountsError):
    """An API key that is mistyped, unknown, or of a disabled account."""


class KeyRevoked(InvalidKey):
    """An API key that was revoked, or whose secret was replaced by another."""


class KeyExpired(InvalidKey):
    """An API key whose time is over."""


class IPNotAllowed(AccountsError):
    """An API key that is bound to addresses came from another one."""

    def __init__(self, address: str) -> None:
        place = f"from {address}" if address else "from an address that is not known"
        super().__init__(f"This API key may not be used {place}.")
        self.address = address or None


class ScopeMissing(AccountsError):
    """An API key was used for something that is not among its scopes."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"This API key does not have the scope {scope}.")
        self.scope = scope


class KeyEscalation(AccountsError):
    """An API key was used to make, change or reroll one that reaches further than itself."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"The key this was asked with may hand on no more than it has. {reason}")
        self.field = field


class KeyHasEnded(AccountsError):
    """An API key that has ended was to be changed or rerolled."""

    def __init__(self, status: str) -> None:
        super().__init__(f"This API key is {status}, and stays as it is: make a new one.")


class TooManyKeys(AccountsError):
    """A user has as many API keys as one may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"There are {limit} API keys already, the most one account may have: revoke one.")
        self.limit = limit


class UnknownKey(AccountsError):
    """There is no API key with this id, or it belongs to somebody else."""

    def __init__(self) -> None:
        super().__init__("There is no such API key.")


class InvalidVerification(AccountsError):
    """The token of a verification mail that is not, or no longer, good."""

    def __init__(self) -> None:
        super().__init__("This verification token is not valid any more. Sign up again to get another.")


class SessionRequired(AccountsError):
    """Something that no API key may do was asked for with one."""

    def __init__(self) -> None:
        super().__init__("This call is for people who are logged in: it needs the access token of a session.")


class InvalidEmail(AccountsError, ValueError):
    """A text that cannot be read as an e-mail address."""


class RateLimited(AccountsError):
    """Tried too often. `retry_after` is in whole seconds, at least 1."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts. Try again in {retry_after} seconds.")
        self.retry_after = retry_after
