"""fnskutoasin.com as the gateway sees it: asked again and again until it has found the ASIN, within reason.

Nothing of it is documented in public; what is known was seen in programs that use it. One call hands in a
code or, if that has been done before, tells how far its search is: so it is safe to repeat, by whomever. A
search may be done by people, and take longer than anyone wants to wait: then it is PENDING, and the code is
asked about again later.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from providers import deadline
from providers.attempts import Observer, announce
from providers.base import IdentifierProvider, Match, Source, lacking
from providers.batches import found_or_raised
from providers.breaker import Health
from providers.clock import CLOCK, Clock
from providers.errors import ErrorClass, ProviderError, no_such_call
from providers.fnskutoasin.parse import FINISHED, Task, task
from providers.http import Call, HTTPClient, Manners, Patience, Reply, credential_name, no_json, refusal
from providers.kinds import Kind
from providers.limits import Rate, Standing
from providers.reading import at
from providers.transport import Secret
from providers.turns import turns

OPERATION = "identifiers"
PATIENCE = Patience(connect=3.0, read=20.0, total=30.0, attempts=3)
RATE = Rate(5, 10)  # ours: nobody knows theirs. What a 429 says of it is kept, for all processes
ASK_AGAIN_SECONDS = 30.0
PAGES = ("text/html", "application/xhtml+xml")


class FnskuToAsinProvider(IdentifierProvider):
    """ASINs by FNSKU, of any seller.

    Options: `api_key`, `polls` (how often a code is asked about, at most), `poll_seconds` (the pause between
    two), and for tests the others.

    It never says in which marketplace it looked; everybody who uses it assumes the United States.
    """

    name: ClassVar[str] = "fnskutoasin"
    max_batch: ClassVar[int] = 1
    unit: ClassVar[str] = "lookup"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.FNSKU})
    marketplaces: frozenset[str] = frozenset({"US"})

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str = "https://ato.fnskutoasin.com",
        polls: int = 3,
        poll_seconds: float = 1.2,
        patience: Patience | None = None,
        observe: Observer = announce,
        clock: Clock = CLOCK,
    ) -> None:
        self._key = Secret(api_key)
        self.credential = credential_name(api_key)
        self._polls = polls
        self._poll_seconds = poll_seconds
        self._patience = patience or PATIENCE
        self._clock = clock
        self._client = HTTPClient(
            self.name,
            base_url,
            credential=self.credential,
            manners=MANNERS,
            patience=self._patience,
            observe=observe,
            clock=clock,
        )

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> list[tuple[str, str]]:
        """A key is all it needs."""
        return lacking(options, {"api_key": ("it has no key", "FNSKUTOASIN_API_KEY")}, cls.name)

    def resolve(self, codes: Sequence[str], *, marketplace: str) -> dict[str, Match | None]:
        """Ask about one code after the other, then again about those still searched for.

        Codes whose search goes on, or that failed, are left out. When nothing was found out: PENDING if that
        is so with all codes, else the last failure. A search goes on though asking again about it fails.
        """
        found: dict[str, Match | None] = {}
        failures: list[ProviderError] = []
        later: list[ProviderError] = []
        end = self._clock.monotonic() + self._patience.total
        searched = left = self._round(codes, marketplace, found, failures)
        for _ in range(1, self._polls):
            if not left or not self._paused(end):
                break
            left = self._round(left, marketplace, found, later)
        wait = max([ASK_AGAIN_SECONDS, *(failure.retry_after or 0 for failure in later)])
        pending = _still_searching(wait) if searched else None
        return found_or_raised(found, failures[-1] if failures else pending)

    def standings(self) -> list[Standing]:
        """Return how many calls can be made now."""
        return self._client.standings(OPERATION)

    def health(self) -> list[Health]:
        """Return how its only call fares."""
        return self._client.health(OPERATION)

    def _round(
        self,
        codes: Sequence[str],
        marketplace: str,
        found: dict[str, Match | None],
        failures: list[ProviderError],
    ) -> list[str]:
        """Ask once about each code; note what was found or failed, and return those still searched for.

        A limit that is reached ends the asking: the codes not asked about are neither.
        """
        searched: list[str] = []
        for code in codes:
            try:
                told = self._ask(code, marketplace)
            except ProviderError as error:
                failures.append(error)
                if error.reason is ErrorClass.RATE_LIMITED:
                    return []
                continue
            if told.is_pending:
                searched.append(code)
            else:
                found[code] = self._match(code, told.asin)
        return searched

    def _match(self, code: str, asin: str | None) -> Match | None:
        if asin is None:
            return None
        at = datetime.fromtimestamp(self._clock.now(), UTC)
        return Match(code=code, asins=(asin,), source=Source(self.name, at))

    def _paused(self, end: float) -> bool:
        """Wait for the next round, unless the question has to be answered before, or it has taken long."""
        if min(deadline.left(), end - self._clock.monotonic()) <= self._poll_seconds:
            return False
        with turns.given_back():
            self._clock.sleep(self._poll_seconds)
        return True

    def _ask(self, code: str, marketplace: str) -> Task:
        call = Call(
            operation=OPERATION,
            path="/api/v1/ScanTask/AddOrGet",
            method="POST",
            marketplace=marketplace,
            headers={"Api-Key": self._key, "Accept-Language": "en-US"},  # without a language it breaks down
            json={"barCode": code, "callbackUrl": ""},
        )
        try:
            body = self._client.send(call).body
        except ProviderError as error:
            if error.reason is ErrorClass.PENDING:
                return Task(is_pending=True)
            raise
        return task(body, code)


def _still_searching(seconds: float | None = None) -> ProviderError:
    return ProviderError(
        "it is still searching", retryable=False, reason=ErrorClass.PENDING, retry_after=seconds
    )


def _no_json(reply: Reply) -> ProviderError:
    """It shows a web page while it searches; any other kind of file is what it always is."""
    return _still_searching() if reply.kind in PAGES else no_json(reply)


def _refusal(reply: Reply) -> ProviderError:
    """Read a refusal. An unknown code is not an HTTP 404: the address is wrong."""
    if reply.status == 404:
        return no_such_call()
    return refusal(reply)


def _cost(reply: Reply) -> float | None:
    """A search that is finished is paid; None: nobody said how far it is."""
    state = at(reply.body, "data", "taskState")
    return None if state is None else float(state == FINISHED)


MANNERS = Manners(
    rates={OPERATION: RATE},
    refused=_refusal,
    no_json=_no_json,
    cost=_cost,
    delivered=lambda call, reply: int(at(reply.body, "data", "taskState") == FINISHED),
)
