"""What upstreams say of codes now: asked once by all who want to know at once, and kept for the next."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from api.connections import give_back_connection
from conversion import matches, sources, unmatched
from conversion.sources import ASK_AGAIN
from providers.base import IdentifierProvider, Match
from providers.codes import Told, ask
from providers.errors import UpstreamUnavailable
from providers.flights import Flights
from providers.kinds import Kind
from providers.registry import identifier_providers
from providers.turns import turns

Outcome = Told | UpstreamUnavailable

_flights: Flights[Told] = Flights()


def upstreams(user: User, marketplace: str) -> list[IdentifierProvider]:
    """Return whom to ask about FNSKUs for this account.

    One that knows its own account's stock alone is for the operators whose account that is: what a seller's
    grant tells is never passed on to others.
    """
    served = (one for one in identifier_providers(Kind.FNSKU, marketplace) if marketplace in one.marketplaces)
    return [one for one in served if user.is_staff or Kind.FNSKU not in one.private_kinds]


def asked_now(
    codes: Sequence[str],
    user: User,
    marketplace: str,
    *,
    wait: float,
    before_upstream: Callable[[], object],
    flights: Flights[Told] | None = None,
) -> dict[str, Outcome]:
    """Return what the upstreams say of each code, or why none could, and keep it.

    Of all who ask at once, in all processes, one asks. One that needs time is asked again for `wait` seconds.
    """
    providers = upstreams(user, marketplace)
    none = unmatched.known(codes, marketplace, by_staff=user.is_staff) if providers else codes
    told: dict[str, Outcome] = {code: Told(is_known=True) for code in none}
    left = [code for code in codes if code not in told]
    if not left:
        return told
    asking = _Asking(user, marketplace, providers, flights or _flights)
    end = time.monotonic() + wait
    give_back_connection()  # nobody waits for a turn with a connection in hand
    with turns.taken():
        before_upstream()
        give_back_connection()
        while True:
            told |= asking.fly(left)
            waits = {code: seconds for code in left if (seconds := _wait_for(told[code])) is not None}
            remaining = end - time.monotonic()
            if not waits or remaining <= 0:
                return told
            with turns.given_back():
                time.sleep(min(remaining, *waits.values()))
            left = list(waits)


def _wait_for(outcome: Outcome) -> float | None:
    """Return in how many seconds there may be an ASIN; None: there is one, or there will be none."""
    if isinstance(outcome, UpstreamUnavailable) or outcome.match is not None:
        return None
    return outcome.retry_after


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who asks whom."""

    user: User
    marketplace: str
    providers: Sequence[IdentifierProvider]
    flights: Flights[Told]

    def fly(self, codes: Sequence[str]) -> dict[str, Outcome]:
        """Ask about all that nobody asks about already, then wait for the answers of those who do."""
        by_key = {f"code:{self.marketplace}:{code}:{self.user.is_staff}": code for code in codes}

        def work(keys: Sequence[str]) -> dict[str, Told | Exception]:
            told = self.ask([by_key[key] for key in keys])
            return {key: told[by_key[key]] for key in keys}

        def look(keys: Sequence[str]) -> dict[str, Told]:
            told = self.look([by_key[key] for key in keys])
            return {key: told[by_key[key]] for key in keys if by_key[key] in told}

        outcomes = self.flights.run_many(list(by_key), work=work, look=look)
        return {by_key[key]: _expected(outcome) for key, outcome in outcomes.items()}

    def ask(self, codes: Sequence[str]) -> dict[str, Outcome]:
        """Ask the upstreams, and keep what they say."""
        told = ask(codes, self.providers, marketplace=self.marketplace)
        answers = {code: one for code, one in told.items() if isinstance(one, Told)}
        self.keep([one.match for one in answers.values() if one.match is not None])
        none = [code for code, one in answers.items() if one.match is None and one.retry_after is None]
        unmatched.remember(none, self.marketplace, by_staff=self.user.is_staff)
        return told

    def keep(self, found: Sequence[Match]) -> None:
        """Keep what they say: what is told of an account's own stock, for that account."""
        names = {one.name for one in self.providers if one.private_kinds}
        private = [match for match in found if match.source.provider in names]
        shared = [match for match in found if match.source.provider not in names]
        matches.keep(shared, self.marketplace, owner=None)
        matches.keep(private, self.marketplace, owner=self.user)

    def look(self, codes: Sequence[str]) -> dict[str, Told]:
        """Return what another process has been told since we looked, and has kept."""
        none = unmatched.known(codes, self.marketplace, by_staff=self.user.is_staff)
        kept = sources.kept([code for code in codes if code not in none], self.user)
        give_back_connection()
        names = {one.name for one in self.providers}
        since = timezone.now() - ASK_AGAIN
        told = {code: Told(is_known=True) for code in none}
        for code, heard in kept.items():
            young = [one for one in heard if one.source in names and one.observed_at > since]
            if young:
                told[code] = Told(match=matches.match_of(code, young), is_known=True)
        return told


def _expected(outcome: Told | Exception) -> Outcome:
    if isinstance(outcome, Told | UpstreamUnavailable):
        return outcome
    raise outcome
