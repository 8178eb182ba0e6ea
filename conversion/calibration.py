"""Whether confidences are probabilities: of the answers given with 0.8, four in five should be right. Pure.

Bins have equal counts, not equal widths: most answers are near 1, and bins of equal width would put
nearly all in one and leave the others to chance. Answers of the same confidence are never parted, so
there may be fewer. The expected calibration error is the mean distance between confidence and share of
right answers, over the bins, weighted by their counts. It is never 0 for a finite sample, even if all is
as it should be: `floor` says what to expect then. The Brier score is the mean of (confidence - outcome)
squared: 0 is perfect, and it also rewards telling right from wrong.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from math import pi, sqrt
from typing import NamedTuple
from xml.sax.saxutils import escape

BINS = 10


class Outcome(NamedTuple):
    """A confidence that was given, 0 to 1, and what came of it."""

    confidence: float
    is_right: bool


class Bin(NamedTuple):
    """Answers of like confidence: the least and greatest, their mean, the share that was right, how many."""

    low: float
    high: float
    confidence: float
    right: float
    size: int


class Report(NamedTuple):
    """How well confidences are borne out; all 0 to 1; `floor` is what `error` would be by chance."""

    size: int
    confidence: float
    right: float
    brier: float
    error: float
    floor: float
    bins: tuple[Bin, ...]


def bins(outcomes: Iterable[Outcome], wanted: int = BINS) -> list[Bin]:
    """Return bins of about equal counts in rising order of confidence."""
    ranked = sorted(outcomes, key=lambda outcome: outcome.confidence)
    size = len(ranked) / wanted
    made: list[Bin] = []
    waiting: list[Outcome] = []
    done = 0
    for _, equal in groupby(ranked, key=lambda outcome: outcome.confidence):
        waiting.extend(equal)
        if done + len(waiting) >= (len(made) + 1) * size - 1e-9:
            done += len(waiting)
            made.append(_bin(waiting))
            waiting = []
    return made + ([_bin(waiting)] if waiting else [])


def even_bins(outcomes: Iterable[Outcome], wanted: int = BINS) -> list[Bin]:
    """Return bins of equal width, without the empty ones; 1.0 is in the last."""
    sorted_in: dict[int, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        sorted_in[min(wanted - 1, int(outcome.confidence * wanted))].append(outcome)
    return [_bin(found) for _, found in sorted(sorted_in.items())]


def error(table: Sequence[Bin]) -> float:
    """Return the expected calibration error; 0 when there are no answers."""
    count = sum(one.size for one in table)
    return sum(one.size * abs(one.confidence - one.right) for one in table) / count if count else 0.0


def floor(table: Sequence[Bin]) -> float:
    """Return what the error would be on average if all confidences were exact: noise of finite bins."""
    count = sum(one.size for one in table)
    noise = sum(sqrt(one.size * one.confidence * (1 - one.confidence)) for one in table)
    return sqrt(2 / pi) * noise / count if count else 0.0


def brier(outcomes: Sequence[Outcome]) -> float:
    """Return the mean squared distance between confidence and outcome; 0 when there are no answers."""
    return _mean([(outcome.confidence - outcome.is_right) ** 2 for outcome in outcomes])


def report(outcomes: Sequence[Outcome], wanted: int = BINS) -> Report:
    """Return all figures for one lot of answers."""
    table = bins(outcomes, wanted)
    return Report(
        size=len(outcomes),
        confidence=_mean([outcome.confidence for outcome in outcomes]),
        right=_mean([float(outcome.is_right) for outcome in outcomes]),
        brier=brier(outcomes),
        error=error(table),
        floor=floor(table),
        bins=tuple(table),
    )


def by_source(outcomes: Iterable[tuple[str, Outcome]], wanted: int = BINS) -> dict[str, Report]:
    """Return a report for each source, by name, of pairs (source, outcome)."""
    told: Mapping[str, list[Outcome]] = defaultdict(list)
    for source, outcome in outcomes:
        told[source].append(outcome)
    return {source: report(told[source], wanted) for source in sorted(told)}


def plot(table: Sequence[Bin], title: str = "Calibration") -> str:
    """Return an SVG: confidence to the right, share of right answers upwards, a diagonal where they match.

    A point's area stands for its count. All is drawn in the colour of the text around it, light or dark.
    """
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 340" role="img" fill="none"'
        ' stroke="currentColor" font-family="sans-serif" font-size="12"'
        ' aria-labelledby="calibration-title calibration-desc">',
        f'<title id="calibration-title">{escape(title)}</title>',
        f'<desc id="calibration-desc">{escape(_told(table))}</desc>',
        *_axes(),
        *_points(table),
        "</svg>",
    ]
    return "\n".join(parts)


def _bin(found: Sequence[Outcome]) -> Bin:
    confidences = [outcome.confidence for outcome in found]
    rights = [float(outcome.is_right) for outcome in found]
    return Bin(min(confidences), max(confidences), _mean(confidences), _mean(rights), len(found))


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


_LEFT, _TOP, _SIDE = 50, 20, 270  # pixels: where the square of the plot is
_LARGEST = 12.0  # pixels: radius of the fullest bin


def _x(share: float) -> float:
    return round(_LEFT + _SIDE * share, 1)


def _y(share: float) -> float:
    return round(_TOP + _SIDE * (1 - share), 1)


def _told(table: Sequence[Bin]) -> str:
    """Return the plot in words."""
    if not table:
        return "No answers yet."
    lines = [f"{one.size} answers of about {one.confidence:.2f}: {one.right:.2f} right." for one in table]
    return f"Expected calibration error {error(table):.3f}. " + " ".join(lines)


def _axes() -> list[str]:
    marks = [step / 5 for step in range(6)]
    return [
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" stroke-opacity="0.4"/>',
        f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke-dasharray="4 4"/>',
        '<g fill="currentColor" stroke="none">',
        *(f'<text x="{_x(m)}" y="{_y(0) + 18:g}" text-anchor="middle">{m:.1f}</text>' for m in marks),
        *(f'<text x="{_LEFT - 8}" y="{_y(m) + 4:g}" text-anchor="end">{m:.1f}</text>' for m in marks),
        f'<text x="{_x(0.5)}" y="{_y(0) + 40:g}" text-anchor="middle">confidence</text>',
        f'<text transform="translate(14 {_y(0.5)}) rotate(-90)" text-anchor="middle">right</text>',
        "</g>",
    ]


def _points(table: Sequence[Bin]) -> list[str]:
    most = max((one.size for one in table), default=1)
    return [
        f'<circle cx="{_x(one.confidence)}" cy="{_y(one.right)}" r="{_LARGEST * sqrt(one.size / most):.1f}"'
        ' fill="currentColor" fill-opacity="0.5">'
        f"<title>{one.confidence:.2f}: {one.right:.2f} of {one.size} right</title></circle>"
        for one in table
    ]
