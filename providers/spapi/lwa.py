"""Login with Amazon: an access token for an hour, in exchange for the seller's refresh token."""

from collections.abc import Mapping

from providers.breaker import Health
from providers.errors import ErrorClass, ProviderError
from providers.http import Call, HTTPClient, Reply, refusal
from providers.tokens import token_in
from providers.transport import Secret

URL = "https://api.amazon.com"
OPERATION = "token"
LIFETIME = 3600  # seconds, where an answer does not say
LONGEST = 2048  # characters of a token
RETRYABLE = ("server_error", "temporarily_unavailable")  # of Amazon's eight codes


class Exchange:
    """Asks for the access tokens of one seller's grant."""

    def __init__(self, grant: Mapping[str, str | Secret], *, client: HTTPClient) -> None:
        """`grant` is the form's client_id, client_secret and refresh_token."""
        self._form = {"grant_type": "refresh_token", **grant}
        self._client = client

    def __call__(self) -> tuple[Secret, float]:
        """Return a new token, and for how many seconds it is good; raises ProviderError."""
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
        call = Call(
            operation=OPERATION, path="/auth/o2/token", method="POST", form=self._form, headers=headers
        )
        body = self._client.send(call).body
        token, seconds = token_in(body, longest=LONGEST), body.get("expires_in")
        return token, seconds if type(seconds) is int and seconds > 0 else LIFETIME

    def health(self) -> list[Health]:
        """Return how it fares."""
        return self._client.health(OPERATION)


def refused(reply: Reply) -> ProviderError:
    """Read a refusal by its code; all but two of them mean that the grant is not accepted."""
    code = reply.body.get("error")
    if code in RETRYABLE:
        return ProviderError(f"no token for now ({code})", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)
    if (reply.status >= 500 and not isinstance(code, str)) or reply.status in (408, 429):
        return refusal(reply)
    return ProviderError("the grant is not accepted", retryable=False, reason=ErrorClass.AUTH_FAILED)
