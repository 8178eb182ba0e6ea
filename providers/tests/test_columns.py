"""What a column holds, what its header says, and which of several holds the codes."""

from collections.abc import Iterator

import pytest

from providers.columns import Column, code_column, recognise_column, score
from providers.headers import is_general, names, words
from providers.kinds import Flaw, Kind

FNSKUS = ["X003IDW07X", "X003TKCFCF", "X0048XOI7H", "X0014BIZ8T"]
ASINS = ["B07ZPKCJ6X", "B00EO4A7L0", "0306406152", "B0169SNI3C"]
UPCS = ["036000291452", "887276302195", "4006381333931", "96385074"]


def test_each_value_is_told_and_the_column_as_a_whole() -> None:
    column = Column("Barcode")
    kinds = [found.kind for found in column.read([*FNSKUS, "B07ZPKCJ6X", "", " "])]
    assert kinds == [Kind.FNSKU] * 4 + [Kind.ASIN] + [Kind.UNKNOWN] * 2
    verdict = column.verdict
    assert (verdict.kind, verdict.count, verdict.empty) == (Kind.FNSKU, 5, 2)
    assert verdict.kinds == {Kind.FNSKU: 4, Kind.ASIN: 1}
    assert verdict.share(Kind.FNSKU) == 0.8
    assert verdict.warnings == ()


def test_a_book_counts_as_the_asin_it_is() -> None:
    verdict = recognise_column(ASINS)
    assert (verdict.kind, verdict.share(Kind.ASIN), verdict.share(Kind.ISBN10)) == (Kind.ASIN, 1.0, 0.25)


def test_nothing_prevails_in_a_mixture_or_in_nothing() -> None:
    assert recognise_column([FNSKUS[0], ASINS[0], UPCS[0]]).kind is None
    assert recognise_column(["red", "blue"]).kind is None
    nothing = recognise_column([])
    assert (nothing.kind, nothing.count, nothing.share(Kind.ASIN)) == (None, 0, 0.0)


@pytest.mark.parametrize(
    ("values", "flaw", "warning"),
    [
        (
            ["36000291452"] * 12 + UPCS,
            Flaw.LOST_ZERO,
            "12 of 16 lost a leading zero: format the column as text.",
        ),
        (["6.19E+11", *UPCS], Flaw.ROUNDED, "1 of 5 lost digits to a spreadsheet (6.19E+11)"),
        (["036000291453", *UPCS], Flaw.CHECK_DIGIT, "1 of 5 with a last digit that does not fit"),
        (["X1ABCDEFGH", *FNSKUS], Flaw.PREFIX, "1 of 5 with another start than the X00 of FNSKUs"),
        (["B07ZPKCJ6$", *ASINS], Flaw.CHARACTER, "1 of 5 with characters that occur in no code"),
        (["B07ZPKCJ6X B07ZPKCJ6Y", *ASINS], Flaw.SEVERAL, "1 of 5 with several codes in one"),
    ],
)
def test_what_spoilt_a_column_is_counted_with_its_cure(values: list[str], flaw: Flaw, warning: str) -> None:
    verdict = recognise_column(values)
    assert set(verdict.flaws) == {flaw}
    assert len(verdict.warnings) == 1
    assert verdict.warnings[0].startswith(warning)


def test_labels_that_name_no_product_are_pointed_out_among_others() -> None:
    verdict = recognise_column([*FNSKUS, "LPNRRAB1234567", "FBA15DJ9SVVD"])
    assert verdict.warnings == (
        "1 of 6: LPN return stickers, which name no product.",
        "1 of 6: shipment numbers, which name no product.",
    )
    assert recognise_column(["LPNRRAB1234567"]).warnings == ()


def test_a_header_that_says_something_else_is_pointed_out() -> None:
    told = recognise_column(FNSKUS, header="UPC").warnings
    assert told == ("The header names barcodes (UPC, EAN, GTIN), but most values are FNSKUs.",)
    assert recognise_column(["0306406152"], header="ISBN").warnings == ()
    assert recognise_column(FNSKUS, header="Code").warnings == ()


