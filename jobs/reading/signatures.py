"""Tell by its first bytes what kind of file something is. Pure."""

import re

from jobs.reading.given import InputRefused

LOOKED_AT = 4096  # bytes of the beginning
FEW = 8  # characters that occur in no text may be in a short one, all the same
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
SAVE_AS = "save it as an Excel workbook (.xlsx) or as CSV, and send that"

# The beginning of files that hold no table, or none that can be read, and what they are called.
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF87a", "a picture (GIF)"),
    (b"GIF89a", "a picture (GIF)"),
    (b"II*\0", "a picture (TIFF)"),
    (b"MM\0*", "a picture (TIFF)"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
_PACKED: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh91AY&SY", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a", "RAR"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKUP = re.compile(rb"\s*<(?:!doctype|\?xml|html|table|head|body|meta)", re.IGNORECASE)
_JSON = re.compile(rb'\s*(?:\[\s*[\["{]|\{\s*["}])')
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b\x1c\x1d\x1e\x1f"))


def is_zip(head: bytes) -> bool:
    """Say whether a file begins as workbooks do, which are archives."""
    return head.startswith(ZIP)


def check(head: bytes) -> None:
    """Refuse what is known to be no table, by its first bytes as they were sent. Raises InputRefused."""
    for start, name in _OTHERS:
        if head.startswith(start):
            raise InputRefused("file", f"This is {name}: open the table in a spreadsheet, {SAVE_AS}.")
    for start, name in _PACKED:
        if head.startswith(start):
            raise InputRefused("file", f"This file is packed ({name}): unpack it, and send what is inside.")
    if head.startswith(_OLD_OFFICE):
        why = "This is an old Excel workbook (.xls), or one with a password"
        raise InputRefused("file", f"{why}: open it, {SAVE_AS}, without a password.")


def check_text(head: bytes) -> None:
    """Refuse text that is no table, by its beginning without a byte order mark. Raises InputRefused."""
    head = head[:LOOKED_AT]
    if _MARKUP.match(head):
        why = "This is a web page or XML, whatever its name says"
        raise InputRefused("file", f"{why}: open it in a spreadsheet, {SAVE_AS}.")
    if _JSON.match(head):
        why = "This is JSON: send it as the body of the call, with application/json as Content-Type"
        raise InputRefused("file", f"{why}; a file has to be CSV or an Excel workbook.")
    strange = len(head) - len(head.translate(None, _CONTROL))
    if strange > max(FEW, len(head) / 20):
        raise InputRefused("file", f"This file holds no text: open it in the program it is from, {SAVE_AS}.")
