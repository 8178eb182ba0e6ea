"""Tables of text: what separates their columns, quotation marks, line ends, encodings, refusals."""

import csv
import io
from itertools import product
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from jobs.parsing import MOST_GIVEN, InputRefused, Line, read
from jobs.tests.files import ASIN, CODE, given, parsed

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
ENDS = {"line feeds": "\n", "carriage returns": "\r", "both": "\r\n"}
CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n\r\t",;|'), max_size=30)
# Python before 3.13 leaves a line end in a cell unquoted where rows end in another.
DIALECTS = [
    *product(DELIMITERS.values(), ENDS.values(), [csv.QUOTE_ALL]),
    *product(DELIMITERS.values(), ["\r\n"], [csv.QUOTE_MINIMAL]),
]
ROW = st.tuples(st.from_regex("X00[A-Z0-9]{7}", fullmatch=True), CELL, CELL)


def refusal(content: bytes | str, **options: Any) -> InputRefused:
    """Read a file that is refused, and return why."""
    with pytest.raises(InputRefused) as caught:
        parsed(content, **options)
    return caught.value


def outcome(content: bytes | str, **options: Any) -> str:
    """Read any file: return how many rows it has, or why it is refused."""
    try:
        return f"{len(parsed(content, **options)[0])} rows"
    except InputRefused as problem:
        return problem.detail


