"""Reports that Amazon makes on request: ordered, waited for, and fetched from where it puts them.

A report takes minutes, and few may be ordered: fifteen, then one a minute. So a full bucket is waited for,
and the pauses between questions grow, until a limit of time for it all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import structlog

from providers import deadline
from providers.attempts import Observer, announce
from providers.clock import CLOCK, Clock
from providers.errors import ErrorClass, ProviderError, sent
from providers.http import Call
from providers.marketplaces import Marketplace
from providers.spapi import documents, layouts
from providers.spapi.documents import Document
from providers.spapi.session import NAME, Session
from providers.turns import turns

log = structlog.stdlib.get_logger("pallet.providers")

CREATE, LOOK, FIND = "createReport", "getReport", "getReportDocument"
ADDRESS = "/reports/2021-06-30"
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 5.0, 60.0, 1.5  # seconds between questions
REFILL = 60.0  # seconds in which the smallest bucket gains a token; waited where nobody says how long
UNDER_WAY = ("IN_QUEUE", "IN_PROGRESS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`seconds`: how long it all may take. `also_from`: an address beside Amazon's from which a document may
    be fetched, for tests. `observe` is told of the download, which the session does not make.
    """

    seconds: float = 1800.0
    also_from: str = ""
    observe: Observer = announce
    clock: Clock = CLOCK


TERMS = Terms()


def import_report(
    session: Session, place: Marketplace, report_type: str, *, terms: Terms = TERMS
) -> Iterator[layouts.Row | layouts.Refused]:
    """Return the rows of a report of `layouts.REPORTS`; none when Amazon has no data for it.

    Before the first of them, which takes minutes, ProviderError is raised as `fetch` has it; INVALID_ANSWER
    also when what comes is no such report. ValueError: `report_type` is another.
    """
    if report_type not in layouts.REPORTS:
        raise ValueError(f"{report_type} is none of the reports that can be read")
    return _rows(session, place, report_type, terms)


def _rows(
    session: Session, place: Marketplace, report_type: str, terms: Terms
) -> Iterator[layouts.Row | layouts.Refused]:
    document = fetch(session, place, report_type, terms=terms)
    if document is None:
        return
    try:
        yield from layouts.read(document.chunks(), charset=document.charset)
    except layouts.UnknownLayout:
        raise ProviderError(
            "a report in another layout", retryable=False, reason=ErrorClass.INVALID_ANSWER
        ) from None


def fetch(session: Session, place: Marketplace, report_type: str, *, terms: Terms = TERMS) -> Document | None:
    """Order a report, wait for it and return its document; None when Amazon has no data for it.

    Raises ProviderError: TIMEOUT when it is not ready in time, and what the calls raise.
    """
    order = _Order(session, place, terms)
    document_id = order.document_id(order.report_id(report_type))
    return order.document(document_id) if document_id else None


class _Order:
    """The calls that lead to one report, within one limit of time."""

    def __init__(self, session: Session, place: Marketplace, terms: Terms) -> None:
        self._session = session
        self._place = place
        self._terms = terms
        self._clock = terms.clock
        self._end = self._clock.monotonic() + min(terms.seconds, deadline.left())

    def report_id(self, report_type: str) -> str:
        """Order the report."""
        order = {"reportType": report_type, "marketplaceIds": [self._place.id]}
        return _word(self._ask(CREATE, "/reports", order).get("reportId"), "a report id")

    def document_id(self, report_id: str) -> str | None:
        """Wait until the report is made; None when there is no data for it."""
        pauses = _pauses()
        while (answer := self._look(report_id))["processingStatus"] in UNDER_WAY:
            self._wait(next(pauses))
        if answer["processingStatus"] == "CANCELLED":
            return None
        return _word(answer.get("reportDocumentId"), "a document id")

    def document(self, document_id: str) -> Document:
        """Find the document and download it."""
        found = self._ask(FIND, f"/documents/{quote(document_id, safe='')}")
        return documents.download(
            found.get("url"),
            algorithm=found.get("compressionAlgorithm"),
            credential=self._session.credential,
            marketplace=self._place.code,
            seconds=self._left(),
            also_from=self._terms.also_from,
            observe=self._terms.observe,
            clock=self._clock,
        )

    def _look(self, report_id: str) -> dict[str, Any]:
        answer = self._ask(LOOK, f"/reports/{quote(report_id, safe='')}")
        status = answer.get("processingStatus")
        if status == "FATAL":
            log.warning("report_given_up", provider=NAME, marketplace=self._place.code)
            raise ProviderError(
                "Amazon could not make the report", retryable=False, reason=ErrorClass.UPSTREAM_DOWN
            )
        if status not in (*UNDER_WAY, "DONE", "CANCELLED"):
            raise sent("a report in no state that is known")
        return answer

    def _ask(self, operation: str, path: str, order: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make a call, however long its bucket takes to fill, while there is time."""
        call = Call(
            operation=operation,
            path=ADDRESS + path,
            method="POST" if order else "GET",
            marketplace=self._place.code,
            json=order,
        )
        for pause in _pauses():
            try:
                return self._session.send(call).body
            except ProviderError as failure:
                told = failure.retry_after
                wait = REFILL if told is None else max(pause, told)
                if failure.reason is not ErrorClass.RATE_LIMITED or wait >= self._left():
                    raise
            self._wait(wait)
        raise AssertionError("unreachable")

    def _left(self) -> float:
        return self._end - self._clock.monotonic()

    def _wait(self, seconds: float) -> None:
        if seconds >= self._left():
            raise ProviderError("the report takes too long", retryable=True, reason=ErrorClass.TIMEOUT)
        with turns.given_back():
            self._clock.sleep(seconds)


def _pauses() -> Iterator[float]:
    """Yield pauses that grow, without end."""
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * GROWTH, LONGEST_PAUSE)


def _word(value: object, what: str) -> str:
    if isinstance(value, str) and value:
        return value
    raise sent(f"no {what.removeprefix('a ')}")
