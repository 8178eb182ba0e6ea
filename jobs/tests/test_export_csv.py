"""Results as CSV."""

import csv
import io

import pytest

from jobs.export import ResultRow
from jobs.tests.results import CONVERSION, PRODUCT, exported, result

COLUMNS = (
    "row,ref,given,code,kind,outcome,reason,credits,duplicate_of,asin,confidence,providers,age_seconds,"
    "title,brand,manufacturer,price,currency,list_price,availability,rating,rating_count,rank,rank_category,"
    "offer_count,url,image,ean,upc,sample,alternatives,verified_marketplace,is_repeat"
)
OF_PRODUCT = {
    "title": "Bottle, 750 ml",
    "brand": "Pallet",
    "manufacturer": "Pallet Ltd",
    "price": "19.90",
    "currency": "USD",
    "list_price": "24.99",
    "availability": "in_stock",
    "rating": "4.5",
    "rating_count": "1234",
    "rank": "17",
    "rank_category": "Kitchen",
    "offer_count": "4",
    "url": "https://www.amazon.com/dp/B0PALLET01",
    "image": "https://images.example/1.jpg",
    "ean": "0012345678905",
    "upc": "012345678905; 036000291452",
}
OF_ROW = {
    "row": "1",
    "ref": "shelf 4",
    "given": " b0pallet01",
    "code": "B0PALLET01",
    "kind": "asin",
    "outcome": "delivered",
    "credits": "1",
    "asin": "B0PALLET01",
    "providers": "spapi; keepa",
    "age_seconds": "12",
}


def read(*rows: ResultRow) -> list[dict[str, str]]:
    """Return what a reader of CSV finds in an export, "" cells left out."""
    text = exported("csv", rows).decode("utf-8-sig")
    found = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    return [{name: value for name, value in row.items() if value} for row in found]


def test_begins_with_a_byte_order_mark_and_the_columns() -> None:
    assert exported("csv", []) == b"\xef\xbb\xbf" + COLUMNS.encode() + b"\r\n"


def test_every_record_ends_as_rfc_4180_says() -> None:
    body = exported("csv", [result(PRODUCT), result(row=2)])
    assert (body.count(b"\r\n"), body.count(b"\n"), body[-2:]) == (3, 3, b"\r\n")


def test_a_product_is_flattened() -> None:
    assert read(result(PRODUCT)) == [OF_ROW | OF_PRODUCT | {"sample": "false"}]


def test_a_conversion_tells_of_its_product_and_what_else_it_may_be() -> None:
    assert read(result(CONVERSION, confidence=0.83)) == [
        OF_ROW
        | OF_PRODUCT
        | {
            "confidence": "0.83",
            "sample": "true",
            "alternatives": "B0PALLET02 0.12; B0PALLET03 0.05",
            "verified_marketplace": "US",
            "is_repeat": "true",
        }
    ]


def test_a_conversion_without_its_product_has_none_of_its_columns() -> None:
    (row,) = read(result({**CONVERSION, "product": None}))
    assert not set(row) & set(OF_PRODUCT)


def test_a_row_without_an_answer_has_its_own_columns_only() -> None:
    row = result(outcome="not_found", reason="There is no such product.", duplicate_of=7)
    assert read(row) == [
        OF_ROW | {"outcome": "not_found", "reason": "There is no such product.", "duplicate_of": "7"}
    ]


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"title": None, "price": None, "images": None, "identifiers": None, "rank": None},
        {"price": "cheap", "images": ["a.jpg"], "identifiers": [], "rank": 7, "alternatives": {"asin": 1}},
        {"product": "none", "alternatives": [None]},
    ],
)
def test_an_answer_of_another_shape_leaves_cells_empty(answer: object) -> None:
    assert read(result(answer)) == [OF_ROW]


def test_the_currency_is_told_where_there_is_a_list_price_only() -> None:
    (row,) = read(result({"price": None, "list_price": {"amount": "5", "currency": "EUR"}}))
    assert row["currency"] == "EUR"


@pytest.mark.parametrize("text", ['a "b", c', "a\r\nb", "a;b", "Größe 5 → 日本", "😀", "trailing "])
def test_a_text_reads_back_as_it_was(text: str) -> None:
    assert read(result(given=text))[0]["given"] == text


@pytest.mark.parametrize("text", ["=1+1", "+49 30 1", "-5", "@SUM(1)", "|calc", "%x", "\tx", "\rx", "\nx"])
@pytest.mark.parametrize("field", ["ref", "given", "code", "reason", "asin"])
def test_a_text_that_could_be_a_formula_is_defused(field: str, text: str) -> None:
    assert read(result(**{field: text}))[0][field] == f"'{text}"


@pytest.mark.parametrize("field", ["title", "brand", "manufacturer", "availability", "url"])
def test_what_an_upstream_said_is_defused_too(field: str) -> None:
    assert read(result({field: "=1+1"}))[0][field] == "'=1+1"


@pytest.mark.parametrize(
    ("column", "answer"),
    [
        ("price", {"price": {"amount": "=1"}}),
        ("rating", {"rating": "-1+1"}),
        ("rating_count", {"rating_count": "+1"}),
        ("rank_category", {"rank": {"category": "@a"}}),
        ("image", {"images": [{"url": "=a"}]}),
        ("ean", {"identifiers": {"eans": ["=a"]}}),
        ("alternatives", {"alternatives": [{"asin": "=a", "confidence": 0.1}]}),
        ("verified_marketplace", {"verified_marketplace": "=a"}),
    ],
)
def test_no_column_is_left_out_of_the_defusing(column: str, answer: object) -> None:
    assert read(result(answer))[0][column][0] == "'"


def test_a_number_below_nought_is_a_number() -> None:
    assert read(result({"rank": {"rank": -5}}))[0]["rank"] == "-5"


def test_half_a_surrogate_pair_and_nul_are_replaced() -> None:
    (row,) = read(result({"title": "a\ud800b\x00c"}, given="d\udfffe\x00f"))
    assert (row["title"], row["given"]) == ("a\ufffdb\ufffdc", "d\ufffde\ufffdf")