def test_a_long_column_is_counted_and_not_kept() -> None:
    column = Column()

    def many() -> Iterator[str]:
        yield from (f"B0{number:08}" for number in range(5_000))

    assert sum(1 for _ in column.read(many())) == 5_000
    assert column.verdict.count == 5_000
    assert sum(len(held) for held in vars(column).values() if held) == 1  # one kind, whatever the length


# --- headers ---


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("fnsku", Kind.FNSKU),
        ("FN-SKU", Kind.FNSKU),
        ("Amazon FNSKU (X00…)", Kind.FNSKU),
        ("fulfillment-channel-sku", Kind.FNSKU),
        ("asin1", Kind.ASIN),
        ("Child ASIN", Kind.ASIN),
        ("UPC #", Kind.GTIN),
        ("EAN-Nummer", Kind.GTIN),
        ("Code-barres (EAN)", Kind.GTIN),
        ("Código EAN", Kind.GTIN),
        ("ISBN-13", Kind.GTIN),
        ("LPN", Kind.LPN),
        ("license-plate-number", Kind.LPN),
        ("sku", None),
        ("description", None),
        ("Casino", None),
        ("", None),
        (None, None),
    ],
)
def test_a_header_names_a_kind(header: str | None, kind: Kind | None) -> None:
    assert names(header) is kind


@pytest.mark.parametrize(
    "header",
    [
        *("SKU", "Barcode", "code", "Item #", "Item number", "Strichcode", "Artikel-Nr.", "Code-barres"),
        *("Référence", "Código de barras", "Codice a barre", "Codice articolo"),
    ],
)
def test_a_header_may_speak_of_codes_in_general(header: str) -> None:
    assert is_general(header)


@pytest.mark.parametrize(
    "header", ["Title", "Postal code", "Country code", "Código postal", "Order item id", "Qty", None]
)
def test_a_header_may_speak_of_something_else(header: str | None) -> None:
    assert not is_general(header)


def test_a_header_is_read_up_to_its_hundredth_character() -> None:
    assert len(words("é " * 1_000_000)) <= 100


# --- which column ---


def test_the_column_with_the_codes_is_found_by_header_and_values() -> None:
    report = {
        "sku": ["AB-1", "AB-2", "AB-3", "AB-4"],
        "fnsku": FNSKUS,
        "asin": ASINS,
        "product-name": ["Thing"] * 4,
        "quantity": ["1", "2", "30", "4"],
    }
    verdicts = [recognise_column(values, header=header) for header, values in report.items()]
    assert code_column(verdicts) == 1
    assert code_column(verdicts, wanted=(Kind.ASIN,)) == 2


def test_without_headers_the_values_decide() -> None:
    columns = [["red", "blue"], ["12", "7"], FNSKUS]
    assert code_column([recognise_column(values) for values in columns]) == 2


def test_a_header_decides_between_equals_and_where_values_are_damaged() -> None:
    same = [recognise_column(UPCS, header="Case code"), recognise_column(UPCS, header="UPC")]
    assert code_column(same) == 1
    damaged = [recognise_column(["6.19E+11"] * 9 + UPCS, header="UPC"), recognise_column(["red"], header="x")]
    assert code_column(damaged) == 0


def test_no_column_is_taken_where_none_holds_codes() -> None:
    assert code_column([recognise_column(["red", "blue"], header="code")]) is None
    assert code_column([recognise_column([], header="fnsku")]) is None
    assert code_column([]) is None


def test_a_score_is_a_share_of_one() -> None:
    assert score(recognise_column(FNSKUS, header="fnsku")) == pytest.approx(1.0)
    assert score(recognise_column(["red"], header="colour")) == 0.0
    assert score(recognise_column(["LPNRRAB1234567"], header="lpn")) == 0.0
