"""manage.py calibration: whether confidences are probabilities, by the answers that people spoke of."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from conversion.calibration import Report, plot
from conversion.judged import Judged, judged

SELECTION = (
    "These are the answers that people spoke of, and no sample of all: whoever meets a wrong one has more"
    " reason to speak. So all answers are likely right more often than this says."
)
FEW = 200  # answers, below which chance alone moves the figures by some hundredths


class Command(BaseCommand):
    """Tables of how confidences and sources were borne out."""

    help = "Compare the confidence of conversions with what feedback says of them, by source and overall."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("--days", type=int, help="only answers of so many days")
        parser.add_argument("--json", action="store_true", help="print everything as JSON")
        parser.add_argument("--svg", metavar="FILE", type=Path, help="write the plot as well")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read what was said, and print what follows from it."""
        days = options["days"]
        if days is not None and days < 1:
            raise CommandError("--days is 1 or more")
        told = judged(timezone.now() - timedelta(days=days) if days else None)
        if options["svg"]:
            write(options["svg"], plot(told.overall.bins, f"Calibration of {told.overall.size} answers"))
        lines = [json.dumps(as_json(told), indent=2)] if options["json"] else as_text(told)
        self.stdout.write("\n".join(lines))


def write(path: Path, svg: str) -> None:
    """Write the plot. Raises CommandError."""
    try:
        path.write_text(svg, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from error


def as_json(told: Judged) -> dict[str, Any]:
    """Return everything for programs."""
    return {
        "answers_given": told.given,
        "answers_judged": told.overall.size,
        "left_out": told.left_out,
        "right_at_best": told.right_at_best,
        "note": SELECTION,
        "overall": figures(told.overall),
        "sources": {
            name: {**record._asdict(), "answers": figures(record.answers)}
            for name, record in told.sources.items()
        },
    }


def figures(report: Report) -> dict[str, Any]:
    """Return a report for programs."""
    return {**report._asdict(), "bins": [one._asdict() for one in report.bins]}


def as_text(told: Judged) -> list[str]:
    """Return everything for people."""
    overall = told.overall
    left_out = f"; {told.left_out:,} words without weight are left out" if told.left_out else ""
    lines = [f"{overall.size:,} answers were spoken of, of {told.given:,} that were given{left_out}."]
    if not overall.size:
        return [*lines, "Without feedback nothing can be said of confidences."]
    return [
        *lines,
        SELECTION,
        f"If nobody was silent about a wrong one, {told.right_at_best:.3f} of all answers are right.",
        *(
            [f"Fewer than {FEW} answers say little: look at the error by chance."]
            if overall.size < FEW
            else []
        ),
        "",
        *table_of_bins(overall),
        "",
        f"Brier score {overall.brier:.4f}",
        f"Expected calibration error {overall.error:.4f} (by chance alone {overall.floor:.4f})",
        "",
        *table_of_sources(told),
    ]


def table_of_bins(report: Report) -> list[str]:
    """Return the reliability table: answers of like confidence, and how many of them were right."""
    return [
        f"{'confidence':>15} {'mean':>7} {'right':>7} {'answers':>8}",
        *(
            f"{one.low:>6.3f} - {one.high:.3f}  {one.confidence:>7.3f} {one.right:>7.3f} {one.size:>8,}"
            for one in report.bins
        ),
        f"{'all':>15} {report.confidence:>7.3f} {report.right:>7.3f} {report.size:>8,}",
    ]


def table_of_sources(told: Judged) -> list[str]:
    """Return each source's record: of its claims, and of the answers that name an ASIN of its."""
    width = max(map(len, ["source", *told.sources]))
    heading = (
        f"{'claims':>7} {'right':>7} {'believed':>9} {'start':>6} {'answers':>8} {'Brier':>7} {'error':>7}"
    )
    return [
        f"{'source':<{width}} {heading} {'chance':>7}",
        *(
            f"{name:<{width}} {one.claims:>7,} {one.right:>7.3f} {one.believed:>9.3f} {one.start:>6.3f}"
            f" {one.answers.size:>8,} {one.answers.brier:>7.4f} {one.answers.error:>7.4f}"
            f" {one.answers.floor:>7.4f}"
            for name, one in told.sources.items()
        ),
    ]
