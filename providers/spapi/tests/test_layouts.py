"""FBA reports as Amazon writes them, as spreadsheets leave them, and as nobody should send them."""

import codecs
import io
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

import pytest

from providers.spapi.header import MARKS
from providers.spapi.layouts import REPORTS, Layout, Refused, Row, UnknownLayout, read
from providers.spapi.lines import MAX_LINE

INVENTORY = (
    "sku", "fnsku", "asin", "product-name", "condition", "your-price", "mfn-listing-exists",
    "mfn-fulfillable-quantity", "afn-listing-exists", "afn-warehouse-quantity", "afn-fulfillable-quantity",
    "afn-unsellable-quantity", "afn-reserved-quantity", "afn-total-quantity", "per-unit-volume",
    "afn-inbound-working-quantity", "afn-inbound-shipped-quantity", "afn-inbound-receiving-quantity",
    "afn-researching-quantity", "afn-reserved-future-supply", "afn-future-supply-buyable",
)  # fmt: skip
STOCK = (
    "seller-sku", "fulfillment-channel-sku", "asin", "condition-type", "Warehouse-Condition-code",
    "Quantity Available",
)  # fmt: skip
BY_COUNTRY = (
    "seller-sku", "fulfillment-channel-sku", "asin", "condition-type", "country",
    "quantity-for-local-fulfillment",
)  # fmt: skip
RESERVED = (
    "sku", "fnsku", "asin", "product-name", "reserved_qty", "reserved_customerorders",
    "reserved_fc-transfers", "reserved_fc-processing", "",
)  # fmt: skip
SMALL = ("sku", "fnsku", "asin", "product-name", "afn-total-quantity")
STRAP = ("STRAP-4", "X001PALLET", "B0PALLET01", "Ratchet strap", "7")


def file(*rows: Sequence[str], separator: str = "\t", end: str = "\r\n") -> bytes:
    return "".join(separator.join(row) + end for row in rows).encode()


def inventory(**known: str) -> tuple[str, ...]:
    """Return a row of the large report; names are written with underscores."""
    usual = {"sku": "STRAP-4", "fnsku": "X001PALLET", "asin": "B0PALLET01", "afn_listing_exists": "Yes"}
    told = usual | {"afn_total_quantity": "7", "afn_warehouse_quantity": "7"} | known
    return tuple(told.get(name.replace("-", "_"), "") for name in INVENTORY)


def one(data: bytes, charset: str | None = None) -> Row:
    [row] = read(io.BytesIO(data), charset=charset)
    assert isinstance(row, Row)
    return row


def refusal(row: Sequence[str], header: Sequence[str] = SMALL) -> str:
    [refused] = read(io.BytesIO(file(header, row)))
    assert isinstance(refused, Refused)
    assert refused.line == 2
    return refused.reason


def why_unknown(data: bytes) -> str:
    with pytest.raises(UnknownLayout) as caught:
        read(io.BytesIO(data))
    return str(caught.value)


def test_reads_the_whole_inventory() -> None:
    title = 'Ratchet strap 27" &amp; "hooks"'
    found = read(io.BytesIO(file(INVENTORY, inventory(product_name=title, condition="New"))))
    assert found.layout is Layout.INVENTORY
    assert list(found) == [
        Row(
            line=2,
            sku="STRAP-4",
            fnsku="X001PALLET",
            asin="B0PALLET01",
            title='Ratchet strap 27" & "hooks"',
            condition="new",
            is_archived=False,
        )
    ]


