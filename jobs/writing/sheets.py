"""A workbook of one sheet, written as a stream: the compressed bytes come out while the rows go in.

Office Open XML (ECMA-376) asks for little when text stands in the cells themselves. A library would write the
sheet to a named file on disk first, and take several times as long.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from zipfile import ZIP_DEFLATED, ZipFile

from jobs.writing.cells import safe
from jobs.writing.columns import COLUMNS, NAMES, Column, Value

LEVEL = 3  # of compression; 6 takes longer for a file that is a fourteenth smaller
NUMERIC, TEXT, HEADING, MONEY = range(4)  # the styles of STYLES, in its order
ESCAPE_LIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # what Excel would take for a character written as a number

PROLOG = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET = "xl/worksheets/sheet1.xml"

CONTENT_TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
    f'<Override PartName="/{SHEET}" ContentType="{KIND}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{KIND}.styles+xml"/></Types>'
)
ROOT = (
    f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
LINKS = (
    f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>'
)
STYLES = (  # the formats 49 and 2 are "@" and "0.00"
    f'<styleSheet xmlns="{MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>'
    '<xf numFmtId="2" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
PARTS = {
    "[Content_Types].xml": CONTENT_TYPES,
    "_rels/.rels": ROOT,
    "xl/_rels/workbook.xml.rels": LINKS,
    "xl/styles.xml": STYLES,
}


class Outbox:
    """What a ZipFile writes to: bytes wait here until they are taken. It cannot seek, and need not."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        """Take bytes in."""
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def taken(self) -> bytes:
        """Return what has come since the last time."""
        data = bytes(self._waiting)
        self._waiting.clear()
        return data


def workbook(rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """Give the bytes of a workbook with these rows, each one value for each of COLUMNS, under a heading.

    Up to 1,048,575 rows, and 2 GB of sheet before it is compressed: RuntimeError beyond.
    """
    outbox = Outbox()
    with ZipFile(outbox, "w", ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name, content in PARTS.items():
            write(archive, name, content)
        last = 1
        with archive.open(SHEET, "w") as sheet:
            sheet.write((PROLOG + top()).encode())
            for last, row in enumerate(rows, start=2):
                sheet.write(line(row, last).encode())
                yield outbox.taken()
            sheet.write(bottom(last).encode())
        write(archive, "xl/workbook.xml", book(last))
    yield outbox.taken()


def write(archive: ZipFile, name: str, content: str) -> None:
    """Add a part. Two workbooks of the same rows are the same bytes, as no part has a time."""
    with archive.open(name, "w") as part:
        part.write((PROLOG + content).encode())


def top() -> str:
    """Return a sheet as far as its first row of results: the heading stays in view."""
    return (
        f'<worksheet xmlns="{MAIN}"><sheetViews><sheetView tabSelected="1" workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{''.join(width(index, column) for index, column in enumerate(COLUMNS, start=1))}</cols>"
        f'<sheetData><row r="1">{"".join(map(heading, LETTERS, NAMES))}</row>'
    )


def bottom(last: int) -> str:
    """Return the end of a sheet: a filter over all rows, and no warnings that codes look like numbers."""
    return (
        f'</sheetData><autoFilter ref="A1:{LETTERS[-1]}{last}"/><ignoredErrors>'
        f'<ignoredError sqref="A1:{LETTERS[-1]}{last}" numberStoredAsText="1"/></ignoredErrors></worksheet>'
    )


def book(last: int) -> str:
    """Return what the workbook holds: one sheet, and the name by which Excel keeps its filter."""
    return (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
        "<bookViews><workbookView/></bookViews>"
        '<sheets><sheet name="Results" sheetId="1" r:id="rId1"/></sheets><definedNames>'
        '<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">'
        f"Results!$A$1:${LETTERS[-1]}${last}</definedName></definedNames></workbook>"
    )


def width(index: int, column: Column) -> str:
    """Return the width of a column, and how its empty cells look."""
    return (
        f'<col min="{index}" max="{index}" width="{column.width}" style="{style(column)}" customWidth="1"/>'
    )


def style(column: Column) -> int:
    """Return the style of a column's cells."""
    if column.is_money:
        return MONEY
    return NUMERIC if column.is_number else TEXT


def heading(letter: str, name: str) -> str:
    """Return the cell above a column."""
    return cell(f"{letter}1", name, HEADING)


def line(row: Sequence[Value], number: int) -> str:
    """Return a row, its empty cells left out."""
    cells = (
        cell(f"{letter}{number}", value, look)
        for letter, value, look in zip(LETTERS, row, LOOKS, strict=True)
        if value not in (None, "")
    )
    return f'<row r="{number}">{"".join(cells)}</row>'


def cell(address: str, value: Value, look: int) -> str:
    """Return a cell. A text is said to be one, in whatever column it is, and so is never a formula."""
    if not isinstance(value, str):
        return f'<c r="{address}" s="{look}"><v>{value}</v></c>'
    shown = HEADING if look == HEADING else TEXT
    return (
        f'<c r="{address}" s="{shown}" t="inlineStr">'
        f'<is><t xml:space="preserve">{escaped(safe(value))}</t></is></c>'
    )


def escaped(text: str) -> str:
    """Return a text as it stands in XML, and reads in Excel as it was."""
    literal = ESCAPE_LIKE.sub("_x005F_", text) if "_x" in text else text
    return html.escape(literal, quote=False).replace("\r", "&#13;")


def letters(index: int) -> str:
    """Return what a spreadsheet calls a column, of which the first is 0: A to Z, then AA."""
    first, second = divmod(index, 26)
    return (chr(ord("A") + first - 1) if first else "") + chr(ord("A") + second)


LETTERS = tuple(letters(index) for index in range(len(COLUMNS)))
LOOKS = tuple(style(column) for column in COLUMNS)
