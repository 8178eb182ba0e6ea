"""manage.py calibration."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.tests.factories import a_user
from conversion.judged import judged
from conversion.models import Feedback
from conversion.tests.factories import ASIN, OTHER_ASIN, RESOLVER, THIRD_ASIN, an_answer, heard, right, wrong

pytestmark = pytest.mark.django_db


def said(*options: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("calibration", *options, stdout=out)
    return out.getvalue()


def told(*options: str) -> Any:
    """What it tells programs."""
    return json.loads(said("--json", *options))


def outcomes(confidence: float, *, rights: int, wrongs: int) -> None:
    """Answers of this confidence that were confirmed and rejected, each by somebody else."""
    for number in range(rights + wrongs):
        row = an_answer(a_user(), credits=0, confidence=confidence)
        (right if number < rights else wrong)(row)


def test_without_feedback_it_says_so() -> None:
    an_answer(a_user(), credits=0)
    assert "0 answers were spoken of, of 1 that were given" in said()
    assert told()["overall"]["size"] == 0


def test_the_figures_are_those_of_the_definitions() -> None:
    outcomes(0.75, rights=3, wrongs=1)
    outcomes(0.5, rights=0, wrongs=2)
    figures = told()["overall"]
    assert figures["brier"] == pytest.approx((3 * 0.25**2 + 0.75**2 + 2 * 0.5**2) / 6)
    assert figures["error"] == pytest.approx(2 / 6 * 0.5)
    assert figures["right"] == 0.5
    assert [(one["confidence"], one["right"], one["size"]) for one in figures["bins"]] == [
        (0.5, 0, 2),
        (0.75, 0.75, 4),
    ]


def test_people_read_the_same() -> None:
    outcomes(0.75, rights=3, wrongs=1)
    text = said()
    assert " 0.750 - 0.750    0.750   0.750        4\n" in text
    assert "Brier score 0.1875\n" in text
    assert "Expected calibration error 0.0000 (by chance alone 0.1727)" in text


def test_it_says_on_what_it_rests_and_that_this_is_no_sample() -> None:
    outcomes(0.9, rights=1, wrongs=1)
    for _ in range(6):
        an_answer(a_user(), credits=0)
    text = said()
    assert "2 answers were spoken of, of 8 that were given." in text
    assert "no sample" in text
    assert "Fewer than 200" in text
    assert told()["right_at_best"] == pytest.approx(7 / 8)


def test_the_table_of_sources_tells_their_claims() -> None:
    both = heard(ASIN, RESOLVER)
    both["claims"] += heard(OTHER_ASIN, "manifest")["claims"] + heard(THIRD_ASIN, "gtin")["claims"]
    for _ in range(3):
        right(an_answer(a_user(), credits=0, heard=both))
    wrong(an_answer(a_user(), credits=0, heard=both), OTHER_ASIN)
    wrong(an_answer(a_user(), credits=0, heard=both))
    sources = told()["sources"]
    assert {name: (one["claims"], one["right"]) for name, one in sources.items()} == {
        RESOLVER: (5, 0.6),
        "manifest": (4, 0.25),  # where the answer was only called wrong, nobody knows
        "gtin": (4, 0.0),
    }
    assert sources["manifest"]["answers"]["size"] == 0
    assert sources["gtin"]["believed"] < sources["gtin"]["start"] == pytest.approx(0.9)
    assert f"\n{RESOLVER}       5   0.600" in said()


def test_words_without_weight_are_left_out_and_counted() -> None:
    ann = a_user()
    right(an_answer(ann, credits=0))
    wrong(an_answer(ann, credits=0))
    assert (told()["answers_judged"], told()["left_out"]) == (1, 1)
    assert "; 1 words without weight are left out." in said()


def test_old_answers_can_be_left_out() -> None:
    outcomes(0.9, rights=2, wrongs=0)
    old = an_answer(a_user(), credits=0, created_at=timezone.now() - timedelta(days=9))
    right(old)
    assert (told()["answers_judged"], told("--days", "7")["answers_judged"]) == (3, 2)
    assert told("--days", "7")["answers_given"] == 2


def test_the_data_is_read_by_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    outcomes(0.9, rights=3, wrongs=1)
    with django_assert_num_queries(3) as asked:  # the others count, and read what is believed
        judged()
    assert sum(Feedback._meta.db_table in one["sql"] for one in asked.captured_queries) == 1


def test_the_plot_is_written(tmp_path: Path) -> None:
    outcomes(0.9, rights=3, wrongs=1)
    said("--svg", str(tmp_path / "plot.svg"))
    drawn = (tmp_path / "plot.svg").read_text()
    assert drawn.startswith("<svg")
    assert "Calibration of 4 answers" in drawn


def test_a_plot_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        said("--svg", str(tmp_path / "missing" / "plot.svg"))


def test_no_days_are_refused() -> None:
    with pytest.raises(CommandError, match="1 or more"):
        said("--days", "0")
