"""In a world where the truth is known, confidences are probabilities, and stay so when a source fails."""

from functools import cache

import pytest

from conversion.reliability import copies, right
from conversion.tests.trials import TIME, Trial, failure, trial, window_error

trial_of = cache(trial)


@pytest.fixture(params=[1, 2])
def tried(request: pytest.FixtureRequest) -> Trial:
    return trial_of(request.param)


def test_held_out_answers_are_calibrated(tried: Trial) -> None:
    assert tried.learned.error <= 0.02
    assert tried.learned.even <= 0.02


def test_no_more_than_a_twentieth_is_lost_against_the_best_that_knows_the_world(tried: Trial) -> None:
    assert tried.oracle.brier <= tried.learned.brier <= 1.05 * tried.oracle.brier
    assert tried.oracle.whole <= tried.learned.whole <= 1.05 * tried.oracle.whole


def test_the_start_values_alone_would_not_do(tried: Trial) -> None:
    assert tried.starts.brier > 1.15 * tried.oracle.brier


def test_the_oracle_is_calibrated_to_within_chance(tried: Trial) -> None:
    assert tried.oracle.error <= 2 * tried.oracle.floor


def test_rates_and_copying_are_found_out(tried: Trial) -> None:
    assert tried.known[copies("fnskutoasin", "manifest")].mean == pytest.approx(0.60, abs=0.06)
    assert tried.known[copies("inventory", "shared")].mean < 0.15
    assert tried.known[right("fnskutoasin")].mean == pytest.approx(0.78, abs=0.06)
    assert tried.known[right("inventory")].mean == pytest.approx(0.95, abs=0.03)


def test_feedback_mends_confidence_within_500_answers_of_a_source_failing() -> None:
    runs = [failure(seed) for seed in (1, 2)]
    assert [run for run in runs if window_error(run.learning[TIME:]) > 0.03] == []
    assert [run for run in runs if window_error(run.frozen[TIME:]) < 0.03] == []
    before_the_end = [outcome for run in runs for outcome in run.learning[TIME - 250 : TIME]]
    assert window_error(before_the_end) < 0.03
