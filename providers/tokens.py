"""The access token of an OAuth credential: exchanged when it is needed, kept until shortly before it ends.

Whoever needs one while it is being fetched waits for that exchange instead of making another.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from providers import deadline
from providers.clock import CLOCK, Clock
from providers.errors import ErrorClass, ProviderError, unbelievable
from providers.transport import Secret
from providers.turns import turns

EARLY_SECONDS = 30  # a token that is about to end might do so on its way
WAIT_SECONDS = 25.0  # for somebody else's exchange; longer than that hardly any takes
_TOKEN = re.compile(r"[\x21-\x7e]+")  # what can stand in a header

Exchange = Callable[[], tuple[Secret, float]]  # a new token, and for how many seconds it is good


class Tokens:
    """The token of one credential, for all threads and greenlets of a process."""

    def __init__(self, exchange: Exchange, *, wait: float = WAIT_SECONDS, clock: Clock = CLOCK) -> None:
        """`exchange` asks for a token and raises ProviderError; `wait` is in seconds."""
        self._exchange = exchange
        self._wait = wait
        self._clock = clock
        self._exchanging = threading.Lock()
        self._kept: tuple[Secret, float] | None = None  # the token, and until when it is good

    def current(self) -> Secret:
        """Return a token that is good for now; raises ProviderError."""
        return self._good() or self._exchanged(None)

    def instead_of(self, refused: Secret) -> Secret:
        """Return another token than this one, which is not used again; raises ProviderError.

        One that has replaced it already is good enough.
        """
        return self._good(refused) or self._exchanged(refused)

    def _good(self, refused: Secret | None = None) -> Secret | None:
        kept = self._kept
        if kept is None or kept[0] is refused or self._clock.monotonic() >= kept[1]:
            return None
        return kept[0]

    def _exchanged(self, refused: Secret | None) -> Secret:
        """Return a new token, which one thread asks for on behalf of all."""
        with self._alone():
            found = self._good(refused)
            if found is not None:
                return found
            self._kept = None  # whatever comes of the exchange, nobody uses the old one again
            asked = self._clock.monotonic()
            token, seconds = self._exchange()
            self._kept = token, asked + seconds - EARLY_SECONDS
            return token

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads out of the block; raises ProviderError when they keep us out for too long.

        The turn goes back first: whoever is in there may be waiting for it.
        """
        with turns.given_back():
            if not self._exchanging.acquire(timeout=min(self._wait, deadline.left())):
                raise ProviderError("no token in time", retryable=True, reason=ErrorClass.TIMEOUT)
            try:
                yield
            finally:
                self._exchanging.release()


def token_in(body: Mapping[str, Any], *, longest: int) -> Secret:
    """Return the `access_token` of an answer, of so many characters at most; raises ProviderError."""
    value = body.get("access_token")
    if not isinstance(value, str) or len(value) > longest or not _TOKEN.fullmatch(value):
        raise unbelievable("the answer holds no token")
    return Secret(value)