@pytest.mark.parametrize(
    ("header", "row", "layout", "known"),
    [
        (
            STOCK,
            ("STRAP-4", "X001PALLET", "B0PALLET01", "UsedLikeNew", "SELLABLE", "7"),
            Layout.STOCK,
            {"condition": "used_like_new"},
        ),
        (
            BY_COUNTRY,
            ("STRAP-4", "X001PALLET", "B0PALLET01", "NewItem", "DE", "7"),
            Layout.STOCK_BY_COUNTRY,
            {"condition": "new", "country": "DE"},
        ),
        (
            RESERVED,
            ("STRAP-4", "X001PALLET", "B0PALLET01", "Ratchet strap", "7", "1", "2", "4", ""),
            Layout.RESERVED,
            {"title": "Ratchet strap"},
        ),
    ],
)
def test_reads_each_of_the_others(
    header: Sequence[str], row: Sequence[str], layout: Layout, known: dict[str, str]
) -> None:
    found = read(io.BytesIO(file(header, row)))
    assert found.layout is layout
    pair = {"line": 2, "sku": "STRAP-4", "fnsku": "X001PALLET", "asin": "B0PALLET01"}
    assert list(found) == [Row(**pair, **known)]  # type: ignore[arg-type]


def test_knows_five_reports_by_four_layouts() -> None:
    assert len(REPORTS) == 5
    assert set(REPORTS.values()) == set(Layout) == set(MARKS)


def test_columns_may_stand_in_any_order_among_others() -> None:
    header = ("store", "afn-total-quantity", "ASIN", "Product Name", "x", "FNSKU", "MSKU")
    row = one(file(header, ("", "7", "B0PALLET01", "Ratchet strap", "?", "X001PALLET", "STRAP-4")))
    assert row == Row(line=2, sku="STRAP-4", fnsku="X001PALLET", asin="B0PALLET01", title="Ratchet strap")


@pytest.mark.parametrize(
    ("sku", "fnsku"),
    [
        ("seller-sku", "fulfillment-channel-sku"),
        ("Seller SKU", "Fulfilment_Channel_SKU"),
        ("出品者SKU", "ＦＮＳＫＵ"),
        ("卖家 SKU", "FNSKU"),
        (" merchant-sku ", '"fnsku"'),
    ],
)
def test_columns_have_several_spellings(sku: str, fnsku: str) -> None:
    header = (sku, fnsku, "asin", "商品名", "afn-total-quantity")
    row = one(file(header, STRAP))
    assert (row.sku, row.fnsku, row.title) == ("STRAP-4", "X001PALLET", "Ratchet strap")


def test_of_two_columns_by_one_name_the_first_counts() -> None:
    assert one(file((*SMALL, "sku"), (*STRAP, "another"))).sku == "STRAP-4"


@pytest.mark.parametrize("separator", [",", ";", "|"])
def test_reads_what_a_spreadsheet_saved(separator: str) -> None:
    title = f'"Strap{separator} ""27"""'
    quoted = [f'"{name}"' for name in SMALL]
    row = one(file(quoted, ("STRAP-4", "X001PALLET", '"B0PALLET01"', title, "7"), separator=separator))
    assert (row.asin, row.title) == ("B0PALLET01", f'Strap{separator} "27"')


def test_a_line_break_in_quotation_marks_belongs_to_the_field() -> None:
    rows = [SMALL, ("A", "X001PALLET", "B0PALLET01", '"Strap\r\nfor ""two""\n"', "7"), STRAP]
    first, second = read(io.BytesIO(file(*rows, separator=",")))
    assert isinstance(first, Row)
    assert (first.line, first.title) == (2, 'Strap for "two"')
    assert isinstance(second, Row)
    assert second.line == 5


def test_a_quotation_mark_in_a_tab_separated_title_is_an_inch() -> None:
    titles = ('27" strap', '"27"" strap"', '"A" and "B"', '"', '"open')
    rows = [("S", "X001PALLET", "B0PALLET01", title, "7") for title in titles]
    found = [row.title for row in read(io.BytesIO(file(SMALL, *rows))) if isinstance(row, Row)]
    assert found == ['27" strap', '27" strap', '"A" and "B"', '"', '"open']


def test_a_quotation_mark_left_open_costs_one_row() -> None:
    bad = ("S", "X001PALLET", "B0PALLET01", '"open', "7")
    good = [STRAP, (*STRAP[:3], '"27"" strap"', "7")] * 30
    refused, *rows = read(io.BytesIO(file(SMALL, bad, *good, separator=",")))
    assert isinstance(refused, Refused)
    assert refused.line == 2
    assert "quotation marks" in refused.reason
    assert [row.line for row in rows if isinstance(row, Row)] == list(range(3, 63))


