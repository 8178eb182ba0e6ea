"""Tell by its first line which FBA report a file is, and where in it to find what. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from providers.kinds import shown
from providers.spapi.lines import Line
from providers.spapi.records import TOO_LONG, records

DELIMITERS = "\t,;|"
MOST_SHOWN = 12  # columns named in a message
WORKBOOKS = ("PK\x03\x04", "ÐÏ\x11à")  # how .xlsx and .xls files begin


class UnknownLayout(ValueError):
    """The file is none of the reports; the message says which columns were looked for, and which it has."""


class Layout(StrEnum):
    """What a report's columns say it is."""

    INVENTORY = "fba_inventory"  # GET_FBA_MYI_ALL_... and ..._UNSUPPRESSED_... have the same columns
    STOCK = "afn_inventory"
    STOCK_BY_COUNTRY = "afn_inventory_by_country"
    RESERVED = "reserved_inventory"


REPORTS: Mapping[str, Layout] = {
    "GET_FBA_MYI_ALL_INVENTORY_DATA": Layout.INVENTORY,
    "GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA": Layout.INVENTORY,
    "GET_AFN_INVENTORY_DATA": Layout.STOCK,
    "GET_AFN_INVENTORY_DATA_BY_COUNTRY": Layout.STOCK_BY_COUNTRY,
    "GET_RESERVED_INVENTORY_DATA": Layout.RESERVED,
}

# A report is what it is by one of these, beside the three columns that all have.
MARKS: Mapping[Layout, tuple[str, ...]] = {
    Layout.INVENTORY: ("afn-listing-exists", "afn-total-quantity", "afn-warehouse-quantity"),
    Layout.STOCK_BY_COUNTRY: ("quantity-for-local-fulfillment", "quantity-for-local-fulfilment"),
    Layout.STOCK: ("quantity-available", "warehouse-condition-code"),
    Layout.RESERVED: ("reserved-qty", "reserved-customerorders"),
}
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "sku": ("sku", "seller-sku", "merchant-sku", "msku", "出品者sku", "卖家-sku"),
    "fnsku": ("fnsku", "fulfillment-channel-sku", "fulfilment-channel-sku", "fulfillment-network-sku"),
    "asin": ("asin",),
    "title": ("product-name", "item-name", "title", "商品名", "商品名称"),
    "condition": ("condition", "condition-type", "コンディション", "商品状况"),
    "country": ("country", "country-code"),
    "listed": ("afn-listing-exists",),
    "stock": ("afn-total-quantity", "afn-warehouse-quantity"),
}
NEEDED = ("sku", "fnsku", "asin")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where to find what: `places` maps the keys of SPELLINGS to positions in a row, those that there are."""

    layout: Layout
    delimiter: str
    names: Sequence[str]  # as they are in the file
    places: Mapping[str, int]

    def name(self, what: str) -> str:
        """Return the name by which a person finds this column."""
        return f"the column {shown(self.names[self.places[what]])}"


def columns(header: Line | None) -> Columns:
    """Read the first line of a report; raises UnknownLayout."""
    if header is None:
        raise UnknownLayout("The file is empty.")
    if header.text is None:
        raise UnknownLayout(f"This is no report, which begins with the names of its columns. {TOO_LONG}")
    if header.text.startswith(WORKBOOKS):
        raise UnknownLayout("This is an Excel workbook or an archive: save the report as CSV, and send that.")
    delimiter, names = max(
        ((delimiter, _names(header, delimiter)) for delimiter in DELIMITERS),
        key=lambda found: len(_places(found[1])),
    )
    places, known = _places(names), {_plain(name) for name in names}
    layout = next((layout for layout, marks in MARKS.items() if not known.isdisjoint(marks)), None)
    missing = [what for what in NEEDED if what not in places]
    if layout is None or missing:
        raise UnknownLayout(_why(names, missing))
    return Columns(layout, delimiter, names, places)


def _names(header: Line, delimiter: str) -> list[str]:
    record = next(records([header], delimiter))
    return [name.strip() for name in record.fields]


def _places(names: Sequence[str]) -> dict[str, int]:
    """Return where the columns are that we know; of two by the same name, the first."""
    plain = [_plain(name) for name in names]
    found = {
        what: [plain.index(one) for one in spellings if one in plain] for what, spellings in SPELLINGS.items()
    }
    return {what: places[0] for what, places in found.items() if places}


def _plain(name: str) -> str:
    """Return a column's name without what varies: Quantity Available, reserved_qty, ＡＳＩＮ."""
    return re.sub(r"[\W_]+", "-", unicodedata.normalize("NFKC", name).casefold()).strip("-")


def _why(names: Sequence[str], missing: Sequence[str]) -> str:
    told = [shown(name) for name in names if name]
    found = ", ".join(told[:MOST_SHOWN]) + (
        f" and {len(told) - MOST_SHOWN} more" if told[MOST_SHOWN:] else ""
    )
    needed = "; ".join(" or ".join(SPELLINGS[what][:2]) for what in missing)
    lack = f"it lacks {needed}" if missing else f"it lacks one of {', '.join(m[0] for m in MARKS.values())}"
    return (
        "This is none of the FBA inventory reports, which have the columns sku, fnsku and asin, and one that "
        f"tells which report it is: {lack}. Its first line has: {found or 'nothing'}."
    )
