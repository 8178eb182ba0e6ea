"""Lists as JSON gives them, and what people paste."""

import pytest

from jobs.parsing import MOST_GIVEN, InputRefused, Line, read_list, read_text
from jobs.tests.files import ASIN, CODE, MOST

OTHER = "X0012ABCDF"


def listed(*items: object) -> list[Line]:
    """Read a list whole."""
    return list(read_list(items, most_rows=MOST).lines)


def pasted(text: str) -> list[str]:
    """Return the codes of a pasted text, as they were given."""
    return [line.given for line in read_text(text, most_rows=MOST).lines]


def test_texts_and_objects_are_read() -> None:
    items = [CODE, {"asin": ASIN, "ref": " a "}, {"fnsku": CODE}, {"code": OTHER}, {"identifier": "1"}]
    assert listed(*items) == [
        Line(1, CODE, ""),
        Line(2, ASIN, "a"),
        Line(3, CODE, ""),
        Line(4, OTHER, ""),
        Line(5, "1", ""),
    ]


def test_an_empty_text_is_a_row_of_a_list() -> None:
    assert listed("", CODE) == [Line(1, "", ""), Line(2, CODE, "")]


def test_texts_of_a_list_are_cut_and_cleaned() -> None:
    first, second = listed("A" * 900, {"code": "\0X\ud800", "ref": "r" * 900})
    assert len(first.given) == MOST_GIVEN
    assert (second.given, len(second.ref)) == ("\ufffdX\ufffd", 200)


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (12345678905, "is a number: send a code as text, in quotation marks"),
        (True, "is true or false: send a code as text, in quotation marks"),
        (None, "is null: send a code as text, in quotation marks"),
        ([CODE], "is a list: send a code as text, in quotation marks"),
        ({}, "has no code: give one of code, asin, fnsku, identifier"),
        ({"ref": "a"}, "has no code: give one of code, asin, fnsku, identifier"),
        ({"asin": ASIN, "fnsku": CODE}, "has asin and fnsku: give one of code, asin, fnsku, identifier"),
        (
            {"asin": ASIN, "sku\n": "a"},
            "has 'sku\ufffd', which is unknown: it may have code, asin, fnsku, identifier and ref",
        ),
        ({"asin": 5}, "has a number as asin: send it as text, in quotation marks"),
        ({"asin": {}}, "has an object as asin: send it as text, in quotation marks"),
        ({"asin": ASIN, "ref": None}, "has null as ref: send it as text, in quotation marks"),
    ],
)
def test_an_item_that_is_no_code_is_refused_with_its_place(item: object, why: str) -> None:
    with pytest.raises(InputRefused) as caught:
        listed(CODE, item)
    assert (caught.value.field, caught.value.detail) == ("items", f"Item 2 of the list {why}.")


@pytest.mark.parametrize("items", ["X0012ABCDE", {"a": 1}, 5, None])
def test_what_is_no_list_is_refused(items: object) -> None:
    with pytest.raises(InputRefused, match="This is no list: send codes as"):
        read_list(items, most_rows=MOST)  # type: ignore[arg-type]


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(InputRefused, match="The list is empty: send at least one code"):
        read_list([], most_rows=MOST)


def test_a_list_that_is_too_long_is_refused() -> None:
    with pytest.raises(InputRefused, match="This has more than 50,000 rows, the most of one job: split it"):
        read_list([CODE] * (MOST + 1), most_rows=MOST)


@pytest.mark.parametrize("separator", [",", ";", "\t", " ", ", ", " ; ", "|", ",,"])
def test_codes_on_one_line_are_separated(separator: str) -> None:
    assert pasted(f"\n{separator.join([CODE, 'X00bad', ASIN])}{separator.strip()}\n") == [
        CODE,
        "X00bad",
        ASIN,
    ]


def test_codes_on_one_line_are_numbered_by_their_place() -> None:
    assert [line.number for line in read_text(f"{CODE} {ASIN}", most_rows=MOST).lines] == [1, 2]


def test_too_many_codes_on_one_line_are_refused() -> None:
    with pytest.raises(InputRefused, match="more than 2 rows") as caught:
        list(read_text(f"{CODE} {ASIN} {OTHER}", most_rows=2).lines)
    assert caught.value.field == "text"


def test_fifty_thousand_codes_on_one_line_are_read() -> None:
    assert len(pasted(",".join([CODE] * MOST))) == MOST


def test_a_code_with_spaces_in_it_is_one() -> None:
    assert pasted("978 0 306 40615 7") == ["978 0 306 40615 7"]


def test_one_row_of_a_table_is_no_list() -> None:
    assert pasted(f"{CODE}\tA fine thing\t3\tblue") == [CODE]


def test_codes_one_below_the_other_are_read() -> None:
    found = read_text(f"{CODE}\r\n\r\n{ASIN}  \r\nfoo", most_rows=MOST)
    assert [(line.number, line.given.strip()) for line in found.lines] == [(1, CODE), (3, ASIN), (4, "foo")]
    assert (found.format, found.column, found.delimiter) == ("text", "", "")


def test_rows_copied_out_of_a_spreadsheet_are_read() -> None:
    found = read_text(f"ref\tfnsku\na\t{CODE}\nb\t{OTHER}\n", most_rows=MOST)
    assert list(found.lines) == [Line(2, CODE, "a"), Line(3, OTHER, "b")]
    assert (found.format, found.column, found.ref_column) == ("tsv", "fnsku", "ref")


def test_the_column_of_pasted_rows_can_be_named() -> None:
    lines = read_text(f"{ASIN}\t{CODE}", most_rows=MOST, column="A", ref_column="B").lines
    assert list(lines) == [Line(1, ASIN, CODE)]


@pytest.mark.parametrize("text", ["", " \n\t\n", f'{CODE},"a\n', "A" * 100_000])
def test_a_refusal_of_pasted_text_is_about_the_text(text: str) -> None:
    with pytest.raises(InputRefused) as caught:
        pasted(text)
    assert caught.value.field == "text"
