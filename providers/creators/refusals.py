"""What the Creators API's refusals mean: by their status and their `reason` or `quotaCode`. Pure."""

import re

from providers.errors import ErrorClass, ProviderError
from providers.http import Reply, refusal

# How a quota for the day is called is not documented: by a word for it, or as in "TPD".
_DAILY = re.compile(r"da(?:y|ily)|(?<![a-z])[rt]pd(?![a-z])", re.IGNORECASE)


class TokenRefused(ProviderError):
    """The API takes this token no longer; another may do."""


class Missing(ProviderError):
    """The API lacks this very thing; `resource` is what it names."""

    def __init__(self, resource: object) -> None:
        super().__init__("it lacks what was asked for", retryable=False, reason=ErrorClass.NOT_FOUND)
        self.resource = resource


def refused(reply: Reply) -> ProviderError:
    """Read a refusal by its status and `reason`. Amazon's own words are not passed on."""
    why, usual = reply.body.get("reason"), refusal(reply)
    match reply.status, why:
        case 401, "TokenExpired" | "InvalidToken":
            return TokenRefused("the token is refused", retryable=False, reason=ErrorClass.AUTH_FAILED)
        case (400, "InvalidAssociate") | (403, "AssociateNotEligible" | "AuthorizationFailed"):
            return ProviderError(
                "the account may not use the API; Amazon asks for ten qualifying sales in 30 days",
                retryable=False,
                reason=ErrorClass.NOT_ENTITLED,
            )
        case 400, "InvalidPartnerTag":
            return ProviderError(
                "the partner tag is none of this marketplace",
                retryable=False,
                reason=ErrorClass.INVALID_REQUEST,
            )
        case 404, _:
            return Missing(reply.body.get("resourceId"))
        case 429, _ if _DAILY.search(str(reply.body.get("quotaCode"))):
            return ProviderError(
                "the calls of this day are used up",
                retryable=False,
                reason=ErrorClass.OUT_OF_CREDIT,
                retry_after=usual.retry_after,
            )
    return usual
