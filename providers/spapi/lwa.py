"""Login with Amazon: an access token for an hour, in exchange for the seller's refresh token.

A process keeps its token until shortly before it ends. Whoever needs one while it is being fetched waits for
that exchange instead of making another.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from providers import deadline
from providers.attempts import Observer, announce
from providers.breaker import Health
from providers.clock import CLOCK, Clock
from providers.errors import ErrorClass, ProviderError
from providers.http import Call, HTTPClient, Manners, Patience, Reply, refusal
from providers.transport import Secret
from providers.turns import turns

URL = "https://api.amazon.com"
OPERATION = "token"
LIFETIME = 3600  # seconds, where an answer does not say
MARGIN = 30  # seconds before its end in which a token is no longer used
RETRYABLE = ("server_error", "temporarily_unavailable")  # of Amazon's eight codes
_TOKEN = re.compile(r"[\x21-\x7e]{1,2048}")


@dataclass(frozen=True, slots=True, eq=False)
class AccessToken:
    """A token and the Unix time from which on it is not used. Two are the same only if they are one."""

    value: Secret
    ends_at: float


class Tokens:
    """The access token of one seller's grant."""

    def __init__(
        self,
        provider: str,
        *,
        grant: Mapping[str, str | Secret],
        credential: str,
        base_url: str = URL,
        patience: Patience | None = None,
        observe: Observer = announce,
        clock: Clock = CLOCK,
    ) -> None:
        """`grant` is the form's client_id, client_secret and refresh_token."""
        self._form = {"grant_type": "refresh_token", **grant}
        self._clock = clock
        self._patience = patience or Patience()
        self._token: AccessToken | None = None
        self._exchanging = threading.Lock()
        self._client = HTTPClient(
            provider,
            base_url,
            credential=credential,
            manners=Manners(refused=_refusal),
            patience=self._patience,
            observe=observe,
            clock=clock,
        )

    def current(self) -> AccessToken:
        """Return a token that is good for now; raises ProviderError."""
        return self._token_unless(lambda token: self._clock.now() >= token.ends_at)

    def instead_of(self, refused: AccessToken) -> AccessToken:
        """Return another token than the one that was refused; raises ProviderError."""
        return self._token_unless(lambda token: token is refused or self._clock.now() >= token.ends_at)

    def health(self) -> list[Health]:
        """Return how the exchange fares."""
        return self._client.health(OPERATION)

    def _token_unless(self, is_spent: Callable[[AccessToken], bool]) -> AccessToken:
        """Return the token at hand unless it is spent; then a new one, exchanged by one thread for all."""
        token = self._token
        if token is not None and not is_spent(token):
            return token
        with self._alone():
            token = self._token
            if token is None or is_spent(token):
                token = self._token = self._exchange()
            return token

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads out of the block; raises ProviderError when they keep us out for too long.

        The turn goes back first: whoever holds the lock may be waiting for it.
        """
        with turns.given_back():
            if not self._exchanging.acquire(timeout=min(self._patience.total, deadline.left())):
                raise ProviderError("no token in time", retryable=False, reason=ErrorClass.TIMEOUT)
            try:
                yield
            finally:
                self._exchanging.release()

    def _exchange(self) -> AccessToken:
        now = self._clock.now()
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
        call = Call(
            operation=OPERATION, path="/auth/o2/token", method="POST", form=self._form, headers=headers
        )
        body = self._client.send(call).body
        value, seconds = body.get("access_token"), body.get("expires_in")
        if not isinstance(value, str) or not _TOKEN.fullmatch(value):
            raise ProviderError(
                "the answer holds no token", retryable=False, reason=ErrorClass.INVALID_ANSWER
            )
        lifetime = seconds if type(seconds) is int and seconds > 0 else LIFETIME
        return AccessToken(Secret(value), now + lifetime - MARGIN)


def _refusal(reply: Reply) -> ProviderError:
    """Read a refusal by its code; all but two of them mean that the grant is not accepted."""
    code = reply.body.get("error")
    if code in RETRYABLE:
        return ProviderError(f"no token for now ({code})", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)
    if (reply.status >= 500 and not isinstance(code, str)) or reply.status in (408, 429):
        return refusal(reply)
    return ProviderError("the grant is not accepted", retryable=False, reason=ErrorClass.AUTH_FAILED)
