"""The catalogue is what it says: well-known articles under valid codes, one per line."""

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.identifiers import Kind, asin, recognise
from providers.sample import failures
from providers.sample.catalogue import CATALOGUE, catalogue, entry_for

VALID_ASINS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=8, max_size=8).map("B0{}".format)


def test_there_are_at_least_300_articles_of_which_100_are_books() -> None:
    assert len(catalogue()) >= 300
    assert sum(entry.is_book for entry in catalogue().values()) >= 100


def test_every_code_is_valid_and_stands_once_on_a_line_of_its_own() -> None:
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        codes = [row["asin"] for row in csv.DictReader(file)]
    assert len(codes) == len(set(codes)) == len(catalogue())
    assert all(asin(code) == code for code in codes)
    assert len(CATALOGUE.read_text(encoding="utf-8").splitlines()) == len(codes) + 1


def test_books_and_only_books_have_an_isbn() -> None:
    for entry in catalogue().values():
        assert entry.is_book == (recognise(entry.asin).kind is Kind.ISBN10) == (entry.category[0] == "Books")


def test_every_entry_is_complete_and_plausible() -> None:
    for entry in catalogue().values():
        assert entry.title.strip() == entry.title
        assert entry.title
        assert entry.brand
        assert len(entry.category) >= 2
        assert 1 < entry.list_price < 1_000
        assert entry.list_price.as_tuple().exponent == -2
        assert 3.5 <= entry.rating <= 5
        assert entry.rating_count > 100


def test_no_two_articles_are_the_same() -> None:
    assert len({(entry.brand, entry.title) for entry in catalogue().values()}) == len(catalogue())


def test_many_trades_are_in_it() -> None:
    roots = {entry.category[0] for entry in catalogue().values()}
    assert roots >= {
        "Electronics", "Home & Kitchen", "Toys & Games", "Tools & Home Improvement", "Beauty & Personal Care",
        "Grocery", "Pet Supplies", "Office Products", "Sports & Outdoors", "Books",
    }  # fmt: skip


def test_the_code_of_the_specification_is_in_it() -> None:
    assert catalogue()["B07ZPKCJ6X"].brand == "Apple"


def test_no_article_has_a_code_that_fails() -> None:
    magic = {
        value
        for name, value in vars(failures).items()
        if name.startswith("PRODUCT_") and isinstance(value, str)
    }
    assert not (magic | set(failures.PRODUCT_FAILURES)) & set(catalogue())


@settings(deadline=None)
@given(VALID_ASINS)
def test_any_other_code_stands_for_something_that_calls_itself_a_sample(code: str) -> None:
    entry = entry_for(code)
    assert entry.asin == code
    assert code in catalogue() or entry.title.startswith("Sample ")
    assert entry == entry_for(code)


@pytest.mark.parametrize("code", ["0306406152", "080442957X"])
def test_an_unknown_isbn_stands_for_a_book(code: str) -> None:
    entry = entry_for(code)
    assert entry.title == f"Sample Book {code}"
    assert entry.category[0] == "Books"
    assert entry.is_book
