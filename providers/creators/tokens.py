"""The access token of a Creators API credential: exchanged when needed, kept until it ends."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

from providers import deadline
from providers.clock import Clock
from providers.creators.versions import Version
from providers.errors import ErrorClass, ProviderError
from providers.http import Call, HTTPClient, Reply, refusal
from providers.transport import Secret
from providers.turns import turns

OPERATION = "token"
EARLY_SECONDS = 30  # a token that is about to end might do so on its way
USUAL_SECONDS = 3600.0  # Amazon's own SDK assumes so when the answer does not say
LOCK_SECONDS = 25.0  # longer than that no exchange takes

# OAuth 2 words for a credential that is not accepted, or not for this (RFC 6749, 5.2).
_NOT_ACCEPTED = {"access_denied", "invalid_client", "invalid_grant", "invalid_scope", "unauthorized_client"}
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")  # what can stand in a header


class Tokens:
    """The token of one credential, for all threads and greenlets of a process."""

    def __init__(
        self, version: Version, identifier: str, secret: Secret, *, client: HTTPClient, clock: Clock
    ) -> None:
        self._version = version
        self._identifier = identifier
        self._secret = secret
        self._client = client
        self._clock = clock
        self._exchanging = Lock()
        self._kept: tuple[Secret, float] | None = None  # the token, and until when it is good

    def get(self) -> Secret:
        """Return a token that is good for now; raises ProviderError. Of many who need one, one asks."""
        found = self._good()
        if found is not None:
            return found
        with turns.given_back(), self._alone():  # who asks may need the turn that we would keep while waiting
            return self._good() or self._exchanged()

    def forget(self, token: Secret) -> None:
        """Do not use this token again: the API does not take it. One that has replaced it is kept."""
        kept = self._kept
        if kept is not None and kept[0] is token:
            self._kept = None

    def _good(self) -> Secret | None:
        kept = self._kept
        return kept[0] if kept is not None and self._clock.monotonic() < kept[1] else None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._exchanging.acquire(timeout=min(LOCK_SECONDS, deadline.left())):
            raise ProviderError("no token in time", retryable=True, reason=ErrorClass.TIMEOUT)
        try:
            yield
        finally:
            self._exchanging.release()

    def _exchanged(self) -> Secret:
        asked = self._clock.monotonic()
        body = self._client.send(self._call()).body
        token, seconds = _read(body)
        self._kept = token, asked + seconds - EARLY_SECONDS
        return token

    def _call(self) -> Call:
        words: dict[str, str | Secret] = {
            "grant_type": "client_credentials",
            "client_id": self._identifier,
            "client_secret": self._secret,
            "scope": self._version.scope,
        }
        if self._version.is_cognito:
            return Call(operation=OPERATION, path="", method="POST", form=words)
        return Call(operation=OPERATION, path="", method="POST", json=words)


def refused(reply: Reply) -> ProviderError:
    """Read a refusal of the exchange. Amazon's words are not passed on: they may repeat the credential."""
    if reply.status == 400 and str(reply.body.get("error")) in _NOT_ACCEPTED:
        return ProviderError("the credential is not accepted", retryable=False, reason=ErrorClass.AUTH_FAILED)
    return refusal(reply)


def _read(body: Mapping[str, Any]) -> tuple[Secret, float]:
    """Return the token and for how many seconds it is good; raises ProviderError."""
    token, seconds = body.get("access_token"), body.get("expires_in")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise ProviderError("the upstream sent no token", retryable=False, reason=ErrorClass.INVALID_ANSWER)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        seconds = USUAL_SECONDS
    return Secret(token), float(seconds)
