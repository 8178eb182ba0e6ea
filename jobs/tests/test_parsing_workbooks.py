"""Workbooks: what their cells show comes out, and what is damaged or made to do harm is refused."""

from datetime import datetime
from io import BytesIO
from random import Random
from zipfile import ZIP_BZIP2, ZipFile

import openpyxl
import pytest

from jobs.parsing import InputRefused, Line
from jobs.tests.files import CODE, LINK, MAIN, SHEET, book, given, packed, parsed, parts, sheet_of

OTHER = "X0012ABCDF"
ROW = f'<row r="1"><c r="A1" t="str"><v>{CODE}</v></c></row>'
DOCTYPE = '<!DOCTYPE a [<!ENTITY b "X0012ABCDE">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
LAUGHS = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'


def refusal(content: bytes, **options: str) -> str:
    """Read a workbook that is refused, and return why."""
    with pytest.raises(InputRefused) as caught:
        parsed(content, **options)  # type: ignore[arg-type]
    return caught.value.detail


def shown(cell: str, styles: str = "") -> str:
    """Return what comes out of one cell, given in XML, beside a code."""
    row = f'<row r="1"><c r="A1" t="str"><v>{CODE}</v></c>{cell}</row>'
    lines, _ = parsed(packed(parts(sheet_of(row), styles=styles)), column="A", ref_column="B")
    return lines[0].ref


def test_a_workbook_is_read_with_the_numbers_of_its_rows() -> None:
    content = book([["note"], [], ["fnsku", "ref"], [CODE, "a"], [], [OTHER, "b"]][2:])
    lines, found = parsed(content, name="codes.csv", media_type="text/csv")
    assert lines == [Line(2, CODE, "a"), Line(4, OTHER, "b")]
    assert (found.format, found.column, found.ref_column, found.delimiter) == ("xlsx", "fnsku", "ref", "")


def test_a_workbook_by_another_program_is_read() -> None:
    runs = "<x:r><x:t>X0012</x:t></x:r><x:r><x:t>ABCDE</x:t></x:r>"
    row = f'<x:row><x:c t="inlineStr"><x:is>{runs}</x:is></x:c></x:row>'
    sheet = f'<x:worksheet xmlns:x="{MAIN[7:-1]}"><x:sheetData>{row}</x:sheetData></x:worksheet>'
    assert given(packed(parts(sheet))) == [CODE]


def test_shared_strings_are_read_without_how_they_are_spoken() -> None:
    runs = "<r><t>X0012</t></r><r><t>ABCDE</t></r><rPh><t>ex</t></rPh>"
    strings = f"<sst {MAIN}><si><t>x</t></si><si>{runs}</si></sst>"
    sheet = sheet_of('<row><c t="s"><v>1</v></c></row>')
    assert given(packed(parts(sheet, strings))) == [CODE]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (123456789012.0, "123456789012"),
        (36000291452, "36000291452"),
        (9780306406157, "9780306406157"),
        (1.5, "1.5"),
        (0.1 + 0.2, "0.3"),
        (True, "TRUE"),
        (datetime(2024, 5, 17), "2024-05-17"),  # noqa: DTZ001 - a cell knows no zone
        ("=1+1", "=1+1"),
        ("  a b ", "a b"),
    ],
)
def test_a_cell_comes_out_as_it_is_shown(value: object, text: str) -> None:
    lines, _ = parsed(book([["fnsku", "ref"], [CODE, value]]))
    assert lines[0].ref == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="B1"><v>1.23456789012E11</v></c>', "123456789012"),
        ('<c r="B1"><v>123456789012.0</v></c>', "123456789012"),
        ('<c r="B1"><v>1.2345678901234567E+19</v></c>', "1.23456789012346E+19"),
        ('<c r="B1"><v>1E999999999</v></c>', "1E999999999"),
        ('<c r="B1"><v>foo</v></c>', "foo"),
        ('<c r="B1" t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c r="B1" t="b"><v>0</v></c>', "FALSE"),
        ('<c r="B1" t="d"><v>2024-05-17</v></c>', "2024-05-17"),
        ('<c r="B1" t="str"><f>A1</f><v>calculated</v></c>', "calculated"),
        ('<c r="B1" t="str"><f>A1&amp;"x"</f></c>', '=A1&"x"'),
        ('<c r="B1" s="99"><v>5</v></c>', "5"),
    ],
)
def test_a_value_is_read_as_spreadsheets_store_it(cell: str, text: str) -> None:
    assert shown(cell) == text


