"""Which of the ASINs asked for exist, and which do not, by one whole answer."""

from typing import Any

import pytest

from providers.creators import answers
from providers.creators.tests.amazon import body, error, fixture, item
from providers.marketplaces import MARKETPLACES
from providers.reading import Unbelievable

US = MARKETPLACES["US"]
ONE, TWO, THREE, STRANGER = "B0PALLET01", "B0PALLET02", "B0PALLET03", "B0STRANGER"
ASKED = [ONE, TWO, THREE]


def said(answer: dict[str, Any], asked: list[str] = ASKED) -> dict[str, bool]:
    """Return what is said of each ASIN: that it exists, or that it does not."""
    found, _ = answers.read(answer, asked, US, with_offers=False)
    return {asin: product is not None for asin, product in found.items()}


def doubts(answer: dict[str, Any]) -> list[str]:
    return [str(doubt) for doubt in answers.read(answer, ASKED, US, with_offers=False)[1]]


def test_all_that_was_asked_for_is_there() -> None:
    assert said(body(*map(item, ASKED))) == {ONE: True, TWO: True, THREE: True}


def test_an_error_that_names_an_asin_says_that_it_does_not_exist() -> None:
    assert said(fixture("not_found"), ["B0NOTHING1"]) == {"B0NOTHING1": False}
    answer = body(item(ONE), errors=[error(about=THREE), error("InvalidItemId", about=TWO)])
    assert said(answer) == {ONE: True, TWO: False, THREE: False}


def test_one_error_can_name_several() -> None:
    assert said(body(item(ONE), errors=[error(about=f"{TWO}, {THREE}")])) == {
        ONE: True,
        TWO: False,
        THREE: False,
    }


def test_a_book_is_named_by_its_isbn() -> None:
    assert said({"errors": [error(about="400320123X")]}, ["400320123X"]) == {"400320123X": False}


def test_an_error_that_names_nobody_means_the_only_one_missing() -> None:
    assert said(body(item(ONE), item(TWO), errors=[error()])) == {ONE: True, TWO: True, THREE: False}


def test_as_many_errors_as_are_missing_mean_all_of_them() -> None:
    assert said({"errors": [error(), error(), error("InvalidItemId")]}) == dict.fromkeys(ASKED, False)
    assert said(body(item(ONE), errors=[error(about=TWO), error()])) == {ONE: True, TWO: False, THREE: False}


@pytest.mark.parametrize(
    "errors",
    [
        [],
        [error()],  # of two that are missing: which?
        [error(), error(), error()],
        [error(), error("TooManyRequests")],
        [
            error("ItemNotAccessible", about=TWO),
            error("ItemNotAccessible", about=THREE),
        ],  # exists, not for us
        [error(about=STRANGER), error(about=ONE)],
        [{"code": "ItemNotFound", "message": 7}],
        [{"code": ["ItemNotFound"]}, {"code": ["ItemNotFound"]}],
        "ItemNotFound",
        [None, "ItemNotFound"],
    ],
)
def test_without_certainty_those_who_are_missing_are_left_out(errors: object) -> None:
    assert said(body(item(ONE), errors=errors)) == {ONE: True}


def test_what_else_went_wrong_leaves_an_error_that_names_nobody_unclear() -> None:
    answer = body(item(ONE), errors=[error(about=TWO), error(), error("InternalFailure", about=THREE)])
    assert said(answer) == {ONE: True, TWO: False}


def test_an_item_that_is_there_exists_whatever_the_errors_say() -> None:
    assert said(body(*map(item, ASKED), errors=[error(about=ONE)]))[ONE]


@pytest.mark.parametrize("stray", [item(STRANGER), item(ONE) | {"asin": None}, item(ONE)])
def test_an_item_nobody_asked_for_leaves_an_error_that_names_nobody_unclear(stray: dict[str, Any]) -> None:
    assert said(body(item(ONE), item(TWO), stray, errors=[error()])) == {ONE: True, TWO: True}


def test_an_item_that_cannot_be_believed_is_left_out_and_not_missing() -> None:
    doubtful = item(TWO, customerReviews={"starRating": {"value": 7}})
    answer = body(item(ONE), doubtful, errors=[error()])
    assert said(answer) == {ONE: True, THREE: False}
    assert doubts(answer) == ["a rating of 7"]


def test_a_stranger_is_doubted() -> None:
    assert doubts(body(item(STRANGER), {})) == ["an answer about another ASIN"] * 2


@pytest.mark.parametrize(
    "answer", [{}, {"itemsResult": None}, {"itemsResult": {"items": {}}, "errors": []}, {"errors": "x"}]
)
def test_an_answer_without_items_or_errors_is_none(answer: dict[str, Any]) -> None:
    with pytest.raises(Unbelievable):
        answers.read(answer, ASKED, US, with_offers=False)


def test_an_empty_list_of_items_says_nothing() -> None:
    assert said(body()) == {}
