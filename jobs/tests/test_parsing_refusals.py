"""Files that are no table are told by what is in them, whatever they are called."""

import gzip

import pytest

from jobs.parsing import InputRefused
from jobs.tests.files import CODE, parsed

HOW = "save it as an Excel workbook (.xlsx) or as CSV, and send that"
OPEN = f"open the table in a spreadsheet, {HOW}."
TABLE = f"fnsku\n{CODE}\n".encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"%PDF-1.7\n", f"This is a PDF document: {OPEN}"),
        (b"\x89PNG\r\n\x1a\n", f"This is a picture (PNG): {OPEN}"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", f"This is a picture (JPEG): {OPEN}"),
        (b"GIF89a", f"This is a picture (GIF): {OPEN}"),
        (b"{\\rtf1", f"This is a text document (RTF): {OPEN}"),
        (b"SQLite format 3\0", f"This is a database: {OPEN}"),
        (gzip.compress(TABLE, mtime=0), "This file is packed (gzip): unpack it, and send what is inside."),
        (b"7z\xbc\xaf\x27\x1c\0\4", "This file is packed (7-Zip): unpack it, and send what is inside."),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100,
            "This is an old Excel workbook (.xls), or one with a password: "
            f"open it, {HOW}, without a password.",
        ),
        (
            b"\xef\xbb\xbf <!DOCTYPE html><table>",
            f"This is a web page or XML, whatever its name says: open it in a spreadsheet, {HOW}.",
        ),
        (
            b'<?xml version="1.0"?><Workbook/>',
            f"This is a web page or XML, whatever its name says: open it in a spreadsheet, {HOW}.",
        ),
        (
            b'[{"asin": "B07ZPKCJ6X"}]',
            "This is JSON: send it as the body of the call, with application/json as Content-Type; "
            "a file has to be CSV or an Excel workbook.",
        ),
        (
            bytes(range(256)) * 20,
            f"This file holds no text: open it in the program it is from, {HOW}.",
        ),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_what_to_do(content: bytes, why: str) -> None:
    with pytest.raises(InputRefused) as caught:
        parsed(content, name="codes.csv", media_type="text/csv")
    assert (caught.value.field, caught.value.detail) == ("file", why)


@pytest.mark.parametrize("name", ["codes.xlsx", "codes.pdf", "codes", ""])
def test_a_table_is_read_whatever_it_is_called(name: str) -> None:
    lines, _ = parsed(TABLE, name=name, media_type="application/pdf")
    assert [line.given for line in lines] == [CODE]