STYLES = (
    f'<styleSheet {MAIN}><numFmts><numFmt numFmtId="170" formatCode="0000000000000"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="14"/></cellXfs></styleSheet>'
)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="B1" s="1"><v>36000291452</v></c>', "0036000291452"),
        ('<c r="B1" s="2"><v>45429</v></c>', "2024-05-17"),
        ('<c r="B1" s="2"><v>123456789012</v></c>', "123456789012"),
        ('<c r="B1" s="0"><v>45429</v></c>', "45429"),
    ],
)
def test_a_number_is_read_as_its_format_shows_it(cell: str, text: str) -> None:
    assert shown(cell, STYLES) == text


def test_formulas_that_were_never_calculated_are_told_of() -> None:
    lines, found = parsed(book([["fnsku", "ref"], [CODE, "a"], ["=B1", None]]))
    assert [line.given for line in lines] == [CODE, "=B1"]
    assert found.warnings == [
        "1 cell holds a formula without its result, first in row 3: "
        "open the workbook in a spreadsheet and save it, and send that."
    ]


def test_the_first_sheet_with_rows_is_read_and_others_are_named() -> None:
    lines, found = parsed(book([], Codes=[["fnsku"], [CODE]], Old=[[OTHER]]))
    assert [line.given for line in lines] == [CODE]
    assert found.warnings == ["The sheet Codes was read; not read: Sheet, Old."]


def test_a_hidden_sheet_is_read_when_there_is_no_other() -> None:
    made = openpyxl.load_workbook(BytesIO(book([[OTHER]], Codes=[["fnsku"], [CODE]])))
    made["Sheet"].sheet_state = "hidden"
    file = BytesIO()
    made.save(file)
    assert given(file.getvalue()) == [CODE]


def test_what_openpyxl_reads_is_what_is_read() -> None:
    random = Random(5)
    values = [None, "", "a", " b ", "é\n\u4e2d", 0, 7, -3, 2.5, 1e15, 123456789012.0, CODE, "_x0041_"]
    rows = [[CODE, *random.choices(values, k=5)] for _ in range(200)]
    content = book(rows)
    sheet = openpyxl.load_workbook(BytesIO(content), read_only=True).worksheets[0]
    for place in range(2, 7):
        lines, _ = parsed(content, column="A", ref_column=str(place))
        expected = ["" if row[place - 1] is None else str(row[place - 1]) for row in sheet.values]
        assert [line.ref for line in lines] == [text.strip().removesuffix(".0") for text in expected]


def test_a_sheet_without_rows_is_refused() -> None:
    assert refusal(book([])) == "There are no rows in it: send one code in each row."


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "_rels/.rels", "xl/sharedStrings.xml"])
@pytest.mark.parametrize("doctype", [DOCTYPE, OUTSIDE, LAUGHS], ids=["entity", "outside", "laughs"])
def test_a_document_type_is_refused_wherever_it_stands(part: str, doctype: str) -> None:
    made = parts(sheet_of(ROW), f"<sst {MAIN}/>")
    made[part] = f"{doctype}{made[part]!s}"
    assert refusal(packed(made)).startswith("This workbook holds a document type (DTD), which none does")


@pytest.mark.parametrize(
    "sheet",
    [
        "",
        "foo",
        sheet_of(ROW)[:-20],
        sheet_of('<row><c t="s"><v>5</v></c></row>'),
        sheet_of('<row><c t="s"><v>-1</v></c></row>'),
        sheet_of('<row><c t="s"><v>x</v></c></row>'),
        sheet_of('<row r="5"/><row r="3"/>'),
        sheet_of('<row r="-1"/>'),
        sheet_of('<row r="x"/>'),
        sheet_of(f'<row r="{"9" * 5000}"/>'),
        sheet_of('<row><c r="5"/></row>'),
        sheet_of("&foo;"),
        '<?xml version="1.0" encoding="foo"?>' + sheet_of(ROW),
    ],
)
def test_a_damaged_sheet_is_refused(sheet: str) -> None:
    assert refusal(packed(parts(sheet))).startswith("This workbook is damaged, or is none: open it in a")


