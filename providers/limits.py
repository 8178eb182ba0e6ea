"""How often an upstream may be asked: a token bucket for each credential and operation, shared by processes.

A bucket holds up to `burst` tokens and gains `per_second`; a call needs one to be there and takes what it
costs, so the balance may go below zero, as Keepa's does. Whoever comes when none is left is told how long to
wait, and has then taken theirs: calls keep their order. What an upstream says of its limits corrects ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from providers.clock import CLOCK, Clock
from providers.errors import ErrorClass, ProviderError
from providers.shared import Fact, Shared, shared

KEPT_SECONDS = 24 * 3600  # what was learned is forgotten after a day without a call


@dataclass(frozen=True, slots=True)
class Rate:
    """Tokens gained in a second, and how many a bucket holds."""

    per_second: float
    burst: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What an answer tells of a bucket; None: nothing. `wait`: seconds until the next call is accepted, which
    then counts for more than `tokens`.
    """

    per_second: float | None = None
    burst: float | None = None
    tokens: float | None = None
    wait: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a bucket stands; `rate` None: nobody knows a limit."""

    bucket: str
    rate: Rate | None
    tokens: float | None


class Limits:
    """The buckets of one credential, by name. One without a rate lets all through until one is learned."""

    def __init__(
        self, owner: str, rates: Mapping[str, Rate], *, clock: Clock = CLOCK, facts: Shared = shared
    ) -> None:
        self._owner = owner
        self._rates = dict(rates)
        self._clock = clock
        self._facts = facts

    def take(self, bucket: str, *, cost: float = 1, wait_max: float = 0) -> float:
        """Take a call's tokens, and return how many seconds to wait before making it.

        Raises ProviderError (RATE_LIMITED, with the wait) when that is more than `wait_max`; then nothing is
        taken.
        """

        def step(fact: Fact) -> tuple[Fact, float]:
            rate, tokens = self._standing(bucket, fact)
            if rate is None:
                return fact, 0.0
            wait = max(0.0, (1 - tokens) / rate.per_second) if rate.per_second else KEPT_SECONDS
            if tokens < 1 and wait > wait_max:
                return fact, -wait
            return {**fact, "tokens": tokens - cost, "at": self._clock.now()}, wait if tokens < 1 else 0.0

        wait = self._facts.change(self._name(bucket), step, seconds=KEPT_SECONDS)
        if wait < 0:
            raise ProviderError(
                "its limit is reached", retryable=False, reason=ErrorClass.RATE_LIMITED, retry_after=-wait
            )
        return wait

    def learn(self, bucket: str, lesson: Lesson) -> None:
        """Correct the bucket by what the upstream said."""

        def step(fact: Fact) -> tuple[Fact, None]:
            told = {"per_second": lesson.per_second, "burst": lesson.burst}
            learned = {**fact, **{name: value for name, value in told.items() if value is not None}}
            rate, tokens = self._standing(bucket, learned)
            if rate is None:
                return fact, None
            if lesson.tokens is not None:
                tokens = lesson.tokens
            if lesson.wait is not None:
                tokens = 1 - lesson.wait * rate.per_second
            return {**learned, "tokens": tokens, "at": self._clock.now()}, None

        if lesson != NOTHING:
            self._facts.change(self._name(bucket), step, seconds=KEPT_SECONDS)

    def standing(self, bucket: str) -> Standing:
        """Return how a bucket stands."""
        rate, tokens = self._standing(bucket, self._facts.read(self._name(bucket)))
        return Standing(bucket=bucket, rate=rate, tokens=tokens if rate else None)

    def _standing(self, bucket: str, fact: Fact) -> tuple[Rate | None, float]:
        """Return the rate that holds now and the tokens there are now."""
        usual = self._rates.get(bucket)
        per_second = fact.get("per_second", usual.per_second if usual else None)
        if per_second is None:
            return None, 0.0
        burst = fact.get("burst", usual.burst if usual else max(1.0, per_second))
        passed = max(0.0, self._clock.now() - fact.get("at", 0.0))
        return Rate(per_second, burst), min(burst, fact.get("tokens", burst) + passed * per_second)

    def _name(self, bucket: str) -> str:
        return f"limit:{self._owner}:{bucket}"


NOTHING = Lesson()
