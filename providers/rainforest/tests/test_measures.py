"""Sizes and weights out of sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base import Measurements
from providers.rainforest.measures import measurements


def size(length: int, width: int, height: int, grams: int | None = None) -> Measurements:
    return Measurements(length_mm=length, width_mm=width, height_mm=height, weight_g=grams)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7.5 x 3.2 x 0.3 inches; 6.2 ounces", size(191, 81, 8, 176)),
        ("7.5 x 3.2 x 0.3 inches", size(191, 81, 8)),
        ("\u200e 11.8 x 7.87 x 1.57 Inches", size(300, 200, 40)),
        ("17,8 x 10,8 x 1,6 cm; 250 g", size(178, 108, 16, 250)),
        ("30 × 20 × 4 Zentimeter; 1,8 Kilogramm", size(300, 200, 40, 1800)),
        ("300x200x40 mm", size(300, 200, 40)),
        ("1 x 0.5 x 0.125 m", size(1000, 500, 125)),
    ],
)
def test_a_size_is_read_in_its_unit(text: str, expected: Measurements) -> None:
    assert measurements(text) == expected


@pytest.mark.parametrize(
    ("text", "grams"),
    [
        ("3.97 pounds", 1801),
        ("1.8 Kilograms", 1800),
        ("250 g", 250),
        ("0,250 kg", 250),
        ("6.2 oz.", 176),
        ("500\u00a0Grammes", 500),
    ],
)
def test_a_weight_is_read_in_its_unit(text: str, grams: int) -> None:
    assert measurements(None, text) == Measurements(weight_g=grams)


def test_a_weight_of_its_own_counts_for_more_than_one_behind_the_size() -> None:
    assert measurements("30 x 20 x 4 cm; 2 kg", "1.8 kg") == size(300, 200, 40, 1800)
    assert measurements("30 x 20 x 4 cm; 2 kg", "heavy") == size(300, 200, 40, 2000)


@pytest.mark.parametrize(
    "text",
    [
        "1.250 x 3 x 2 cm",
        "1,250 x 3 x 2 cm",
        "1.139,00 x 3 x 2 cm",
        '9.4"D x 5.1"W x 3.3"H',
        "7.5 x 3.2 inches",
        "7.5 x 3.2 x 0.3",
        "7.5 x 3.2 x 0.3 cubits",
        "about 7.5 x 3.2 x 0.3 inches",
        "-7.5 x 3.2 x 0.3 inches",
        "7.5 x 3.2 x 0.3 inches 6.2 ounces",
        "",
        None,
        7.5,
        ["7.5 x 3.2 x 0.3 inches"],
    ],
)
def test_a_size_that_can_be_read_in_two_ways_or_in_none_is_unknown(text: object) -> None:
    assert measurements(text) is None


@pytest.mark.parametrize(
    "text", ["1.250 kg", "1,250 kg", "2 lb 3 oz", "2 Pfund", "6.2", "ounces", "0.01 ounces", 6.2]
)
def test_a_weight_that_can_be_read_in_two_ways_or_in_none_is_unknown(text: object) -> None:
    assert measurements(None, text) is None


@given(st.text("0123456789.,x ;cminkglb", max_size=300), st.text(max_size=50))
def test_every_text_is_read_or_left(size: str, weight: str) -> None:
    found = measurements(size, weight)
    assert found is None or found != Measurements()