def test_a_quotation_mark_left_open_in_the_last_row_costs_that_row() -> None:
    good, bad = read(io.BytesIO(file(SMALL, STRAP, ("S", '"X001PALLET'), separator=",")))
    assert isinstance(good, Row)
    assert isinstance(bad, Refused)


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-8-sig", "ISO-8859-1"),
        ("utf-16", None),
        ("utf-16-le", None),
        ("utf-16-be", None),
        ("utf-16-be", "UTF-16BE"),
        ("cp1252", None),
        ("cp1252", "Cp1252"),
        ("cp1252", "ISO-8859-1"),
        ("cp1252", "rot13"),
    ],
)
def test_reads_every_usual_encoding(encoding: str, charset: str | None) -> None:
    rows = file(SMALL, (*STRAP[:3], "Spanngurt für 4 € – groß", "7")).decode().encode(encoding)
    assert one(rows, charset).title == "Spanngurt für 4 € – groß"


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_the_byte_order_mark_tells_which_utf_16_it_is(mark: bytes) -> None:
    codec = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    assert one(mark + file(SMALL, STRAP).decode().encode(codec), "UTF-8").title == "Ratchet strap"


@pytest.mark.parametrize("charset", ["Shift_JIS", "windows-31j", "SHIFT-JIS", '"sjis"'])
def test_reads_shift_jis_where_it_is_declared(charset: str) -> None:
    header = ("出品者SKU", "FNSKU", "ASIN", "商品名", "afn-total-quantity")
    data = file(header, (*STRAP[:3], "表示ソ①ラチェット", "7")).decode().encode("cp932")
    assert one(data, charset).title == "表示ソ1ラチェット".replace("1", "①")


def test_one_line_in_another_encoding_does_not_spoil_the_others() -> None:
    rows = [(*STRAP[:3], "Spanngurt für zwei", "7")] * 2
    data = file(SMALL, rows[0]) + file(rows[1]).decode().encode("cp1252")
    assert [row.title for row in read(io.BytesIO(data)) if isinstance(row, Row)] == ["Spanngurt für zwei"] * 2


def test_declared_utf_8_that_is_cut_within_a_letter_is_read_as_far_as_it_goes() -> None:
    data = file(SMALL, (*STRAP[:3], "für ?", "7")).replace(b"?", "ü".encode()[:1])
    assert one(data, "utf-8").title == "für \ufffd"


def test_nul_bytes_and_what_nobody_sees_are_dropped() -> None:
    row = one(file(SMALL, ("STR\0AP\x07-4", "X001\0PALLET", "B0PALLET01", "Ratchet\u200b\x1b  strap", "7")))
    assert (row.sku, row.fnsku, row.title) == ("STRAP-4", "X001PALLET", "Ratchet strap")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_three_ways_and_blank_ones_are_no_rows(end: str) -> None:
    data = file(("",), SMALL, STRAP, ("",), ("", " ", "", ""), STRAP, end=end)
    assert [row.line for row in read(io.BytesIO(data))] == [3, 6]


def test_what_a_spreadsheet_leaves_of_an_empty_row_is_no_row() -> None:
    data = file(SMALL, ("", "", "", "", ""), STRAP, separator=";")
    assert [row.line for row in read(io.BytesIO(data))] == [3]


def test_the_last_line_needs_no_end() -> None:
    assert one(file(SMALL, STRAP).rstrip()).asin == "B0PALLET01"


def test_reads_pieces_cut_anywhere() -> None:
    data = file(SMALL, *[STRAP] * 3).decode().encode("utf-16")
    for size in (1, 2, 3, 7):
        pieces = (data[start : start + size] for start in range(0, len(data), size))
        assert [row.line for row in read(pieces)] == [2, 3, 4]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_reads_lines_of_text(end: str) -> None:
    lines = ["\t".join(row) + end for row in (SMALL, (*STRAP[:3], "für \udc80", "7"), STRAP)]
    assert [row.title for row in read(lines) if isinstance(row, Row)] == ["für ?", "Ratchet strap"]


