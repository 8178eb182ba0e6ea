"""One seller's authorisation in one region: adds the access token to calls, keeps the rates of operations.

A 401 or 403 may mean no more than that the token has ended, so the first one is answered with a new token,
and does not count against the circuit: many calls that were under way with the old token would open it
together. If the new token is refused too, that is final, and counts. Until that token ends, refusals of the
same operation are final at once, so that a missing role costs one call each time and soon opens the circuit.
"""

import platform
import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import structlog

from providers.attempts import Observer, announce
from providers.breaker import Health
from providers.clock import CLOCK, Clock
from providers.errors import ErrorClass, ProviderError
from providers.http import Call, HTTPClient, Manners, Patience, Reply, credential_name, refusal
from providers.limits import NOTHING, Lesson, Rate, Standing
from providers.marketplaces import MARKETPLACES
from providers.reading import at, length
from providers.spapi import lwa
from providers.tokens import Tokens
from providers.transport import Secret

log = structlog.stdlib.get_logger("pallet.providers")

NAME = "spapi"
HOSTS = {
    "NA": "https://sellingpartnerapi-na.amazon.com",
    "EU": "https://sellingpartnerapi-eu.amazon.com",
    "FE": "https://sellingpartnerapi-fe.amazon.com",
}
# For each operation, application and seller; from the usage plans in Amazon's models.
RATES = {
    "searchCatalogItems": Rate(2, 2),
    "getItemOffers": Rate(0.5, 1),
    "getItemOffersBatch": Rate(0.1, 1),
    "getInventorySummaries": Rate(2, 2),
    "searchListingsItems": Rate(5, 5),
    "getListingsItem": Rate(5, 10),
    "createReport": Rate(0.0167, 15),
    "getReport": Rate(2, 15),
    "getReportDocument": Rate(0.0167, 15),
}
USER_AGENT = f"Pallet/1 (Language=Python/{platform.python_version()}; Platform={platform.system()})"[:500]
HIGHEST_RATE = 1000.0  # calls in a second; what is told beyond it is a mistake
_RATE = re.compile(r"\d{1,6}(\.\d{1,12})?", re.ASCII)
_WORD = re.compile(r"[\w.-]{1,80}", re.ASCII)


class TokenRefused(ProviderError):
    """A first 401 or 403: perhaps only the token has ended."""


class Session:
    """Makes calls for one seller. Safe to share between threads and greenlets; made anew in each process.

    `region` is NA, EU or FE; `marketplaces` are the codes of those that belong to it.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        region: str,
        base_url: str = "",
        token_url: str = lwa.URL,
        patience: Patience | None = None,
        observe: Observer = announce,
        clock: Clock = CLOCK,
    ) -> None:
        self.credential = credential_name(client_id, refresh_token)
        self.marketplaces = frozenset(code for code, place in MARKETPLACES.items() if place.region == region)
        self._clock = clock
        self._replaced: dict[str, Secret] = {}  # by operation, the token that came for a refused one
        patience = patience or Patience()
        client = partial(
            HTTPClient, NAME, credential=self.credential, patience=patience, observe=observe, clock=clock
        )
        grant: dict[str, str | Secret] = {
            "client_id": client_id,
            "client_secret": Secret(client_secret),
            "refresh_token": Secret(refresh_token),
        }
        self._exchange = lwa.Exchange(grant, client=client(token_url, manners=Manners(refused=lwa.refused)))
        self._tokens = Tokens(self._exchange, wait=patience.total, clock=clock)
        # Two clients of one name and credential share buckets and circuits; they differ in reading a 401.
        url = base_url or HOSTS[region]
        self._doubting, self._final = client(url, manners=DOUBTING), client(url, manners=FINAL)

    def send(self, call: Call) -> Reply:
        """Make the call with a token; raises ProviderError and nothing else.

        AUTH_FAILED: the grant or its token is not accepted. NOT_ENTITLED: the application lacks the role.
        """
        token = self._tokens.current()
        if self._replaced.get(call.operation) is not token:
            try:
                return self._doubting.send(self._with(token, call))
            except TokenRefused:
                token = self._replaced[call.operation] = self._tokens.instead_of(token)
        reply = self._final.send(self._with(token, call))
        self._replaced.pop(call.operation, None)  # it is good: should it be refused one day, it has ended
        return reply

    def standings(self, *operations: str) -> list[Standing]:
        """Return how the buckets of these operations stand."""
        return self._final.standings(*operations)

    def health(self, *operations: str) -> list[Health]:
        """Return how the circuits of these operations stand, and that of the token exchange."""
        return [*self._final.health(*operations), *self._exchange.health()]

    def _with(self, token: Secret, call: Call) -> Call:
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        headers: dict[str, str | Secret] = {
            "x-amz-access-token": token,
            "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
            "user-agent": USER_AGENT,
        }
        return replace(call, headers={**call.headers, **headers})


def _final(reply: Reply) -> ProviderError:
    """Read a refusal; Amazon's own words are not passed on. The id is what its support asks for."""
    codes = reply.body.get("errors")
    first = codes[0] if isinstance(codes, list) and codes else None
    request_id = reply.headers.get("x-amzn-RequestId")
    log.warning(
        "upstream_refused",
        provider=NAME,
        status=reply.status,
        code=_word(at(first, "code")),
        request_id=_word(request_id),
    )
    if reply.status == 403:
        return ProviderError("the application lacks a role", retryable=False, reason=ErrorClass.NOT_ENTITLED)
    return refusal(reply)


def _doubting(reply: Reply) -> ProviderError:
    failure = _final(reply)
    if reply.status not in (401, 403):
        return failure
    return TokenRefused("the token is refused", retryable=False, reason=ErrorClass.INVALID_REQUEST)


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None


def _delivered(call: Call, reply: Reply) -> int:
    """Count the products or listings that were found; their prices are not answers of their own."""
    return length(reply.body, "items")


def _lesson(call: Call, reply: Reply) -> Lesson:
    """Learn the rate that holds for the operation, where an answer tells it: most do, refusals do not."""
    told = reply.headers.get("x-amzn-RateLimit-Limit", "").strip()
    per_second = float(told) if _RATE.fullmatch(told) else 0.0
    return Lesson(per_second=per_second) if 0 < per_second <= HIGHEST_RATE else NOTHING


DOUBTING = Manners(rates=RATES, refused=_doubting, delivered=_delivered, lesson=_lesson)
FINAL = Manners(rates=RATES, refused=_final, delivered=_delivered, lesson=_lesson)
