"""Which columns of a table are read, whether it has a header or not, and what is refused."""

from typing import Any

import pytest

from jobs.parsing import InputRefused, Line
from jobs.tests.files import ASIN, CODE, book, given, parsed

OTHER = "X0012ABCDF"


def columns(content: str, **options: Any) -> tuple[str, str]:
    """Return what is said of the columns that were read."""
    _, found = parsed(content, **options)
    return found.column, found.ref_column


@pytest.mark.parametrize(
    ("content", "column"),
    [
        (f"title,fnsku,qty\nThing,{CODE},3\n", "fnsku"),
        (f"title,Something,qty\nThing,{CODE},3\n", "Something"),
        (f"Thing,{CODE},3\nOther,{OTHER},4\n", "column 2"),
        (f"asin,fnsku\n{ASIN},{CODE}\n", "fnsku"),
        (f"asin1,item-name\n{ASIN},Thing\n", "asin1"),
        ("sku,UPC,qty\nA1,036000291452,3\nA2,4006381333931,2\n", "UPC"),
        ("qty,EAN\n3,6.19E+11\n4,5.02E+12\n", "EAN"),
        ("4,036000291453\n5,036000291454\n", "column 2"),
        ("note,label\nx,LPNRR1234567\ny,LPNRR1234568\n", "label"),
        (f"name,link\nx,https://www.amazon.de/dp/{ASIN}\n", "link"),
        ("note,fnsku\nfoo,bar\nbaz,qux\n", "fnsku"),
    ],
)
def test_the_column_with_the_codes_is_found(content: str, column: str) -> None:
    assert columns(content)[0] == column


def test_other_columns_with_codes_are_told_of() -> None:
    _, found = parsed(f"asin,fnsku,title\n{ASIN},{CODE},Thing\n")
    assert found.warnings == ["fnsku was read; asin seems to hold codes, too."]


@pytest.mark.parametrize("column", ["ASIN", " asin ", "1", "a", "A"])
def test_the_column_can_be_named_in_any_way(column: str) -> None:
    assert given(f"asin,fnsku\n{ASIN},{CODE}\n", column=column) == [ASIN]


def test_a_header_that_is_a_letter_or_a_number_counts_before_places() -> None:
    assert given(f"b,3,asin\n1,2,{ASIN}\n", column="3") == ["2"]


def test_naming_a_column_makes_the_first_row_the_header() -> None:
    assert given(f"X00HEADER00,other\n{CODE},{OTHER}\n", column="x00header00") == [CODE]


def test_a_far_column_is_found_by_its_letters() -> None:
    row = [f"c{n}" for n in range(30)]
    assert given(book([row, [*["x"] * 28, CODE]]), column="AC") == [CODE]


@pytest.mark.parametrize("column", ["foo", "0", "4", "D", "ZZZZ", "-1", "99999999999", "\u0663", "é"])
def test_a_column_that_does_not_exist_is_refused_with_those_that_do(column: str) -> None:
    with pytest.raises(InputRefused) as caught:
        parsed(f"asin,fnsku,\n{ASIN},{CODE},x\n", column=column)
    assert caught.value.field == "column"
    assert caught.value.detail == (
        f"There is no column {column!r}. The table has: asin, fnsku, column 3. "
        "Name one of these, or give its number or letter."
    )


def test_a_reference_column_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputRefused, match="There is no column 'foo'"):
        parsed(f"asin\n{ASIN}\n", ref_column="foo")


def test_a_table_where_no_column_holds_codes_is_refused_with_its_columns() -> None:
    with pytest.raises(InputRefused) as caught:
        parsed("note,comment\nfoo,bar\nbaz,qux\n")
    assert caught.value.detail == (
        "No column seems to hold codes. The table has: note, comment. Say in `column` which one to read."
    )


def test_of_very_many_columns_some_are_told() -> None:
    names = ["note", *[f"note {letter}" for letter in "abcdefghijklmnop"]]
    with pytest.raises(InputRefused, match=r"has: note, note a, .*, note k and 5 more\. Say in `column`"):
        parsed(f"{','.join(names)}\n{','.join(['foo'] * 17)}\n")


@pytest.mark.parametrize(
    ("header", "ref"),
    [
        ("fnsku,ref", "ref"),
        ("fnsku,Reference", "Reference"),
        ("fnsku,id", "id"),
        ("fnsku,Row ID", "Row ID"),
        ("fnsku,seller-sku", "seller-sku"),
        ("fnsku,order_id", "order_id"),
        ("fnsku,title", ""),
        ("ref,other", ""),
    ],
)
def test_the_reference_column_is_found_by_its_header(header: str, ref: str) -> None:
    assert columns(f"{header}\n{CODE},a1\n")[1] == ref


def test_the_reference_column_is_the_one_that_tells_most() -> None:
    assert columns(f"sku,fnsku,id,ref\na,{CODE},b,c\n") == ("fnsku", "ref")


def test_the_reference_column_can_be_named() -> None:
    assert parsed(f"{CODE},a,b\n", ref_column="C")[0] == [Line(1, CODE, "b")]


@pytest.mark.parametrize(
    ("first", "is_header"),
    [
        ("fnsku,qty", True),
        ("Artikelnummer,Menge", True),
        ("Ding,Anzahl", True),
        ("EAN13,qty", True),
        (f"{CODE},qty", False),
        ("X00BAD12345,Label printer", False),
        ("Thing,3", False),
        ("6.19E+11,Thing", False),
        ("https://www.amazon.de/,Thing", False),
    ],
)
def test_a_first_row_is_a_header_where_it_holds_no_value(first: str, is_header: bool) -> None:
    lines, _ = parsed(f"{first}\n{CODE},3\n{OTHER},4\n")
    assert lines[0].number == (2 if is_header else 1)


@pytest.mark.parametrize(("first", "column"), [("FNSKU", "FNSKU"), ("Barcode", "Barcode"), ("foo", "")])
def test_a_list_has_a_header_where_it_is_called_something_known(first: str, column: str) -> None:
    lines, found = parsed(f"{first}\n{CODE}\n")
    assert (found.format, found.column) == ("text", column)
    assert [line.given for line in lines] == ([CODE] if column else [first, CODE])


def test_a_single_column_in_quotation_marks_is_read() -> None:
    lines, found = parsed(f'"fnsku"\n"{CODE}"\n', name="Codes.CSV")
    assert (lines, found.format, found.column) == ([Line(2, CODE, "")], "csv", "fnsku")
