"""Reports of one's own stock: read whole or not at all, in place of the former one, for their owner alone."""

import codecs
import io
import tracemalloc
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.models.signals import pre_save
from pytest_django import Settings

from accounts.models import AuditEvent, User
from conversion import inventory
from conversion.errors import ReportRefused, TooManyRows, UnknownInventory
from conversion.inventory import Imported
from conversion.models import Inventory, Mapping
from conversion.tests.reports import HEADER, STOCK_HEADER, asin, code, of, report, row, stock_row, text
from credits.tests.factories import at_once


def take(user: User, data: bytes | io.RawIOBase, **options: Any) -> Imported:
    source: Any = io.BytesIO(data) if isinstance(data, bytes) else data
    return inventory.import_inventory(user=user, source=source, **{"marketplace": "US", **options})


def pairs(user: User) -> list[tuple[str, str]]:
    return list(Mapping.objects.filter(owner=user).order_by("code").values_list("code", "asin"))


def test_each_row_becomes_a_claim_of_its_owner(alice: User) -> None:
    taken = take(alice, of([1], product_name='Strap 27" \\ "x"', condition="Used - Good"), marketplace="DE")
    [claim] = Mapping.objects.all()
    assert (claim.code, claim.asin, claim.source) == (code(1), asin(1), "inventory")
    assert (claim.owner, claim.inventory, claim.marketplace) == (alice, taken.inventory, "DE")
    assert (claim.title, claim.condition, claim.is_archived) == ('Strap 27" \\ "x"', "used_good", False)
    assert claim.observed_at == taken.inventory.created_at
    kept = Inventory.objects.get()
    assert (kept.layout, kept.marketplace, kept.rows, kept.refused) == ("fba_inventory", "DE", 1, 0)
    assert not taken.is_replacement
    assert taken.reasons == []


def test_stock_that_is_gone_is_a_weaker_source(alice: User) -> None:
    take(alice, report(row(1, afn_listing_exists="No", afn_total_quantity="0"), row(2)))
    found = Mapping.objects.order_by("code").values_list("source", "is_archived")
    assert list(found) == [("archived", True), ("inventory", False)]


def test_a_pair_that_stands_there_twice_is_one_and_lives_if_one_of_its_rows_does(alice: User) -> None:
    gone = row(1, sku="OLD", afn_listing_exists="No", afn_total_quantity="0", product_name="Old")
    taken = take(alice, report(gone, row(1, product_name="New"), row(1, product_name="Later")))
    assert (taken.inventory.rows, taken.inventory.refused) == (3, 0)
    [claim] = Mapping.objects.all()
    assert (claim.source, claim.title) == ("inventory", "New")


def test_one_code_may_lead_to_two_asins(alice: User) -> None:
    take(alice, report(row(1), row(1, asin=asin(2))))
    assert pairs(alice) == [(code(1), asin(1)), (code(1), asin(2))]


def test_stock_sold_by_the_manufacturers_barcode_needs_no_claim(alice: User) -> None:
    taken = take(alice, report(row(1, fnsku=asin(1))))
    assert (taken.inventory.rows, taken.inventory.refused) == (1, 0)
    assert pairs(alice) == []


def test_rows_that_name_no_pair_are_counted_and_the_first_are_told(alice: User) -> None:
    taken = take(alice, report(row(1), *(row(n, asin="") for n in range(150)), row(2)))
    assert (taken.inventory.rows, taken.inventory.refused) == (2, 150)
    assert [one.line for one in taken.reasons] == list(range(3, 103))
    assert "There is no ASIN in this row" in taken.reasons[0].reason


# --- whatever it is written in ---

