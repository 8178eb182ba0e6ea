"""Whether confidences are borne out, in figures and as a picture."""

import random
from xml.etree import ElementTree as ET

import pytest

from conversion.calibration import (
    Outcome,
    bins,
    brier,
    by_source,
    error,
    even_bins,
    floor,
    plot,
    report,
)

SVG = "{http://www.w3.org/2000/svg}"


def lot(confidence: float, right: int, wrong: int) -> list[Outcome]:
    return [Outcome(confidence, True)] * right + [Outcome(confidence, False)] * wrong


def drawn(count: int, *, seed: int) -> list[Outcome]:
    """Return outcomes whose confidences are exact."""
    chance = random.Random(seed)
    confidences = [chance.betavariate(8, 1) for _ in range(count)]
    return [Outcome(confidence, chance.random() < confidence) for confidence in confidences]


def test_confidence_that_is_borne_out_has_no_error() -> None:
    assert report(lot(0.8, 8, 2) + lot(0.5, 5, 5)).error == pytest.approx(0)


def test_the_error_is_weighted_by_count() -> None:
    outcomes = lot(0.9, 6, 4) + lot(0.5, 15, 15)
    assert error(bins(outcomes)) == pytest.approx(0.25 * 0.3)
    assert error(even_bins(outcomes)) == pytest.approx(0.25 * 0.3)


def test_bins_have_about_equal_counts() -> None:
    assert [one.size for one in bins(drawn(1000, seed=1))] == [100] * 10


def test_answers_of_the_same_confidence_are_not_parted() -> None:
    table = bins(lot(0.995, 95, 5) + lot(0.3, 10, 10))
    assert [(one.low, one.high, one.size) for one in table] == [(0.3, 0.3, 20), (0.995, 0.995, 100)]


def test_bins_of_equal_width_hold_their_confidences() -> None:
    table = even_bins([Outcome(0.0, False), Outcome(0.09, False), Outcome(0.95, True), Outcome(1.0, True)])
    assert [(one.low, one.high, one.size) for one in table] == [(0.0, 0.09, 2), (0.95, 1.0, 2)]


def test_the_brier_score_is_the_mean_squared_distance() -> None:
    assert brier([Outcome(1.0, True), Outcome(0.5, False)]) == pytest.approx(0.125)


def test_the_floor_is_what_exact_confidences_show_by_chance() -> None:
    tables = [bins(drawn(1000, seed=seed)) for seed in range(30)]
    assert sum(map(error, tables)) / 30 == pytest.approx(sum(map(floor, tables)) / 30, rel=0.1)


def test_no_answers_make_no_figures() -> None:
    told = report([])
    assert (told.size, told.brier, told.error, told.floor, told.bins) == (0, 0.0, 0.0, 0.0, ())


def test_each_source_has_its_report() -> None:
    told = by_source([("manifest", Outcome(0.8, False)), ("inventory", Outcome(0.9, True))])
    assert list(told) == ["inventory", "manifest"]
    assert told["manifest"].error == pytest.approx(0.8)


def test_the_plot_can_be_read_without_seeing_it() -> None:
    root = ET.fromstring(plot(bins(lot(0.9, 8, 2) + lot(0.5, 1, 1)), title="Calibration & more"))  # noqa: S314  # nosec B314
    named = [
        element.get("id")
        for element in (root.find(f"{SVG}title"), root.find(f"{SVG}desc"))
        if element is not None
    ]
    assert root.get("role") == "img"
    assert (root.get("aria-labelledby") or "").split() == named
    assert root.findtext(f"{SVG}title") == "Calibration & more"
    assert "10 answers of about 0.90: 0.80 right." in (root.findtext(f"{SVG}desc") or "")


def test_points_stand_where_they_should_and_their_area_is_the_count() -> None:
    root = ET.fromstring(plot(bins(lot(0.5, 0, 25) + lot(1.0, 100, 0))))  # noqa: S314  # nosec B314
    points = [
        {name: float(point.get(name, "nan")) for name in ("cx", "cy", "r")}
        for point in root.iter(f"{SVG}circle")
    ]
    assert points == [{"cx": 185.0, "cy": 290.0, "r": 6.0}, {"cx": 320.0, "cy": 20.0, "r": 12.0}]


def test_the_plot_has_the_colour_of_the_text_around_it() -> None:
    text = plot(bins(drawn(100, seed=3)))
    assert "#" not in text
    assert "currentColor" in text


def test_the_plot_of_no_answers_says_so() -> None:
    assert "No answers yet." in plot([])
