"""Results as a workbook."""

import io
import re
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from jobs.export import ResultRow
from jobs.tests.results import CONVERSION, PRODUCT, exported, result
from jobs.writing.cells import safe
from jobs.writing.columns import NAMES

NUMBERS = {
    "row": 1,
    "credits": 1,
    "age_seconds": 12,
    "confidence": 0.83,
    "price": 19.9,
    "list_price": 24.99,
    "rating": 4.5,
    "rating_count": 1234,
    "rank": 17,
    "offer_count": 4,
}
FORMULAS = ["=1+1", '=A1&"b"', "+1", "-1+1", "@SUM(1)", "\t=1", "＝1", "\u200b=1"]


def sheet(*rows: ResultRow) -> Worksheet:
    """Return the sheet that a reader of workbooks finds."""
    found = load_workbook(io.BytesIO(exported("xlsx", rows))).active
    assert isinstance(found, Worksheet)
    return found


def cells(row: ResultRow) -> dict[str, Cell]:
    """Return the cells of a row, by the names of their columns; the empty ones left out."""
    found = zip(NAMES, sheet(row)[2], strict=True)
    return {name: cell for name, cell in found if isinstance(cell, Cell) and cell.value is not None}


def xml(name: str, *rows: ResultRow) -> str:
    """Return a part of the workbook as it is written."""
    return ZipFile(io.BytesIO(exported("xlsx", rows))).read(name).decode()


def test_a_workbook_of_no_rows_has_its_heading() -> None:
    assert [tuple(row) for row in sheet().values] == [NAMES]


def test_rows_stand_in_their_order() -> None:
    found = sheet(*(result(PRODUCT, row=row) for row in range(1, 101)))
    assert [cell.value for cell in found["A"]] == ["row", *range(1, 101)]


def test_numbers_are_numbers() -> None:
    found = cells(result(CONVERSION, confidence=0.83))
    assert {name: cell.value for name, cell in found.items() if cell.data_type == "n"} == NUMBERS


def test_everything_else_is_text() -> None:
    found = cells(result(CONVERSION, confidence=0.83, reason="a"))
    assert {cell.data_type for name, cell in found.items() if name not in NUMBERS} == {"s"}


def test_every_text_is_formatted_as_text() -> None:
    found = cells(result(CONVERSION, confidence=0.83, reason="a"))
    assert {cell.number_format for name, cell in found.items() if name not in NUMBERS} == {"@"}


def test_prices_have_two_decimals_and_counts_have_none() -> None:
    found = cells(result(PRODUCT))
    assert (found["price"].number_format, found["rank"].number_format) == ("0.00", "General")


def test_a_code_keeps_its_noughts() -> None:
    assert cells(result(PRODUCT, given="0012345678905"))["given"].value == "0012345678905"


@pytest.mark.parametrize("text", ["=1", "1e99", "9" * 16, "NaN", "-Infinity", "0x10", "1_000", "１２"])
def test_a_price_that_is_no_number_of_excel_is_text(text: str) -> None:
    found = cells(result({"price": {"amount": text}}))["price"]
    assert (found.data_type, found.value, found.number_format) == ("s", safe(text), "@")


@pytest.mark.parametrize("confidence", [float("nan"), float("inf")])
def test_a_confidence_that_is_no_number_does_not_break_the_sheet(confidence: float) -> None:
    assert cells(result(confidence=confidence))["confidence"].data_type == "s"


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_a_defused_text(text: str) -> None:
    found = cells(result({"title": text}, given=text))
    assert {(found[name].data_type, found[name].value) for name in ("title", "given")} == {("s", f"'{text}")}


@pytest.mark.parametrize("text", FORMULAS)
def test_no_formula_is_written(text: str) -> None:
    assert not re.search("<f[ >]", xml("xl/worksheets/sheet1.xml", result({"title": text}, given=text)))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(), min_size=1), min_size=1))
def test_any_text_reads_back_as_text(texts: list[str]) -> None:
    found = sheet(*(result(given=text) for text in texts))
    read = [(cell.data_type, cell.value) for cell in found["C"]]
    assert read[1:] == [("s", safe(text)) for text in texts]


@pytest.mark.parametrize(
    "text", ["a & b", "<b>", "]]>", '"', " a ", "a\r\nb", "a\nb", "&amp;", "😀", "a\u2028b"]
)
def test_a_text_reads_back_as_it_was(text: str) -> None:
    assert cells(result(given=text))["given"].value == text


def test_excel_keeps_the_blanks_around_a_text() -> None:
    assert '<t xml:space="preserve"> a </t>' in xml("xl/worksheets/sheet1.xml", result(given=" a "))


def test_what_excel_would_take_for_a_character_is_written_as_it_was() -> None:
    assert ">a_x005F_x0041_b_xyz_<" in xml("xl/worksheets/sheet1.xml", result(given="a_x0041_b_xyz_"))


def test_a_text_longer_than_excel_takes_is_cut() -> None:
    assert cells(result({"title": "x" * 40_000}))["title"].value == "x" * 32_766 + "…"


def test_the_heading_is_bold() -> None:
    assert all(cell.font.b for cell in sheet(result(PRODUCT))[1])


def test_the_results_are_not_bold() -> None:
    assert not any(cell.font.b for cell in sheet(result(PRODUCT))[2])


def test_the_heading_stays_in_view() -> None:
    assert sheet(result(PRODUCT)).freeze_panes == "A2"


def test_the_filter_is_over_all_rows() -> None:
    assert sheet(result(PRODUCT), result(row=2)).auto_filter.ref == "A1:AG3"


def test_excel_finds_its_name_of_the_filter() -> None:
    assert ">Results!$A$1:$AG$3</definedName>" in xml("xl/workbook.xml", result(PRODUCT), result(row=2))


def test_titles_have_more_room_than_row_numbers() -> None:
    found = sheet(result(PRODUCT)).column_dimensions
    assert found["N"].width > 5 * found["A"].width


def test_the_same_rows_make_the_same_bytes() -> None:
    assert exported("xlsx", [result(PRODUCT)]) == exported("xlsx", [result(PRODUCT)])


def test_the_archive_is_whole() -> None:
    body = exported("xlsx", (result(PRODUCT, row=row) for row in range(1, 1001)))
    assert ZipFile(io.BytesIO(body)).testzip() is None