TITLE = "Spanngurt für Möbel"
AS_SAVED: dict[str, tuple[bytes, str, str]] = {
    "as Amazon gives it": (text(row(product_name=TITLE)).encode(), "\t", "utf-8"),
    "with a byte order mark": (codecs.BOM_UTF8 + text(row(product_name=TITLE)).encode(), "\t", "utf-8"),
    "in Windows-1252": (text(row(product_name=TITLE)).encode("cp1252"), "\t", "cp1252"),
    "in UTF-16": (text(row(product_name=TITLE)).encode("utf-16"), "\t", "utf-16"),
    "in UTF-16 without a mark": (text(row(product_name=TITLE)).encode("utf-16-le"), "\t", "utf-16-le"),
    "with commas": (text(row(product_name=TITLE), separator=",").encode(), ",", "utf-8"),
    "with semicolons": (text(row(product_name=TITLE), separator=";").encode("cp1252"), ";", "cp1252"),
    "with bars": (text(row(product_name=TITLE), separator="|").encode(), "|", "utf-8"),
    "with lines of an old Mac": (text(row(product_name=TITLE)).replace("\r\n", "\r").encode(), "\t", "utf-8"),
}


@pytest.mark.parametrize("how", AS_SAVED)
def test_a_report_is_read_however_it_was_saved(alice: User, how: str) -> None:
    data, delimiter, encoding = AS_SAVED[how]
    seen = inventory.preview(source=io.BytesIO(data))
    assert (seen.delimiter, seen.encoding, seen.tally.good) == (delimiter, encoding, 1)
    take(alice, data)
    assert Mapping.objects.get().title == TITLE


def test_what_was_declared_counts(alice: User) -> None:
    data = text(row(product_name="ラチェット")).encode("cp932")
    assert inventory.preview(source=io.BytesIO(data), charset="Shift_JIS").encoding == "cp932"
    take(alice, data, charset="Shift_JIS")
    assert Mapping.objects.get().title == "ラチェット"


def test_characters_that_no_database_keeps_are_dropped(alice: User) -> None:
    take(alice, report(row(1, product_name="a\0b&#xD800;" + "x" * 1000)))
    assert Mapping.objects.get().title.startswith("ab")
    assert len(Mapping.objects.get().title) == 500


# --- a look before it is kept ---


@pytest.mark.django_db
def test_a_preview_says_how_a_report_is_read_and_keeps_nothing() -> None:
    stock = report(*map(stock_row, range(30)), ("S", "X", "B", "", ""), header=STOCK_HEADER)
    seen = inventory.preview(source=io.BytesIO(stock))
    assert seen.layout == "afn_inventory"
    assert seen.columns["fnsku"] == "fulfillment-channel-sku"
    assert seen.columns["sku"] == "seller-sku"
    assert [one.fnsku for one in seen.first] == [code(n) for n in range(20)]
    assert (seen.tally.good, seen.tally.refused, seen.tally.reasons[0].line) == (30, 1, 32)
    assert not Inventory.objects.exists()


# --- one in place of another ---


def test_a_newer_report_takes_the_place_of_the_former(alice: User, bob: User) -> None:
    take(bob, of([1]))
    first = take(alice, of([1, 2])).inventory
    again = take(alice, of([2, 3]))
    assert again.is_replacement
    assert again.inventory.pk != first.pk
    assert pairs(alice) == [(code(2), asin(2)), (code(3), asin(3))]
    assert Inventory.objects.get(owner=alice) == again.inventory
    assert pairs(bob) == [(code(1), asin(1))]


def test_another_layout_and_another_marketplace_stand_beside_it(alice: User) -> None:
    take(alice, of([1]))
    assert not take(alice, of([1]), marketplace="DE").is_replacement
    assert not take(alice, report(stock_row(1), header=STOCK_HEADER)).is_replacement
    assert Inventory.objects.count() == 3
    assert Mapping.objects.count() == 3


