"""What a code is, what was mended, what else it may be, and the sentence that says so."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stdnum import ean, isbn

from providers.kinds import MAX_LENGTH, Flaw, Kind
from providers.marketplaces import MARKETPLACES
from providers.readings import MAX_SUGGESTIONS
from providers.recognition import recognise

GTIN = "00887276302195"
FIXED = {
    "B07ZPKCJ6X": (Kind.ASIN, "This is an ASIN: it can be looked up as it is."),
    "0306406152": (Kind.ISBN10, "This is an ISBN-10, which is the ASIN of the printed book"),
    "X003IDW07X": (Kind.FNSKU, "This is an FNSKU: convert it to find the ASIN."),
    "X003TKCFCF": (Kind.FNSKU, "This is an FNSKU: convert it to find the ASIN."),
    "036000291452": (Kind.GTIN, "This is a UPC, the manufacturer's barcode."),
    "4006381333931": (Kind.GTIN, "This is an EAN, the manufacturer's barcode."),
    "96385074": (Kind.GTIN, "This is an EAN-8, the manufacturer's barcode."),
    "10036000291459": (Kind.GTIN, "This is a GTIN-14, the manufacturer's barcode."),
    "9780306406157": (Kind.GTIN, "the printed book's ASIN is usually its ISBN-10, 0306406152."),
    "9791234567896": (Kind.GTIN, "This is an ISBN-13 without an ISBN-10"),
    "LPNRRAB1234567": (Kind.LPN, "This is an LPN return sticker; the FNSKU is usually beneath it."),
    "AZ:ABCDEFGHIJKLMNOPQRSTUVWXYZ": (Kind.TRANSPARENCY, "the FNSKU or barcode is elsewhere"),
    "ZA:ABCDEFGHIJKLMNOPQRSTUVWXYZ": (Kind.TRANSPARENCY, "which names one unit"),
    f"01{GTIN}21A1b2C3": (Kind.TRANSPARENCY, f"the GTIN in it, {GTIN}, names the product."),
    "FBA15DJ9SVVD": (Kind.SHIPMENT, "This is the number of a shipment box"),
    "FBA15DJ9SVVDU000001": (Kind.SHIPMENT, "This is the number of a shipment box"),
}
USABLE = {Kind.ASIN, Kind.ISBN10, Kind.FNSKU, Kind.GTIN}


@pytest.mark.parametrize("text", FIXED)
def test_a_code_is_told_in_one_sentence(text: str) -> None:
    kind, sentence = FIXED[text]
    found = recognise(text)
    assert (found.kind, found.normal, found.repaired, found.flaw) == (kind, text, (), None)
    assert sentence in found.sentence
    assert found.is_usable == (kind in USABLE or found.gtin is not None)


@pytest.mark.parametrize(
    ("text", "normal", "repaired"),
    [
        ("B07Z PKCJ 6X", "B07ZPKCJ6X", ("spaces removed",)),
        ("\u00a0B07ZPKCJ6X\r\n", "B07ZPKCJ6X", ("spaces removed",)),
        ("b07zpkcj6x", "B07ZPKCJ6X", ("put in capitals",)),
        ("B07ZPKCJ6X;", "B07ZPKCJ6X", ("separator removed",)),
        ("0-306-40615-2", "0306406152", ("hyphens removed",)),
        ("https://www.amazon.de/dp/B07ZPKCJ6X", "B07ZPKCJ6X", ("read from a link",)),
        ("'036000291452", "036000291452", ("quotation marks removed",)),
        ("\u201cX003IDW07X\u201d", "X003IDW07X", ("quotation marks removed",)),
        ('="0306406152"', "0306406152", ("quotation marks removed", "read from a formula")),
        ("887276302195.0", "887276302195", (".0 at the end removed",)),
        ("]C0X003IDW07X", "X003IDW07X", ("mark of the scanner removed",)),
        (" x003 idw07x,", "X003IDW07X", ("spaces removed", "separator removed", "put in capitals")),
    ],
)
def test_what_was_mended_is_said(text: str, normal: str, repaired: tuple[str, ...]) -> None:
    found = recognise(text)
    assert found.normal == normal
    assert set(found.repaired) == set(repaired)


@pytest.mark.parametrize("code", MARKETPLACES)
def test_a_link_to_each_marketplace_is_read(code: str) -> None:
    domain = MARKETPLACES[code].domain
    for address in (f"https://www.{domain}/Some-Thing/dp/B07ZPKCJ6X?th=1", f"{domain}/gp/product/b07zpkcj6x"):
        found = recognise(address)
        assert (found.kind, found.normal) == (Kind.ASIN, "B07ZPKCJ6X")
        assert "read from a link" in found.repaired


# --- other readings ---


@pytest.mark.parametrize(
    ("text", "suggestions"),
    [
        ("X0048XOI7H", ("X0048X0I7H", "X0048XO17H", "X0048X017H")),
        ("B07ZPKCJ6X", ()),
        ("B00EO4A7L2", ("B00E04A7L2",)),
        ("XOO3IDW07X", ("X003IDW07X",)),
        ("X003TKCFCF", ()),
        ("BO7ZPKCJ6X", ("B07ZPKCJ6X",)),
        ("O3O64O6I52", ("0306406152",)),
        ("O3O64O6I53", ()),  # the check digit would be wrong
        ("O36OOO29I452", ("036000291452",)),
        ("O36OOO29I453", ()),
        ("306406152", ("0306406152",)),
        ("36000291452", ("036000291452",)),
        ("8.87276302195E+11", ("887276302195",)),
        ("8,87276302195E+11", ("887276302195",)),
        ("6.19E+11", ()),
        ("9780306406157", ("0306406152",)),
        ("4006381333931", ()),
        ("B07Z-PKCJ-6X", ("B07ZPKCJ6X",)),
        (f"(01){GTIN}(21)A1", (GTIN,)),
    ],
)
def test_other_readings_are_suggested_and_not_applied(text: str, suggestions: tuple[str, ...]) -> None:
    found = recognise(text)
    assert found.suggestions == suggestions
    assert found.normal not in suggestions
    assert all(recognise(code).normal == code for code in suggestions)


def test_suggestions_are_few() -> None:
    assert len(recognise("X000O1I0O1").suggestions) == MAX_SUGGESTIONS


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("B07\u200bZPKCJ6X", "B07ZPKCJ6X"),
        ("\ufeffB07ZPKCJ6X", "B07ZPKCJ6X"),
        ("B07ZPK\x00CJ6X", "B07ZPKCJ6X"),
        ("\uff22\uff10\uff17ZPKCJ6X", "B07ZPKCJ6X"),
        ("\u041207ZP\u041aCJ6X", "B07ZPKCJ6X"),
        ("\u039207ZPKCJ6\u03a7", "B07ZPKCJ6X"),
    ],
)
def test_what_only_looks_right_is_refused_and_read_as_a_suggestion(text: str, read: str) -> None:
    found = recognise(text)
    assert (found.kind, found.flaw, found.suggestions) == (Kind.UNKNOWN, Flaw.CHARACTER, (read,))
    assert found.sentence.endswith(f"is it {read}?")


# --- flaws ---


@pytest.mark.parametrize(
    ("text", "flaw", "sentence"),
    [
        ("", Flaw.EMPTY, "Nothing was given"),
        ("'", Flaw.EMPTY, "Nothing was given"),
        ("X0001ABCDEF", Flaw.LENGTH, "X0001ABCDEF has 11 characters; an FNSKU has exactly 10"),
        ("X0123456789", Flaw.LENGTH, "has 11 characters; an FNSKU has exactly 10, X00 and seven more."),
        ("A", Flaw.LENGTH, "A has 1 character; an ASIN has exactly 10"),
        ("B" * (MAX_LENGTH + 1), Flaw.LENGTH, "4097 characters"),
        ("MY-SKU-123", Flaw.CHARACTER, "hyphen-minus"),
        ("036000291453", Flaw.CHECK_DIGIT, "would have to be 2"),
        ("0306406153", Flaw.CHECK_DIGIT, "would have to be 2"),
        ("(01)00887276302196(21)A1", Flaw.CHECK_DIGIT, "would have to end in 5: scan the label again."),
        ("7032000145", Flaw.CHECK_DIGIT, "compare it with the book"),
        ("306406152", Flaw.LOST_ZERO, "lost its leading zero in a spreadsheet: is it 0306406152?"),
        ("6000291452", Flaw.CHECK_DIGIT, "looks like an ISBN-10"),
        ("6.19E+11", Flaw.ROUNDED, "format the column as text"),
        ("6,19E+11", Flaw.ROUNDED, "format the column as text"),
        ("8.87276302195E+11", Flaw.ROUNDED, "is it 887276302195?"),
        ("https://a.co/d/abc1234", Flaw.LINK, "shortened link"),
        ("B07ZPKCJ6X B07ZPKCJ6Y", Flaw.SEVERAL, "These are 2 codes"),
        ("ABCDEFGHIJ", Flaw.SHAPE, "is no ASIN"),
    ],
)
def test_what_is_wrong_is_said_for_people_and_programs(text: str, flaw: Flaw, sentence: str) -> None:
    found = recognise(text)
    assert (found.kind, found.flaw, found.is_usable) == (Kind.UNKNOWN, flaw, False)
    assert sentence in found.sentence


def test_two_zeros_may_be_lost_too() -> None:
    code = next(f"00{n}" for n in range(200_000_00, 200_000_99) if isbn.is_valid(f"00{n}"))
    found = recognise(code[2:])
    assert code in found.suggestions


def test_an_fnsku_of_another_start_is_usable_and_flagged() -> None:
    found = recognise("X1ABCDEFGH")
    assert (found.kind, found.flaw, found.is_usable) == (Kind.FNSKU, Flaw.PREFIX, True)
    assert found.sentence == "X1ABCDEFGH does not begin with X00 as FNSKUs do: read the label again."


# --- what is inside ---


@pytest.mark.parametrize(
    "text",
    [
        f"01{GTIN}21A1b2C3",
        f"(01){GTIN}(21)A1b2C3",
        f"(01) {GTIN} (21) A1b2C3",
        f"\x1d01{GTIN}21A1b2C3",
        f"]d201{GTIN}21A1b2C3",
        f"]d2\x1d01{GTIN}21A1b2C3\x1d17270101",
        f"(01){GTIN}(21)A1b2C3(17)270101",
    ],
)
def test_the_gtin_in_a_transparency_code_is_taken_out(text: str) -> None:
    found = recognise(text)
    assert (found.kind, found.gtin) == (Kind.TRANSPARENCY, GTIN)
    assert found.normal == f"01{GTIN}21A1b2C3"  # a serial number in small letters is another one
    assert found.is_usable


def test_a_gs1_label_without_a_serial_number_is_its_gtin() -> None:
    found = recognise(f"(01){GTIN}")
    assert (found.kind, found.normal, found.gtin) == (Kind.GTIN, GTIN, GTIN)
    assert found.repaired == ("taken out of a GS1 label",)


@pytest.mark.parametrize("text", ["887276302195", "0887276302195", "00887276302195"])
def test_a_barcode_is_one_article_however_many_zeros_it_has(text: str) -> None:
    assert recognise(text).gtin == GTIN


def test_a_book_has_a_barcode_and_the_barcode_a_book() -> None:
    assert recognise("0306406152").gtin == "09780306406157"
    assert recognise("080442957X").gtin == recognise("9780804429573").gtin
    assert recognise("9780804429573").suggestions == ("080442957X",)
    assert recognise("B07ZPKCJ6X").gtin is None


# --- laws ---

TEXTS = st.one_of(
    st.text(max_size=80),
    st.text("ABXOI019- .,'\"\x1d()]dEFNLP+=;:/", max_size=40),
    st.text("0123456789.-E+X", max_size=20),
    st.from_regex(r"X00[A-Z0-9]{7}", fullmatch=True),
    st.from_regex(r"\]?[a-z]?[0-9]?\(?01\)?[0-9]{14}\(?21\)?[!-~]{0,20}", fullmatch=True),
    st.from_regex(r"(https://)?(www\.)?amazon\.(de|co\.jp)/[a-z/]{0,9}/dp/[A-Z0-9]{10}", fullmatch=True),
)


@settings(deadline=None, max_examples=600)
@given(TEXTS)
@example("/dp/" * 1_024)
@example("\ufdfa" * 64)
@example("=\"''\"")
def test_reading_never_fails_and_always_says_the_same(text: str) -> None:
    found = recognise(text)
    assert found == recognise(text)
    assert len(found.suggestions) <= MAX_SUGGESTIONS
    assert len(set(found.suggestions)) == len(found.suggestions)
    assert len(found.normal) <= 40
    assert 10 < len(found.sentence) < 250
    assert found.sentence.isprintable()
    assert (found.kind is Kind.UNKNOWN) <= (found.flaw is not None)
    assert found.gtin is None or ean.is_valid(found.gtin)


@settings(deadline=None, max_examples=600)
@given(TEXTS)
def test_a_normal_form_is_read_as_itself(text: str) -> None:
    found = recognise(text)
    if found.kind is not Kind.UNKNOWN:
        again = recognise(found.normal)
        assert (again.kind, again.normal, again.repaired) == (found.kind, found.normal, ())
        assert again.gtin == found.gtin
    for code in found.suggestions:
        assert recognise(code).kind is not Kind.UNKNOWN
        assert recognise(code).normal == code
