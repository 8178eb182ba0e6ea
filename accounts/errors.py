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
    """An API key that is mistyped, unknown, revoked, expired, or of a disabled account."""


class InvalidVerification(AccountsError):
    """The token of a verification mail that is not, or no longer, good."""

    def __init__(self) -> None:
        super().__init__("This verification token is not valid any more. Sign up again to get another.")


class SessionRequired(AccountsError):
    """Something that ends or changes a session was asked for with an API key."""

    def __init__(self) -> None:
        super().__init__("This call needs the access token of a session; an API key has none to end.")


class InvalidEmail(AccountsError, ValueError):
    """A text that cannot be read as an e-mail address."""


class RateLimited(AccountsError):
    """Tried too often. `retry_after` is in whole seconds, at least 1."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts. Try again in {retry_after} seconds.")
        self.retry_after = retry_after