class Breaking(io.BytesIO):
    """A file that cannot be read to its end."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 100_000:
            raise OSError("the disk is broken")
        return super().read(size)


def test_a_file_that_cannot_be_read_to_its_end_changes_nothing(alice: User) -> None:
    take(alice, of([1]))
    with pytest.raises(OSError, match="broken"):
        take(alice, Breaking(of(range(10_000))))  # type: ignore[arg-type]
    assert pairs(alice) == [(code(1), asin(1))]


@pytest.fixture
def refusing_database() -> Iterator[None]:
    """A database that refuses the first new inventory after the former one has been deleted."""

    def refuse(sender: type, instance: Inventory, **_: Any) -> None:
        instance.layout = "x" * 100

    pre_save.connect(refuse, Inventory)
    yield
    pre_save.disconnect(refuse, Inventory)


@pytest.mark.django_db(transaction=True)
def test_what_fails_in_the_database_changes_nothing(alice: User, request: pytest.FixtureRequest) -> None:
    take(alice, of([1]))
    request.getfixturevalue("refusing_database")
    with pytest.raises(DatabaseError):
        take(alice, of([2]))
    assert pairs(alice) == [(code(1), asin(1))]
    assert Inventory.objects.count() == 1
    assert AuditEvent.objects.filter(action="inventory:import").count() == 1


@pytest.mark.django_db(transaction=True)
def test_readers_see_the_former_rows_until_the_new_ones_are_there(alice: User) -> None:
    take(alice, of([1]))
    seen: list[list[tuple[str, str]]] = []

    def look(sender: type, instance: Inventory, **_: Any) -> None:
        """Look from outside, while the former rows are deleted already."""
        seen.extend(at_once(lambda: pairs(alice)))

    pre_save.connect(look, Inventory)
    try:
        take(alice, of([2]))
    finally:
        pre_save.disconnect(look, Inventory)
    assert seen == [[(code(1), asin(1))]]
    assert pairs(alice) == [(code(2), asin(2))]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("has_former", [False, True], ids=["the first ones", "later ones"])
def test_of_many_at_once_one_stays_whole(alice: User, has_former: bool) -> None:
    if has_former:
        take(alice, of([1]))
    reports = [of(range(number * 1000, number * 1000 + 300)) for number in range(1, 7)]
    taken = at_once(*(partial(take, alice, report) for report in reports))
    assert sum(not one.is_replacement for one in taken) == (0 if has_former else 1)
    [kept] = Inventory.objects.filter(owner=alice)
    assert kept in [one.inventory for one in taken]
    numbers = [int(found[3:]) for found, _ in pairs(alice)]
    assert numbers == list(range(numbers[0], numbers[0] + 300))
    assert Mapping.objects.filter(inventory=kept).count() == 300


# --- forgetting ---


def test_an_inventory_is_forgotten_with_its_rows_and_nothing_else(alice: User, bob: User) -> None:
    kept = take(alice, of([1]), marketplace="DE").inventory
    theirs = take(bob, of([1])).inventory
    gone = take(alice, of([1, 2])).inventory
    inventory.forget(user=alice, inventory_id=gone.pk)
    assert set(Inventory.objects.all()) == {kept, theirs}
    assert set(Mapping.objects.values_list("inventory", flat=True)) == {kept.pk, theirs.pk}
    for missing in (gone.pk, theirs.pk, 2**70):
        with pytest.raises(UnknownInventory):
            inventory.forget(user=alice, inventory_id=missing)


def test_importing_and_forgetting_are_written_down(alice: User) -> None:
    taken = take(alice, of([1])).inventory
    inventory.forget(user=alice, inventory_id=taken.pk)
    acts = AuditEvent.objects.filter(actor=alice, target=f"inventory:{taken.pk}").order_by("pk")
    assert [act.action for act in acts] == ["inventory:import", "inventory:forget"]
    assert acts[0].metadata == {"rows": 1, "layout": "fba_inventory"}


# --- what is no report ---

RETURNS = ("return-date", "order-id", "sku", "asin", "fnsku", "product-name", "quantity", "reason")
LEDGER = ("Date", "FNSKU", "ASIN", "MSKU", "Title", "Disposition", "Starting Warehouse Balance")
NO_REPORTS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "The file is empty."),
    "blank lines": (b"\r\n" * 100, "The file is empty."),
    "a workbook": (b"PK\x03\x04" + b"\0" * 1000, "save the report as CSV"),
    "an old workbook": (b"\xd0\xcf\x11\xe0" + b"\0" * 1000, "save the report as CSV"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100, "none of the FBA inventory reports"),
    "a page": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "none of the FBA inventory reports"),
    "JSON": (b'{"asin": "B07ZPKCJ6X"}', "none of the FBA inventory reports"),
    "returns": (report(header=RETURNS), "it lacks one of"),
    "the ledger": (report(header=LEDGER), "it lacks one of"),
    "another seller's layout": (report(header=("SKU", "Quantity")), "it lacks fnsku"),
    "no rows": (report(), "The report has no rows."),
    "only bad rows": (report(row(asin="x")), "None of 1 rows says which FNSKU is which ASIN. Line 2:"),
}


@pytest.mark.parametrize("what", NO_REPORTS)
def test_what_is_no_report_is_refused_in_words_and_changes_nothing(alice: User, what: str) -> None:
    data, why = NO_REPORTS[what]
    take(alice, of([1]))
    with pytest.raises(ReportRefused, match=why):
        take(alice, data)
    assert pairs(alice) == [(code(1), asin(1))]


def test_a_report_may_have_so_many_rows_and_no_more(alice: User, settings: Settings) -> None:
    settings.INVENTORY_MAX_ROWS = 50
    assert take(alice, of(range(50))).inventory.rows == 50
    for rows in ([row(n) for n in range(51)], [row(0), *(row(n, asin="") for n in range(50))]):
        with pytest.raises(TooManyRows, match="more than 50 rows"):
            take(alice, report(*rows))
        with pytest.raises(TooManyRows):
            inventory.preview(source=io.BytesIO(report(*rows)))
    assert Mapping.objects.count() == 50


class Endless(io.RawIOBase):
    """A file without an end: a beginning, and then the same again and again; notes how much was read."""

    def __init__(self, beginning: bytes, piece: bytes) -> None:
        self.beginning, self.piece = beginning, piece
        self.given = 0

    def read(self, size: int = -1, /) -> bytes:
        assert self.given < 2_000_000_000, "nobody stops reading"
        piece = self.beginning or (self.piece * (size // len(self.piece) + 1))[:size]
        self.beginning = b""
        self.given += len(piece)
        return piece


ENDLESS: dict[str, tuple[bytes, bytes]] = {
    "rows": (report(), report(row(1), header=HEADER)[len(report()) :]),
    "blank lines": (report(), b"\n"),
    "short lines": (report(), b"x\n"),
    "open quotation marks": (text(separator=",").encode(), b'"x\n'),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_a_file_without_an_end_is_not_read_for_ever(alice: User, settings: Settings, what: str) -> None:
    settings.INVENTORY_MAX_ROWS = 2_000
    endless = Endless(*ENDLESS[what])
    tracemalloc.start()
    try:
        with pytest.raises(TooManyRows):
            take(alice, endless)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    assert endless.given < 1_000_000


def test_a_line_of_fifty_megabytes_is_not_kept_in_memory(alice: User) -> None:
    line = LongLine(50_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(ReportRefused, match="which begins with the names of its columns"):
            take(alice, line)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


class LongLine(io.RawIOBase):
    """So many letters."""

    def __init__(self, length: int) -> None:
        self.left = length

    def read(self, size: int = -1, /) -> bytes:
        piece = b"x" * min(size, self.left)
        self.left -= len(piece)
        return piece


def test_the_rows_of_a_large_report_are_not_kept_in_memory(alice: User) -> None:
    data = of(range(8_000))
    tracemalloc.start()
    try:
        take(alice, data)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()
    assert Mapping.objects.count() == 8_000