def test_a_workbook_that_is_cut_off_is_refused() -> None:
    assert refusal(book([[CODE]])[:-30]).startswith("This workbook is damaged")


def test_any_damage_is_refused_in_words_or_does_not_matter() -> None:
    random, content = Random(7), book([["fnsku", "ref"], *[[CODE, f"{n}"] for n in range(50)]])
    for _ in range(300):
        damaged = bytearray(content)
        for _ in range(random.randint(1, 4)):
            damaged[random.randrange(4, len(damaged))] = random.randrange(256)
        try:
            assert len(parsed(bytes(damaged))[0]) <= 51
        except InputRefused:
            continue


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil", "xl/../../evil", "xl\\evil.xml", "C:evil"])
def test_names_that_lead_out_are_refused(name: str) -> None:
    made = {**parts(sheet_of(ROW)), name: "x"}
    assert "holds names that lead out of it" in refusal(packed(made))


def test_very_many_parts_are_refused() -> None:
    made = {**parts(sheet_of(ROW)), **{f"xl/{n}": "" for n in range(2000)}}
    assert refusal(packed(made)).startswith("This archive has too many parts for a workbook")


def test_a_list_of_parts_that_is_too_long_is_not_even_read() -> None:
    made = {**parts(sheet_of(ROW)), **{f"xl/{n}{'x' * 2000}": "" for n in range(600)}}
    assert refusal(packed(made)).startswith("This archive has too many parts for a workbook")


def test_a_part_that_is_there_twice_is_refused() -> None:
    file = BytesIO(packed(parts(sheet_of(ROW))))
    with ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(SHEET, sheet_of(ROW))
    assert refusal(file.getvalue()).startswith("This archive has too many parts")


def test_a_part_with_a_password_is_refused() -> None:
    content = bytearray(packed(parts(sheet_of(ROW))))
    content[content.rindex(SHEET.encode()) - 38] |= 1  # its flags, in the list of the parts
    assert refusal(bytes(content)).startswith("This workbook has a password")


def test_a_part_that_is_packed_as_in_no_workbook_is_refused() -> None:
    assert refusal(packed(parts(sheet_of(ROW)), ZIP_BZIP2)).startswith("This workbook is damaged")


def test_a_sheet_that_is_linked_from_outside_is_not_read() -> None:
    made = parts(sheet_of(ROW))
    links = str(made["xl/_rels/workbook.xml.rels"])
    made["xl/_rels/workbook.xml.rels"] = links.replace("Target=", 'TargetMode="External" Target=')
    assert refusal(packed(made)).startswith("There are no rows in it")


def test_a_sheet_that_is_a_chart_is_passed_over() -> None:
    made = parts(sheet_of(ROW))
    chart = f'<Relationship Id="c" Type="{LINK}/chartsheet" Target="chartsheets/sheet1.xml"/></Relationships>'
    links, sheets = str(made["xl/_rels/workbook.xml.rels"]), str(made["xl/workbook.xml"])
    made["xl/_rels/workbook.xml.rels"] = links.replace("</Relationships>", chart)
    made["xl/workbook.xml"] = sheets.replace("<sheets>", '<sheets><sheet name="Chart" r:id="c"/>')
    assert given(packed(made)) == [CODE]


def test_a_sheet_that_is_not_there_is_refused() -> None:
    made = parts(sheet_of(ROW))
    del made[SHEET]
    assert refusal(packed(made)).startswith("This workbook is damaged")


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (
            "mimetype",
            "This is an OpenDocument file (.ods): open it in a spreadsheet, save it as .xlsx or as CSV",
        ),
        ("xl/workbook.bin", "This is a binary workbook (.xlsb)"),
        ("Index/Document.iwa", "This is a Numbers document"),
        ("word/document.xml", "This is a Word document"),
        ("codes.csv", "This is an archive (.zip) and no workbook: unpack it, and send what is inside."),
    ],
)
def test_another_archive_is_refused_with_what_to_do(part: str, why: str) -> None:
    assert refusal(packed({part: "x"})).startswith(why)
