"""The one way from codes to the ASINs that upstreams name for them: in order, until one knows it.

What is kept of their answers, and for whom, is not decided here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from django.conf import settings

from providers import deadline
from providers.base import IdentifierProvider, Match
from providers.errors import (
    AGAIN_SECONDS,
    ErrorClass,
    ProviderError,
    UpstreamUnavailable,
    adapter_broke,
    left_out,
)

log = structlog.stdlib.get_logger("pallet.providers")
Said = Match | None | ProviderError


@dataclass(slots=True)
class Told:
    """What the upstreams say of a code. `match` None and `is_known` true: they say that there is none.

    `retry_after`: one of them is still at it, and may know in so many seconds.
    """

    match: Match | None = None
    is_known: bool = False
    retry_after: float | None = None
    failures: dict[str, ErrorClass] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    def hear(self, provider: str, said: Said) -> None:
        """Take into account what a provider says."""
        if not isinstance(said, ProviderError):
            self.match, self.is_known = said, True
            return
        self.failures[provider] = said.reason
        if said.retry_after is not None:
            self.waits.append(said.retry_after)
        if said.reason is ErrorClass.PENDING:
            self.retry_after = said.retry_after or AGAIN_SECONDS


def ask(
    codes: Sequence[str], providers: Sequence[IdentifierProvider], *, marketplace: str
) -> dict[str, Told | UpstreamUnavailable]:
    """Ask one after another until each code has an ASIN; of a code of which all failed, say why.

    Each is asked about all that is left at once. One that needs time is passed over, and the next one asked
    meanwhile.
    """
    told = {code: Told() for code in codes}
    with deadline.within(settings.UPSTREAM_DEADLINE_SECONDS):
        for provider in providers:
            left = [code for code, one in told.items() if one.match is None]
            if not left:
                break
            for code, said in _said(provider, left, marketplace).items():
                told[code].hear(provider.name, said)
    return {code: _outcome(one) for code, one in told.items()}


def _outcome(told: Told) -> Told | UpstreamUnavailable:
    if told.is_known or told.retry_after is not None:
        return told
    return UpstreamUnavailable(told.failures, retry_after=min(told.waits, default=None))


def _said(provider: IdentifierProvider, codes: Sequence[str], marketplace: str) -> dict[str, Said]:
    """Return what a provider says of each code, asked about each by itself where all failed.

    One that takes a single code in a call has done so already.
    """
    said = _said_at_once(provider, codes, marketplace)
    is_broken = len(codes) > 1 and all(isinstance(one, ProviderError) for one in said.values())
    if is_broken and provider.max_batch > 1:
        for code in codes:
            if not deadline.left():
                break
            said |= _said_at_once(provider, [code], marketplace)
    return said


def _said_at_once(provider: IdentifierProvider, codes: Sequence[str], marketplace: str) -> dict[str, Said]:
    try:
        answered = _resolved(provider, codes, marketplace)
    except ProviderError as failure:
        log.warning("provider_failed", provider=provider.name, reason=failure.reason, codes=list(codes[:10]))
        return dict.fromkeys(codes, failure)
    return {code: answered[code] if code in answered else _left_out(codes) for code in codes}


def _resolved(
    provider: IdentifierProvider, codes: Sequence[str], marketplace: str
) -> Mapping[str, Match | None]:
    try:
        return provider.resolve(codes, marketplace=marketplace)
    except ProviderError:
        raise
    except Exception as error:  # a fault of the adapter is no reason to fail the customer
        log.exception("provider_broke", provider=provider.name, codes=list(codes[:10]))
        raise adapter_broke(error) from None


def _left_out(codes: Sequence[str]) -> ProviderError:
    """Return why a code may have been left out: of several, one that is still searched for is."""
    if len(codes) == 1:
        return left_out("code")
    return ProviderError("it says nothing of this code yet", retryable=True, reason=ErrorClass.PENDING)
