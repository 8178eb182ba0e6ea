"""The one way from a code to the ASINs that upstreams name for it: in order, until one knows it.

What is kept of their answers, and for whom, is not decided here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from django.conf import settings

from providers import deadline
from providers.base import IdentifierProvider, Match
from providers.errors import ErrorClass, ProviderError, UpstreamUnavailable, adapter_broke, left_out

log = structlog.stdlib.get_logger("pallet.providers")


@dataclass(slots=True)
class Told:
    """What the upstreams say of a code. `match` None and `is_known` true: they say that there is none.

    `retry_after`: one of them is still at it, and may know in so many seconds.
    """

    match: Match | None = None
    is_known: bool = False
    retry_after: float | None = None
    failures: dict[str, ErrorClass] = field(default_factory=dict)


def ask(code: str, providers: Sequence[IdentifierProvider], *, marketplace: str) -> Told:
    """Ask one after another until one names an ASIN; raises UpstreamUnavailable when all failed.

    One that needs time is passed over, and the next one asked meanwhile.
    """
    told, waits = Told(), []
    with deadline.within(settings.UPSTREAM_DEADLINE_SECONDS):
        for provider in providers:
            try:
                told.match = _said(provider, code, marketplace)
                told.is_known = True
            except ProviderError as failure:
                told.failures[provider.name] = failure.reason
                waits.append(failure.retry_after)
                if failure.reason is ErrorClass.PENDING:
                    told.retry_after = failure.retry_after or PENDING_SECONDS
            if told.match is not None:
                return told
    if not told.is_known and told.retry_after is None:
        known = [wait for wait in waits if wait is not None]
        raise UpstreamUnavailable(told.failures, retry_after=min(known, default=None))
    return told


PENDING_SECONDS = 5.0  # when an upstream that is still at it does not say how long


def _said(provider: IdentifierProvider, code: str, marketplace: str) -> Match | None:
    try:
        answered: Mapping[str, Match | None] = provider.resolve([code], marketplace=marketplace)
    except ProviderError as failure:
        log.warning("provider_failed", provider=provider.name, reason=failure.reason, code=code)
        raise
    except Exception as error:  # a fault of the adapter is no reason to fail the customer
        log.exception("provider_broke", provider=provider.name, code=code)
        raise adapter_broke(error) from None
    if code not in answered:
        raise left_out("code")
    return answered[code]
