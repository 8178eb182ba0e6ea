"""The exchange of a Creators API credential for an access token: how it is asked for, and refused."""

from providers.breaker import Health
from providers.creators.versions import Version
from providers.errors import ErrorClass, ProviderError
from providers.http import Call, HTTPClient, Reply, refusal
from providers.tokens import token_in
from providers.transport import Secret

OPERATION = "token"
LIFETIME = 3600.0  # seconds; Amazon's own SDK assumes so when the answer does not say
LONGEST = 8192  # characters of a token

# OAuth 2 words for a credential that is not accepted, or not for this (RFC 6749, 5.2).
_NOT_ACCEPTED = {"access_denied", "invalid_client", "invalid_grant", "invalid_scope", "unauthorized_client"}


class Exchange:
    """Asks for the tokens of one credential."""

    def __init__(self, version: Version, identifier: str, secret: Secret, *, client: HTTPClient) -> None:
        self._version = version
        self._identifier = identifier
        self._secret = secret
        self._client = client

    def __call__(self) -> tuple[Secret, float]:
        """Return a new token, and for how many seconds it is good; raises ProviderError."""
        body = self._client.send(self._call()).body
        token, seconds = token_in(body, longest=LONGEST), body.get("expires_in")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            seconds = LIFETIME
        return token, float(seconds)

    def health(self) -> list[Health]:
        """Return how it fares."""
        return self._client.health(OPERATION)

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
