"""What became of answers: those that accounts have spoken of, beside the confidence they were given with."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from conversion import starts
from conversion.calibration import Outcome, Report, by_source, report
from conversion.models import Conversion, Feedback, Share
from conversion.reliability import Beta, right

CHUNK = 2000  # rows that are in memory at a time


class SourceRecord(NamedTuple):
    """How often a source's claims were right, of those whose truth is known; 0 to 1.

    `believed`: how often it is taken to be right by now, and `start` before any feedback. `answers`: how the
    answers that name an ASIN of its fared, each beside the confidence of the whole answer.
    """

    claims: int
    right: float
    believed: float
    start: float
    answers: Report


@dataclass
class Judged:
    """The answers that were spoken of, those left out, and all that were given in the same time."""

    overall: Report
    sources: dict[str, SourceRecord]
    left_out: int
    given: int

    @property
    def right_at_best(self) -> float:
        """The share of right answers if nobody is silent about a wrong one; 0 when none were given."""
        wrong = self.overall.size * (1 - self.overall.right)
        return 1 - wrong / self.given if self.given else 0.0


@dataclass
class _Told:
    """What is collected row by row."""

    outcomes: list[Outcome] = field(default_factory=list)
    by_source: list[tuple[str, Outcome]] = field(default_factory=list)
    claims: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))  # wrong, right
    left_out: int = 0

    def add(self, answered: str, heard: dict[str, Any], outcome: Outcome, instead: str) -> None:
        """Take one answer that was spoken of."""
        self.outcomes.append(outcome)
        claims = {(claim["source"], claim["asin"]) for claim in heard.get("claims", ())}
        for source, asin in sorted(claims):
            if asin == answered:
                self.by_source.append((source, outcome))
                self.claims[source][outcome.is_right] += 1
            elif outcome.is_right or instead:
                self.claims[source][asin == instead] += 1


def judged(since: datetime | None = None) -> Judged:
    """Return how the answers fared that were given since then, or ever.

    A word without weight is left out: its account is not believed, or had said it before.
    """
    told = _Told()
    for answered, confidence, heard, is_correct, instead, weight in _rows(since):
        if weight:
            told.add(answered, heard, Outcome(confidence, is_correct), instead)
        else:
            told.left_out += 1
    given = Conversion.objects.filter(status=Conversion.Status.FOUND)
    return Judged(
        overall=report(told.outcomes),
        sources=_records(told),
        left_out=told.left_out,
        given=(given.filter(created_at__gte=since) if since else given).count(),
    )


def _rows(since: datetime | None) -> Iterator[tuple[Any, ...]]:
    """Yield the answers that were spoken of by one query, a few at a time."""
    rows = Feedback.objects.filter(conversion__confidence__isnull=False)
    if since:
        rows = rows.filter(conversion__created_at__gte=since)
    names = ("asin", "confidence", "heard")
    told = rows.values_list(*[f"conversion__{name}" for name in names], "is_correct", "asin", "weight")
    return told.iterator(chunk_size=CHUNK)


def _records(told: _Told) -> dict[str, SourceRecord]:
    known = {row.name: Beta(row.yes, row.no) for row in Share.objects.filter(name__startswith=right(""))}
    answers = by_source(told.by_source)
    return {
        source: SourceRecord(
            claims=wrong + is_right,
            right=is_right / (wrong + is_right),
            believed=starts.share(known, right(source)).mean,
            start=starts.start(right(source)).mean,
            answers=answers.get(source) or report([]),
        )
        for source, (wrong, is_right) in sorted(told.claims.items())
    }
