"""What upstreams say of codes now: asked once by all who want to know at once, and kept for the next."""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import DatabaseError
from django.utils import timezone

from accounts.models import User
from api.connections import give_back_connection
from conversion import sources, unmatched
from conversion.models import CONDITION_LENGTH, Mapping
from conversion.sources import ASK_AGAIN, Heard
from providers.base import IdentifierProvider, Match, Source
from providers.codes import Told, ask
from providers.errors import UpstreamUnavailable
from providers.flights import Flights
from providers.identifiers import InvalidASIN
from providers.identifiers import asin as read_asin
from providers.kinds import Kind
from providers.registry import identifier_providers
from providers.turns import turns

log = structlog.stdlib.get_logger("pallet.conversion")
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

        outcomes = self.flights.run_many(list(by_key), work=work, work_alone=self._alone(by_key), look=look)
        return {by_key[key]: _expected(outcome) for key, outcome in outcomes.items()}

    def _alone(self, by_key: dict[str, str]) -> Callable[[str], Told]:
        def work(key: str) -> Told:
            outcome = self.ask([by_key[key]])[by_key[key]]
            if isinstance(outcome, UpstreamUnavailable):
                raise outcome
            return outcome

        return work

    def ask(self, codes: Sequence[str]) -> dict[str, Outcome]:
        """Ask the upstreams, and keep what they say."""
        told = ask(codes, self.providers, marketplace=self.marketplace)
        answers = {code: one for code, one in told.items() if isinstance(one, Told)}
        self.keep([one.match for one in answers.values() if one.match is not None])
        none = [code for code, one in answers.items() if one.match is None and one.retry_after is None]
        unmatched.remember(none, self.marketplace, by_staff=self.user.is_staff)
        return told

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
                told[code] = Told(match=_match(code, young), is_known=True)
        return told

    def keep(self, matches: Collection[Match]) -> None:
        """Keep what upstreams say, in one statement; an answer that cannot be kept is good all the same."""
        rows = {(row.code, row.source, row.asin): row for match in matches for row in self.rows_of(match)}
        if not rows:
            return
        try:
            Mapping.objects.bulk_create(
                [rows[key] for key in sorted(rows)],  # in one order, so that nobody waits in a circle
                update_conflicts=True,
                unique_fields=["code", "source", "asin", "owner", "inventory"],
                update_fields=["observed_at", "marketplace", "title", "condition"],
            )
        except DatabaseError:
            log.exception("claims could not be kept", codes=[match.code for match in matches][:10])
        finally:
            give_back_connection()

    def rows_of(self, match: Match) -> Iterable[Mapping]:
        """Return what there is to be kept of a match: of what is told of an account's own stock, for it."""
        name = match.source.provider
        is_private = any(one.name == name and one.private_kinds for one in self.providers)
        facts: dict[str, Any] = {
            "code": match.code,
            "owner": self.user if is_private else None,
            "marketplace": self.marketplace,
        }
        for heard in claims_of(match):
            yield Mapping(
                asin=heard.asin,
                source=heard.source,
                title=heard.title.replace("\0", ""),
                condition=heard.condition.replace("\0", "")[:CONDITION_LENGTH],
                observed_at=heard.observed_at,
                **facts,
            )


def _expected(outcome: Told | Exception) -> Outcome:
    if isinstance(outcome, Told | UpstreamUnavailable):
        return outcome
    raise outcome


def _match(code: str, heard: Sequence[Heard]) -> Match:
    """Return the last of the matches of which these are the claims."""
    last = max(heard, key=lambda one: one.observed_at)
    asins = [one.asin for one in heard if (one.source, one.observed_at) == (last.source, last.observed_at)]
    source = Source(last.source, last.observed_at)
    return Match(code=code, asins=tuple(asins), source=source, title=last.title, condition=last.condition)


def claims_of(match: Match | None) -> list[Heard]:
    """Return who names which ASIN; what is none is not believed."""
    if match is None:
        return []
    title, condition = match.title or "", match.condition or ""
    said = (match.source.provider, match.source.fetched_at)
    return [
        Heard(said[0], asin, said[1], title=title, condition=condition)
        for asin in match.asins
        if _is_asin(asin)
    ]


def _is_asin(text: str) -> bool:
    try:
        return read_asin(text) == text
    except InvalidASIN:
        return False
