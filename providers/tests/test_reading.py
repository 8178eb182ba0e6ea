"""What every adapter reads in the same way: paths, texts, numbers, money, stars, ranks and times."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from providers import reading
from providers.base import Money
from providers.reading import Unbelievable

NESTED: dict[str, Any] = {
    "a": {"b": {"c": 7}},
    "many": [{"x": 1}, "text", None, {"y": 2}],
    "none": {"many": {}},
}


def test_a_path_leads_to_what_stands_there_or_to_nothing() -> None:
    assert reading.at(NESTED) is NESTED
    assert reading.at(NESTED, "a", "b", "c") == 7
    for path in (("a", "x"), ("a", "b", "c", "d"), ("many", "x"), ("b",)):
        assert reading.at(NESTED, *path) is None
    assert reading.at("text", "a") is reading.at(None, "a") is None


def test_an_object_is_read_as_one_and_anything_else_as_an_empty_one() -> None:
    assert reading.table(NESTED, "a", "b") == {"c": 7}
    assert reading.table(NESTED, "many") == reading.table(None) == reading.table(7, "a") == {}


def test_of_a_list_only_its_objects_are_read() -> None:
    objects = [{"x": 1}, {"y": 2}]
    assert reading.objects(NESTED, "many") == reading.objects(NESTED["many"]) == objects
    assert reading.listed(NESTED, "many") == objects
    assert reading.objects(["text"]) == []


@pytest.mark.parametrize("value", [None, {}, "text", 7, {"x": []}])
def test_what_is_no_list_is_not_an_empty_one_unless_asked_so(value: object) -> None:
    assert reading.objects(value) is None
    assert reading.lines(value) is None
    assert reading.listed(value) == []
    assert reading.length(value) == 0


def test_the_length_of_a_list_counts_every_entry() -> None:
    assert reading.length(NESTED, "many") == 4
    assert reading.length(NESTED, "none", "many") == 0


def test_a_word_is_text_that_is_not_empty_as_it_is() -> None:
    assert reading.word({"id": " A1<b> "}, "id") == reading.word(" A1<b> ") == " A1<b> "
    others: list[object] = ["", None, 7, ["A1"], {}]
    assert [reading.word(value) for value in others] == [None] * 5


def test_lines_are_texts_without_markup_and_the_rest_is_left_out() -> None:
    assert reading.lines(["<b>One</b>\n two", None, 7, "", "Three"]) == ("One two", "Three")
    assert reading.lines([]) == ()


@pytest.mark.parametrize(
    "value", [None, 7, "B0PALLET0", "B0PALLET012", "b0pallet01", "B0-PALLET1", ["B0PALLET0"]]
)
def test_what_does_not_look_like_an_asin_is_none(value: object) -> None:
    assert reading.asin("B0PALLET01") == "B0PALLET01"
    assert reading.asin(value) is None


def test_a_flag_is_true_or_false_or_unknown() -> None:
    assert [reading.flag(value) for value in (True, False)] == [True, False]
    others: list[object] = [None, 1, 0, "true", []]
    assert [reading.flag(value) for value in others] == [None] * 5


@pytest.mark.parametrize("value", [-1, -2, None, 1.0, "1", "23.496", True, 2**31])
def test_what_is_no_number_of_things_is_unknown(value: object) -> None:
    assert reading.whole(value) is None


def test_a_number_of_things_is_whole() -> None:
    assert [reading.whole(value) for value in (0, 17, 2**31 - 1)] == [0, 17, 2**31 - 1]


@pytest.mark.parametrize("value", [-0.01, -5, 10**11, float("nan"), float("inf")])
def test_a_number_that_cannot_be_meant_is_refused(value: float) -> None:
    with pytest.raises(Unbelievable):
        reading.number(value)


def test_a_number_is_kept_as_it_was_written() -> None:
    others: list[object] = [None, True, "18.49", [1], {}]
    assert [str(reading.number(value)) for value in (0, 0.1, 3799.0)] == ["0", "0.1", "3799.0"]
    assert [reading.number(value) for value in others] == [None] * 5


def test_a_number_may_be_written_as_a_string_where_that_is_asked_for() -> None:
    assert [str(reading.written(value)) for value in ("12.50", 12.5, "-3", 7)] == ["12.50", "12.5", "-3", "7"]
    others: list[object] = ["12,50", "NaN", "1_000", "", " 1", "9" * 21, "٣", None, True, {}]
    assert [reading.written(value) for value in others] == [None] * 10


def test_halves_are_rounded_up() -> None:
    assert [reading.rounded(Decimal(text)) for text in ("0.5", "1.5", "2.5", "2.4")] == [1, 2, 3, 2]


def test_money_is_read_by_the_names_it_is_given() -> None:
    raw = {"net": 5, "gross": 6, "currency": "EUR", "unit": "USD"}
    assert reading.money(raw, amounts=("net",)) == Money(Decimal(5), "EUR")
    assert reading.money(raw, amounts=("total", "gross")) == Money(Decimal(6), "EUR")
    assert reading.money(raw, amounts=("net",), currencies=("unit", "currency")) == Money(Decimal(5), "USD")
    assert reading.money(raw, amounts=("total",)) is None
    assert reading.money(raw, amounts=("net",), currencies=("code",)) is None


@pytest.mark.parametrize("currency", ["usd", "US", "USDT", "$", "", 840, None])
def test_without_a_currency_there_is_no_money(currency: object) -> None:
    assert reading.money({"amount": 5, "currency": currency}, amounts=("amount",)) is None


@pytest.mark.parametrize("amount", [-1, 10**11, float("nan")])
def test_money_that_cannot_be_meant_is_refused_however_it_is_read(amount: float) -> None:
    for read in (reading.number, reading.written):
        with pytest.raises(Unbelievable):
            reading.money({"amount": amount, "currency": "USD"}, amounts=("amount",), read=read)


@pytest.mark.parametrize(
    ("value", "expected"), [(4.6, "4.6"), (5, "5"), (0, "0"), (None, None), ("4,7", None), (True, None)]
)
def test_stars_are_numbers(value: object, expected: str | None) -> None:
    assert reading.stars(value) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize("value", [5.1, -1, 47, float("nan")])
def test_stars_that_cannot_be_meant_are_refused(value: float) -> None:
    with pytest.raises(Unbelievable):
        reading.stars(value)


@pytest.mark.parametrize(
    ("value", "expected"), [(1, 1), (402, 402), (None, None), ("402", None), (4.5, None), (True, None)]
)
def test_a_rank_is_a_whole_number(value: object, expected: int | None) -> None:
    assert reading.rank(value) == reading.rank(value, lowest=0) == expected


@pytest.mark.parametrize("value", [0, -3, 2**31])
def test_a_rank_that_cannot_be_meant_is_refused(value: int) -> None:
    with pytest.raises(Unbelievable):
        reading.rank(value)


def test_a_rank_of_zero_is_none_where_that_is_written_so() -> None:
    assert reading.rank(0, lowest=0) is None
    with pytest.raises(Unbelievable):
        reading.rank(-1, lowest=0)


@pytest.mark.parametrize(
    "value", ["2026-06-17T00:00:00.000Z", "2026-06-17T00:00:00Z", "2026-06-17T02:00:00+02:00"]
)
def test_times_are_utc(value: str) -> None:
    assert reading.moment(value) == datetime(2026, 6, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", [None, 17, {}, "June 17, 2026", "2026-06-17", 1781654400, "0001-01-01T00:00:00+14:00"]
)
def test_a_time_without_a_zone_or_that_is_none_is_unknown(value: object) -> None:
    assert reading.moment(value) is None