@pytest.mark.parametrize(
    ("listed", "stock", "is_archived"),
    [
        ("No", "0", True),
        ("no", "000", True),
        ("No", "7", False),
        ("Yes", "0", False),
        ("", "0", None),
        ("perhaps", "0", None),
        ("No", "", None),
        ("No", "-1", None),
        ("No", "²", None),
        ("No", "0" * 5000 + "1", False),
    ],
)
def test_archived_is_what_is_neither_listed_nor_in_stock(
    listed: str, stock: str, is_archived: bool | None
) -> None:
    row = inventory(afn_listing_exists=listed, afn_total_quantity=stock)
    assert one(file(INVENTORY, row)).is_archived is is_archived


def test_a_report_without_such_columns_does_not_tell_what_is_archived() -> None:
    assert one(file(SMALL, STRAP)).is_archived is None


@pytest.mark.parametrize("code", ["B0PALLET01", "080442957X"])
def test_the_asin_in_the_place_of_the_fnsku_is_a_good_row(code: str) -> None:
    row = one(file(SMALL, ("S", code, code, "", "7")))
    assert (row.fnsku, row.asin) == (code, code)


def test_codes_are_mended_as_everywhere() -> None:
    row = one(file(SMALL, ("S", " x001 pallet ", "b0pallet01", "", "7")))
    assert (row.fnsku, row.asin) == ("X001PALLET", "B0PALLET01")
    assert one(file(SMALL, ("S", "b0pallet01", "B0PALLET01", "", ""))).fnsku == "B0PALLET01"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("S", "", "B0PALLET01", "", "7"), "no FNSKU in this row: the column fnsku is empty"),
        (("S", "X001PALLET", " ", "", "7"), "no ASIN in this row: the column asin is empty"),
        (("S", "X001PALLE", "B0PALLET01", "", "7"), "has 9 characters; an FNSKU has exactly 10"),
        (("S", "LPNRR123456", "B0PALLET01", "", "7"), "LPN return sticker"),
        (("S", "4006381333931", "B0PALLET01", "", "7"), "the manufacturer's barcode"),
        (("S", "B0PALLET02", "B0PALLET01", "", "7"), "is an ASIN, but not the one of this row, B0PALLET01"),
        (("S", "X001PALLET", "X001PALLET", "", "7"), "X001PALLET is an FNSKU"),
        (("S", "X001PALLET", "BOPALLET01", "", "7"), "is it B0PALLET01?"),
        (("S", "X001PALLET"), "too few columns (2): it ends before the column asin"),
        (("S",), "too few columns (1): it ends before the column fnsku"),
        ((*STRAP, "more"), "more columns (6) than the first line (5)"),
    ],
)
def test_says_why_a_row_is_refused(row: Sequence[str], words: str) -> None:
    reason = refusal(row)
    assert words in reason
    assert reason[0].isupper()
    assert reason[-1] in ".?"


def test_a_reason_names_the_column_as_the_file_does() -> None:
    header = ("Seller SKU", "Fulfillment-Channel-SKU", "asin", "Quantity Available")
    assert "the column Fulfillment-Channel-SKU is empty" in refusal(("S", "", "B0PALLET01", "7"), header)


def test_a_row_may_lack_what_is_not_needed() -> None:
    row = one(file(SMALL, ("", "X001PALLET", "B0PALLET01")))
    assert (row.sku, row.title) == (None, None)


def test_separators_after_the_last_column_do_no_harm() -> None:
    assert one(file(SMALL, (*STRAP, "", " ", ""))).asin == "B0PALLET01"


