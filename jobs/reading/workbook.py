"""Read Excel workbooks: the rows of the first sheet that has any. Pure.

Sheets are read here as they are unpacked, and not by openpyxl, which builds a tree of each row and of
whatever else is in a sheet: so a file of some kilobytes could fill the memory.
"""

import posixpath
from collections.abc import Iterator
from itertools import chain
from typing import IO, NamedTuple

from jobs.reading.cells import Formats, Strings
from jobs.reading.given import InputRefused, Row
from jobs.reading.markup import Attributes, Reader, fed
from jobs.reading.packages import MB, SAVE, Package
from jobs.reading.sheets import Sheet
from providers.kinds import shown

MOST_STRINGS = 32 * MB  # of the texts that cells share, which have to be kept
MOST_OTHER = 16 * MB  # of any part that is no sheet
MOST_SHEETS = 250
MOST_TOLD = 10  # sheets named in a warning
# How others begin that are archives, too.
_OTHERS = {
    "mimetype": "an OpenDocument file (.ods)",
    "xl/workbook.bin": "a binary workbook (.xlsb)",
    "Index/Document.iwa": "a Numbers document",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a presentation",
}


class Workbook:
    """A workbook, whose rows can be read once; `warnings` are complete then.

    Raises InputRefused, here or while it is read, for what is no workbook, is damaged or is too large.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self.warnings: list[str] = []
        self._package = Package(source)
        root = self._related("")
        main = next((link.target for link in root if link.type == "officeDocument"), "xl/workbook.xml")
        if main not in self._package or not main.endswith("workbook.xml"):
            raise _no_workbook(self._package)
        self._contents = _Contents()
        self._read(main, self._contents)
        self._links = self._related(main)
        self._strings, self._formats = Strings(), Formats()
        self._formats.is_1904 = self._contents.is_1904
        self._read_linked("styles", self._formats, MOST_OTHER)
        self._read_linked("sharedStrings", self._strings, MOST_STRINGS)

    def __iter__(self) -> Iterator[Row]:
        sheets = self._contents.sheets[:MOST_SHEETS]
        for one in sorted(sheets, key=lambda sheet: sheet.is_hidden):
            sheet = Sheet(self._strings, self._formats)
            target = self._target(one.id)
            rows = sheet.rows(self._package.pieces(target)) if target else iter(())
            first = next(rows, None)
            if first:
                self._tell_others(one.name)
                yield from chain([first], rows)
                self._tell_uncalculated(sheet)
                return

    def _target(self, link_id: str) -> str:
        """Return the part that a link leads to, "" where that is no sheet with cells, such as a chart."""
        found = (link.target for link in self._links if link.id == link_id and link.type == "worksheet")
        return next(found, "")

    def _read(self, name: str, reader: Reader, most: int = MOST_OTHER) -> None:
        for _ in fed(self._package.pieces(name, most), reader):
            pass

    def _read_linked(self, kind: str, reader: Reader, most: int) -> None:
        target = next((link.target for link in self._links if link.type == kind), "")
        if target in self._package:
            self._read(target, reader, most)

    def _related(self, name: str) -> "list[_Link]":
        """Return what a part is linked to; that of the package itself for ""."""
        folder, base = posixpath.split(name)
        links = _Links(folder)
        path = posixpath.join(folder, "_rels", f"{base}.rels")
        if path in self._package:
            self._read(path, links)
        return links.found

    def _tell_others(self, name: str) -> None:
        others = [shown(sheet.name) for sheet in self._contents.sheets if sheet.name != name]
        if others:
            more = f" and {len(others) - MOST_TOLD} more" if len(others) > MOST_TOLD else ""
            told = ", ".join(others[:MOST_TOLD]) + more
            self.warnings.append(f"The sheet {shown(name)} was read; not read: {told}.")

    def _tell_uncalculated(self, sheet: Sheet) -> None:
        if sheet.uncalculated:
            cells = "1 cell holds" if sheet.uncalculated == 1 else f"{sheet.uncalculated:,} cells hold"
            why = f"{cells} a formula without its result, first in row {sheet.first_uncalculated:,}"
            self.warnings.append(f"{why}: open the workbook in a spreadsheet and save it, and send that.")


class _Sheet(NamedTuple):
    name: str
    id: str  # of the link to it
    is_hidden: bool


class _Contents:
    """Takes notice of the sheets that a workbook says it has."""

    def __init__(self) -> None:
        self.sheets: list[_Sheet] = []
        self.is_1904 = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "sheet" and len(self.sheets) <= MOST_SHEETS:
            link = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            hidden = attributes.get("state", "visible") != "visible"
            self.sheets.append(_Sheet(attributes.get("name", ""), link, hidden))
        elif name == "workbookPr":
            self.is_1904 = attributes.get("date1904", "0") in ("1", "true")

    def end(self, name: str) -> None:
        pass

    def text(self, text: str) -> None:
        pass


class _Link(NamedTuple):
    id: str
    type: str  # the last part of it
    target: str  # the name of a part


class _Links:
    """Takes notice of the links of a part to others in the package."""

    def __init__(self, folder: str) -> None:
        self.found: list[_Link] = []
        self._folder = folder

    def start(self, name: str, attributes: Attributes) -> None:
        is_inside = attributes.get("TargetMode") != "External"
        if name == "Relationship" and is_inside and len(self.found) < 1000:
            target = posixpath.normpath(posixpath.join("/", self._folder, attributes.get("Target", "")))
            kind = posixpath.basename(attributes.get("Type", ""))
            self.found.append(_Link(attributes.get("Id", ""), kind, target.lstrip("/")))

    def end(self, name: str) -> None:
        pass

    def text(self, text: str) -> None:
        pass


def _no_workbook(package: Package) -> InputRefused:
    name = next((name for part, name in _OTHERS.items() if part in package), "")
    if name:
        return InputRefused("file", f"This is {name}: {SAVE}.")
    return InputRefused(
        "file", "This is an archive (.zip) and no workbook: unpack it, and send what is inside."
    )
