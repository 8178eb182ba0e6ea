"""Files as customers send them, and as nobody should."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook

from jobs.parsing import Line, Parsed, read

MOST = 50_000
CODE = "X0012ABCDE"  # an FNSKU
ASIN = "B07ZPKCJ6X"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
LINKS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
SHEET = "xl/worksheets/sheet1.xml"

Content = bytes | str | Iterable[bytes]


def parsed(content: bytes | str, most_rows: int = MOST, **options: Any) -> tuple[list[Line], Parsed]:
    """Read a file whole."""
    found = read(_file(content), most_rows=most_rows, **options)
    return list(found.lines), found


def given(content: bytes | str, **options: Any) -> list[str]:
    """Return the codes of a file, as they were given."""
    return [line.given for line in parsed(content, **options)[0]]


def _file(content: bytes | str) -> BytesIO:
    return BytesIO(content.encode() if isinstance(content, str) else content)


def book(rows: Sequence[Sequence[object]], **others: Sequence[Sequence[object]]) -> bytes:
    """Return a workbook as spreadsheets write them, with these rows, and further sheets by their names."""
    made, file = Workbook(), BytesIO()
    for name, content in {"Sheet": rows, **others}.items():
        sheet = made["Sheet"] if name == "Sheet" else made.create_sheet(name)
        for row in content:
            sheet.append(list(row))
    made.save(file)
    return file.getvalue()


def parts(sheet: Content, strings: Content = "", styles: Content = "") -> dict[str, Content]:
    """Return the parts of a workbook with one sheet, written by hand."""
    links = [("1", "worksheet", "worksheets/sheet1.xml")]
    links += [("2", "sharedStrings", "sharedStrings.xml")] if strings else []
    links += [("3", "styles", "/xl/styles.xml")] if styles else []
    told = "".join(f'<Relationship Id="r{n}" Type="{LINK}/{kind}" Target="{to}"/>' for n, kind, to in links)
    sheets = f'<workbook {MAIN} xmlns:r="{LINK}"><sheets><sheet name="One" r:id="r1"/></sheets></workbook>'
    root = (
        f'{LINKS}<Relationship Id="a" Type="{LINK}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    )
    made: dict[str, Content] = {"_rels/.rels": root, "xl/workbook.xml": sheets, SHEET: sheet}
    made |= {"xl/_rels/workbook.xml.rels": f"{LINKS}{told}</Relationships>"}
    made |= {"xl/sharedStrings.xml": strings} if strings else {}
    return made | ({"xl/styles.xml": styles} if styles else {})


def sheet_of(cells: str) -> str:
    """Return a sheet with these rows, in XML."""
    return f"<worksheet {MAIN}><sheetData>{cells}</sheetData></worksheet>"


def packed(parts: Mapping[str, Content], method: int = ZIP_DEFLATED) -> bytes:
    """Return an archive of these parts."""
    file = BytesIO()
    pack(file, parts, method)
    return file.getvalue()


def pack(file: IO[bytes], parts: Mapping[str, Content], method: int = ZIP_DEFLATED) -> None:
    """Write an archive of these parts, piece by piece."""
    with ZipFile(file, "w", method) as archive:
        for name, content in parts.items():
            with archive.open(name, "w") as part:
                for piece in _pieces(content):
                    part.write(piece)


def _pieces(content: Content) -> Iterator[bytes]:
    if isinstance(content, str | bytes):
        yield content.encode() if isinstance(content, str) else content
    else:
        yield from content