def test_an_unknown_condition_is_unknown() -> None:
    conditions = ("NewItem", "new_new", "Used - Very Good", "CollectibleGood", "Neu?", "")
    rows = [inventory(condition=condition) for condition in conditions]
    found = [row.condition for row in read(io.BytesIO(file(INVENTORY, *rows))) if isinstance(row, Row)]
    assert found == ["new", "new", "used_very_good", "collectible_good", None, None]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b"\r\n \n", "The file is empty."),
        (file(("asin", "title")), "it lacks sku or seller-sku; fnsku or fulfillment-channel-sku."),
        (file(("asin", "title")), "Its first line has: asin, title."),
        (file(("sku", "fnsku", "asin", "order-id")), "it lacks one of afn-listing-exists, quantity-for-"),
        (file([f"column {number}" for number in range(30)]), "column 11 and 18 more."),
        (b'""\n', "Its first line has: nothing."),
        (file(("asin", "x" * 9000)), "x" * 37 + "..."),
        (b"PK\x03\x04\x14\0\0\0\x08\0", "This is an Excel workbook or an archive: save"),
        (bytes.fromhex("d0cf11e0a1b11ae1"), "This is an Excel workbook or an archive: save"),
        (b"x" * (MAX_LINE + 1), "This is no report"),
        (b'"sku,fnsku\n', "none of the FBA inventory reports"),
    ],
)
def test_says_at_once_why_it_is_no_such_report(data: bytes, words: str) -> None:
    assert words in why_unknown(data)


def test_a_report_without_rows_is_a_report() -> None:
    assert list(read(io.BytesIO(file(INVENTORY)))) == []


class Made:
    """A file that is made while it is read, and counts what is read of it."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self.asked = 0

    def read(self, size: int, /) -> bytes:
        self.asked += 1
        return next(self._parts, b"")


def traced(rows: Iterator[Row | Refused]) -> tuple[Counter[type], int]:
    """Count the rows by kind; return with it how many bytes were held at most meanwhile."""
    tracemalloc.start()
    try:
        return Counter(map(type, rows)), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_two_hundred_thousand_rows_need_no_more_memory_than_a_few() -> None:
    def parts() -> Iterator[bytes]:
        yield file(SMALL)
        for start in range(0, 200_000, 400):
            yield b"".join(
                b"SKU-%d\tX00%07d\tB0%08d\tRatchet strap 27\" no. %d\t%d\r\n" % (n, n, n, n, n)
                if n % 10 else b"SKU-%d\t\tB0%08d\tnot labelled\t0\r\n" % (n, n)
                for n in range(start, start + 400)
            )  # fmt: skip

    rows = read(Made(parts()))  # tracing is slow: it looks at the beginning and at the end
    first, peak_at_first = traced(islice(rows, 10_000))
    between = Counter(map(type, islice(rows, 180_000)))
    last, peak_at_last = traced(rows)
    assert first + between + last == {Row: 180_000, Refused: 20_000}
    assert peak_at_first < 1_000_000
    assert peak_at_last < 1_000_000


def test_a_row_is_given_out_before_the_rest_is_read() -> None:
    made = Made(iter([file(SMALL, *[STRAP] * 1500), *[file(*[STRAP] * 1500)] * 20]))
    next(read(made))
    assert made.asked < 5


def test_a_line_of_ten_megabytes_is_refused_and_never_held() -> None:
    def parts() -> Iterator[bytes]:
        yield file(SMALL, STRAP) + b"X\t"
        for _ in range(160):
            yield b"x" * 65536
        yield b"\n" + file(STRAP)

    lines, peak = traced(read(Made(parts())))
    assert lines == {Row: 2, Refused: 1}
    assert peak < 1_000_000
    first, refused, last = read(Made(parts()))
    assert isinstance(first, Row)
    assert refused == Refused(3, "This line has more than 65,536 bytes, which no row of a report has.")
    assert isinstance(last, Row)
    assert last.line == 4


def test_a_long_line_ends_an_open_quotation_and_is_refused_itself() -> None:
    data = file(SMALL, ("S", '"open'), ("x" * (MAX_LINE + 1),), STRAP, separator=",")
    lines = [(row.line, type(row)) for row in read(io.BytesIO(data))]
    assert lines == [(2, Refused), (3, Refused), (4, Row)]


def test_a_long_last_line_is_refused_too() -> None:
    *_, refused = read(io.BytesIO(file(SMALL, STRAP) + b"x" * (MAX_LINE + 1)))
    assert isinstance(refused, Refused)


def test_what_the_source_raises_goes_to_the_caller() -> None:
    def parts() -> Iterator[bytes]:
        yield file(SMALL, *[STRAP] * 2000)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        list(read(parts()))