@pytest.mark.parametrize("delimiter", DELIMITERS.values(), ids=DELIMITERS)
def test_what_separates_the_columns_is_found(delimiter: str) -> None:
    rows = [("title", "fnsku", "price"), ("Thing", CODE, "1,5"), ("Other; thing", "X0012ABCDF", "2|5")]
    lines, found = parsed("\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows))
    assert [line.given for line in lines] == [CODE, "X0012ABCDF"]
    assert found.delimiter == delimiter
    assert found.format == ("tsv" if delimiter == "\t" else "csv")


def test_commas_in_titles_do_not_separate_the_columns_of_a_table_with_tabs() -> None:
    assert given(f"{CODE}\tA, b, c\nX0012ABCDF\tA\n{ASIN}\tA, b\n") == [CODE, "X0012ABCDF", ASIN]


def test_decimal_commas_do_not_separate_the_columns_of_a_table_with_semicolons() -> None:
    assert given(f"1,5;{CODE};2,5\n1,5;X0012ABCDF;2,5\n") == [CODE, "X0012ABCDF"]


def test_links_with_commas_and_semicolons_in_them_are_a_list() -> None:
    links = [f"https://www.amazon.de/dp/{ASIN}?a=1,2;b", f"https://www.amazon.com/gp/product/{ASIN}"]
    assert given("\n".join(links)) == links


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_lines_end_in_whatever_way(end: str) -> None:
    content = end.join(["fnsku,ref", f"{CODE},a", "", "X0012ABCDF,b"])
    assert parsed(content)[0] == [Line(2, CODE, "a"), Line(4, "X0012ABCDF", "b")]


def test_a_line_is_counted_as_a_person_counts_where_cells_hold_lines() -> None:
    lines, _ = parsed(f'fnsku,title\n{CODE},"two\nlines"\n\nX0012ABCDF,one\n')
    assert [line.number for line in lines] == [2, 5]


def test_a_row_of_blank_cells_is_skipped_and_counted() -> None:
    lines, _ = parsed(f"fnsku,ref\n , \n,\n{CODE},a\n")
    assert lines == [Line(4, CODE, "a")]


def test_a_row_with_too_few_cells_has_an_empty_code() -> None:
    lines, _ = parsed(f"ref,fnsku\na,{CODE}\nb\nc,X0012ABCDF\n")
    assert lines[1] == Line(3, "", "b")


def test_a_code_that_is_none_comes_out_as_it_was_given() -> None:
    assert given(f"fnsku,qty\n{CODE},1\n6.19E+11,2\n=1+1,3\n,4\n") == [CODE, "6.19E+11", "=1+1", ""]


def test_a_formula_that_keeps_a_zero_comes_out_as_it_was_given() -> None:
    assert given('upc,qty\n"=""012345678905""",1\n="012345678905",1\n') == ['="012345678905"'] * 2


def test_long_cells_are_cut() -> None:
    lines, _ = parsed(f"fnsku,ref\n{CODE},{'r' * 900}\n{'A' * 900},b\n")
    assert (len(lines[0].ref), len(lines[1].given)) == (200, MOST_GIVEN)


def test_characters_that_nobody_can_keep_are_replaced() -> None:
    assert given(f"fnsku,ref\n{CODE},1\nX00\x0012ABCD,2\n")[1] == "X00\ufffd12ABCD"


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_encoding_is_found(encoding: str) -> None:
    content = f"fnsku,référence\n{CODE},Größe\n{ASIN},é\n".encode(encoding)
    lines, found = parsed(content, ref_column="référence")
    assert lines == [Line(2, CODE, "Größe"), Line(3, ASIN, "é")]
    assert found.encoding.replace("-", "") in encoding.replace("-", "")


def test_a_declared_encoding_is_believed() -> None:
    content = f"fnsku,ref\n{CODE},商品\n".encode("shift_jis")
    assert parsed(content, charset="Shift_JIS")[0][0].ref == "商品"


def test_an_encoding_that_nobody_knows_is_not_believed() -> None:
    assert given(f"fnsku,ref\n{CODE},é\n", charset="unicode_escape") == [CODE]


def test_a_single_line_in_another_encoding_is_told_of() -> None:
    content = b"fnsku,ref\n" + f"{CODE},é\n".encode() * 3 + f"{CODE},é\n".encode("cp1252")
    lines, found = parsed(content)
    assert {line.ref for line in lines} == {"é"}
    assert found.warnings == ["1 line could not be read as UTF-8, first line 5: taken for Windows-1252."]


def test_a_quotation_mark_that_does_not_fit_takes_no_other_row_along() -> None:
    content = f'fnsku,title,ref\n{CODE},"24 inch,a\nX0012ABCDF,"x" y,b\n{ASIN},"good, one",c\n'
    lines, found = parsed(content)
    assert lines == [Line(2, CODE, "a"), Line(3, "X0012ABCDF", "b"), Line(4, ASIN, "c")]
    assert found.warnings == [
        "The quotation marks do not fit in 2 rows, first on line 2: read as they stand."
    ]


def test_inches_between_tabs_are_no_quotation_marks() -> None:
    lines, _ = parsed(f'fnsku\ttitle\tref\n{CODE}\t"24 inch\ta\nX0012ABCDF\t30"\tb\n')
    assert lines == [Line(2, CODE, "a"), Line(3, "X0012ABCDF", "b")]


def test_quoted_cells_between_tabs_may_hold_lines() -> None:
    lines, _ = parsed(f'fnsku\ttitle\tref\n{CODE}\t"two\nlines\tand ""more"""\ta\n')
    assert lines == [Line(2, CODE, "a")]


@pytest.mark.parametrize("rest", ["", "A thing\n" * 300, "A thing " * 9000])
def test_a_quotation_mark_that_is_never_closed_is_refused_with_its_line(rest: str) -> None:
    problem = refusal(f'fnsku,title\n{CODE},x\n{CODE},"Thing\n{rest}')
    assert problem.field == "file"
    assert problem.detail.startswith(
        "A quotation mark in the row that begins on line 3 is never closed: close it"
    ) or problem.detail.startswith("Line 4 has more than 64 KB")


def test_a_first_row_that_is_never_closed_is_refused() -> None:
    assert "begins on line 1 is never closed" in refusal(f'{CODE},"A thing\n').detail


def test_a_line_that_is_too_long_is_refused_with_its_number() -> None:
    problem = refusal(f"fnsku\n{CODE}\n{CODE}\n{'A' * 200_000}")
    assert problem.detail.startswith("Line 4 has more than 64 KB, which no row of a table has")


def test_more_rows_than_are_taken_are_refused_after_those_that_are() -> None:
    lines = read(io.BytesIO(f"fnsku\n{CODE}\n{ASIN}\n{CODE}\n".encode()), most_rows=2).lines
    assert [next(lines).given, next(lines).given] == [CODE, ASIN]
    with pytest.raises(InputRefused, match="This has more than 2 rows, the most of one job: split it"):
        next(lines)


def test_exactly_as_many_rows_as_are_taken_are_read() -> None:
    assert len(parsed(f"fnsku\n{CODE}\n{ASIN}\n", most_rows=2)[0]) == 2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "The file is empty"),
        ("\n \n\t\n", "There is nothing in it"),
        ("\ufeff", "There is nothing in it"),
        (",,\n,,\n", "There are no rows in it"),
        ("fnsku,ref\n", "There is a header and no row below it"),
        ("fnsku,ref\n\n,\n", "There is a header and no row below it"),
    ],
)
def test_a_file_without_rows_is_refused(content: str, why: str) -> None:
    assert refusal(content).detail.startswith(why)


@settings(max_examples=80, deadline=None)
@drawn(
    rows=st.lists(ROW, min_size=2, max_size=12),
    dialect=st.sampled_from(DIALECTS),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_the_csv_module_writes_comes_back(
    rows: list[tuple[str, str, str]], dialect: tuple[str, str, int], encoding: str
) -> None:
    delimiter, end, quoting = dialect
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([("fnsku", "ref", "title"), *rows])
    lines, found = parsed(file.getvalue().encode(encoding))
    assert [line.given for line in lines] == [code for code, _, _ in rows]
    assert [line.ref for line in lines] == [ref.strip() for _, ref, _ in rows]
    assert (found.delimiter, found.column, found.ref_column) == (delimiter, "fnsku", "ref")


@settings(max_examples=300, deadline=None)
@drawn(st.binary(max_size=300), st.sampled_from(["", "utf-16", "cp932", "zip", "\0"]))
def test_any_bytes_are_read_or_refused_in_words(content: bytes, charset: str) -> None:
    assert outcome(content, charset=charset).endswith((".", "rows"))


@settings(max_examples=300, deadline=None)
@drawn(st.text('X0,;\t|"\n\r a5=é', max_size=80))
def test_any_text_is_read_or_refused_in_words(content: str) -> None:
    assert outcome(content).endswith((".", "rows"))
