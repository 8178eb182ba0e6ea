"""A circuit breaker: an upstream that fails time after time is left alone for a while, by all processes.

Closed, calls pass. After FAILURES in a row it opens: calls are refused at once, without a connection. When
its time is over one call may try (half open); if that succeeds it closes, else it stays open twice as long.
"""

from dataclasses import dataclass

from providers.clock import CLOCK, Clock
from providers.errors import ErrorClass, ProviderError
from providers.shared import Fact, Shared, shared

FAILURES = 5  # in a row
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 120.0  # seconds
KEPT_SECONDS = 3600

# What another call would meet as well. Any other answer, a refusal too, shows that the upstream lives.
BROKEN = frozenset(
    {
        ErrorClass.UPSTREAM_DOWN,
        ErrorClass.TIMEOUT,
        ErrorClass.AUTH_FAILED,
        ErrorClass.NOT_ENTITLED,
        ErrorClass.OUT_OF_CREDIT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a circuit stands: "closed", "open" or "half open"; failures in a row; seconds until it tries."""

    circuit: str
    state: str
    failures: int
    retry_after: float


class Breaker:
    """The circuits of one credential, by name. `patience`: seconds after which a trial counts as lost."""

    def __init__(self, owner: str, *, patience: float, clock: Clock = CLOCK, facts: Shared = shared) -> None:
        self._owner = owner
        self._patience = patience
        self._clock = clock
        self._facts = facts

    def enter(self, circuit: str) -> None:
        """Let a call pass, or raise ProviderError. When the pause is over, the first who comes passes."""

        def step(fact: Fact) -> tuple[Fact, float]:
            now = self._clock.now()
            if "until" not in fact:
                return fact, 0.0
            if now < fact["until"]:
                return fact, fact["until"] - now
            return {**fact, "until": now + self._patience, "is_trying": True}, 0.0

        wait = self._facts.change(self._name(circuit), step, seconds=KEPT_SECONDS)
        if wait > 0:
            raise ProviderError(
                "it failed time after time and is left alone for a while",
                retryable=False,
                reason=ErrorClass.UPSTREAM_DOWN,
                retry_after=wait,
            )

    def forgo(self, circuit: str) -> None:
        """Let another try: the call that was let pass was not made."""

        def step(fact: Fact) -> tuple[Fact, None]:
            is_trying = fact.get("is_trying")
            return ({**fact, "until": self._clock.now(), "is_trying": False} if is_trying else fact), None

        self._facts.change(self._name(circuit), step, seconds=KEPT_SECONDS)

    def note(self, circuit: str, reason: ErrorClass | None) -> None:
        """Take into account how a call ended; None: well."""

        def step(fact: Fact) -> tuple[Fact, None]:
            if reason not in BROKEN:
                return {}, None
            failures = fact.get("failures", 0) + 1
            if "until" not in fact and failures < FAILURES:
                return {"failures": failures}, None
            if "until" in fact and not fact.get("is_trying"):  # began before it opened
                return {**fact, "failures": failures}, None
            pause = min(LONGEST_PAUSE, fact["pause"] * 2) if "pause" in fact else FIRST_PAUSE
            return {"failures": failures, "until": self._clock.now() + pause, "pause": pause}, None

        self._facts.change(self._name(circuit), step, seconds=KEPT_SECONDS)

    def health(self, circuit: str) -> Health:
        """Return how a circuit stands."""
        fact = self._facts.read(self._name(circuit))
        wait = fact.get("until", 0.0) - self._clock.now()
        is_open = wait > 0 and not fact.get("is_trying")
        state = "closed" if "until" not in fact else "open" if is_open else "half open"
        failures = fact.get("failures", 0)
        return Health(circuit=circuit, state=state, failures=failures, retry_after=max(0.0, wait))

    def _name(self, circuit: str) -> str:
        return f"circuit:{self._owner}:{circuit}"
