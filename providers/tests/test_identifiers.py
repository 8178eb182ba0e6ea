"""What a code is, and the sentence that says so when it is not the code asked for."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stdnum import ean, isbn

from providers.identifiers import (
    MAX_LENGTH,
    InvalidASIN,
    InvalidFNSKU,
    InvalidIdentifier,
    Kind,
    asin,
    fnsku,
    recognise,
)

PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("B07ZPKCJ6X", "B07ZPKCJ6X"),
        ("  b07zpkcj6x\r\n", "B07ZPKCJ6X"),
        ("B07Z PKCJ 6X", "B07ZPKCJ6X"),
        ("B07ZPKCJ6X,", "B07ZPKCJ6X"),
        ("0306406152", "0306406152"),
        ("080442957x", "080442957X"),
        ("0-306-40615-2", "0306406152"),
        ("0\u2013306\u201340615\u20132", "0306406152"),
    ],
)
def test_an_asin_is_accepted_and_mended(text: str, expected: str) -> None:
    assert asin(text) == expected


@pytest.mark.parametrize(
    "address",
    [
        "https://www.amazon.com/dp/B07ZPKCJ6X",
        "http://amazon.de/dp/b07zpkcj6x?th=1&psc=1",
        "https://www.amazon.co.jp/-/en/Some-Thing/dp/B07ZPKCJ6X/ref=sr_1_3",
        "https://www.amazon.de/Mörser-Stößel/dp/B07ZPKCJ6X/",
        "https://www.amazon.com/gp/product/B07ZPKCJ6X/ref=ox_sc_act_title_1",
        "https://m.amazon.in/gp/aw/d/B07ZPKCJ6X",
        "https://www.amazon.com/gp/offer-listing/B07ZPKCJ6X",
        "https://www.amazon.com/product-reviews/B07ZPKCJ6X?pageNumber=2",
        "https://www.amazon.com/exec/obidos/ASIN/B07ZPKCJ6X",
        "https://www.amazon.com/some/page?asin=B07ZPKCJ6X#top",
        "https://www.amazon.com/sspa/click?ie=UTF8&url=%2FThing%2Fdp%2FB07ZPKCJ6X%2Fref%3Dsr",
        "https://user@www.amazon.com:443/dp/B07ZPKCJ6X",
        "www.amazon.fr/dp/B07ZPKCJ6X",
        "amazon.com.br/dp/B07ZPKCJ6X",
        "/dp/B07ZPKCJ6X",
        "dp/B07ZPKCJ6X",
    ],
)
def test_the_asin_is_read_from_an_amazon_address(address: str) -> None:
    assert asin(address) == "B07ZPKCJ6X"


def test_a_link_is_remembered_as_the_place_the_code_came_from() -> None:
    assert recognise("https://www.amazon.de/dp/B07ZPKCJ6X").notes == ("Read from a link to www.amazon.de.",)
    assert recognise("/dp/B07ZPKCJ6X").notes == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Nothing was given: send an ASIN such as B07ZPKCJ6X."),
        (" \t\n", "Nothing was given"),
        (" ;,", "Nothing was given"),
        ("X003IDW07X", "X003IDW07X is an FNSKU; convert it first, then look up the ASIN it leads to."),
        ("x00 3idw 07x", "X003IDW07X is an FNSKU"),
        ("XBOXSERIES", "does not begin with X00"),
        ("X0001ABCDEF", "has 11 characters; an FNSKU has exactly 10"),
        ("X12345678901", "has 12 characters; an ASIN has exactly 10"),
        ("9780306406157", "ISBN-13: the printed book's ASIN is usually its ISBN-10, 0306406152."),
        ("978-0-306-40615-7", "ISBN-10, 0306406152."),
        ("9791234567896", "ISBN-13 without an ISBN-10"),
        ("4006381333931", "4006381333931 is an EAN, the manufacturer's barcode, not an ASIN"),
        ("036000291452", "036000291452 is a UPC, the manufacturer's barcode"),
        ("96385074", "96385074 is an EAN-8"),
        ("10036000291459", "10036000291459 is a GTIN-14"),
        ("4006381333932", "last digit would have to be 1"),
        ("0306406153", "looks like an ISBN-10, but its last digit would have to be 2"),
        ("0804429571", "last digit would have to be X"),
        ("LPNRRAB1234567", "LPN return sticker: it names one returned unit, not a product"),
        ("LPNRRAB1234567", "The FNSKU (X00...) is usually beneath it"),
        ("AZ:ABCDEFGHIJKLMNOPQRSTUVWXYZ", "Transparency code"),
        ("(01)00887276302195(21)A1b2", "Use the FNSKU or the ASIN. It carries the GTIN 00887276302195."),
        ("FBA15DJ9SVVD", "number of a shipment box"),
        ("B07ZPKCJ6", "B07ZPKCJ6 has 9 characters; an ASIN has exactly 10"),
        ("B07ZPKCJ6XX", "has 11 characters"),
        ("BO7ZPKCJ6X", "is it B07ZPKCJ6X?"),
        ("ABCDEFGHIJ", "is no ASIN (B0 and eight more, or a book's ISBN-10) and no FNSKU"),
        ("B07ZPKCJ6X, B07ZPKCJ6Y", "These are 2 codes: send them one at a time."),
        ("B07ZPKCJ6X\nB07ZPKCJ6Y\nB07ZPKCJ6Z", "These are 3 codes"),
        ("MY-SKU-123", "contains '-' (hyphen-minus)"),
        ("B07ZPKCJ6$", "contains '$' (dollar sign)"),
        ("6.19E+11", "a number that a spreadsheet has rounded"),
        ("306406152", "lost its leading zero in a spreadsheet: is it 0306406152?"),
        ("36000291452", "is it 036000291452?"),
        ("12345678901", "has 11 characters"),
        ("https://www.amazon.com/", "holds no ASIN"),
        ("https://www.amazon.com/dp/B07ZPKCJ6", "holds no ASIN"),
        ("https://www.amazon.com/dp/B07ZPKCJ6\u0130", "holds no ASIN"),
        ("https://www.amazon.com/dp/X003IDW07X", "X003IDW07X is an FNSKU"),
        ("https://www.amazon.com/dp/0306406153", "would have to be 2"),
        ("https://a.co/d/abc1234", "shortened link"),
        ("amzn.to/3xyzabc", "shortened link"),
        ("https://example.com/dp/B07ZPKCJ6X", "link to 'example.com'"),
        ("https://amazon.com.example.org/dp/B07ZPKCJ6X", "not to an Amazon product page"),
        ("https://notamazon.com/dp/B07ZPKCJ6X", "not to an Amazon product page"),
        ("https://localhost/dp/B07ZPKCJ6X", "link to 'localhost'"),
        ("http://[::1", "link to '['"),
    ],
)
def test_what_is_no_asin_is_refused_with_what_it_is(text: str, sentence: str) -> None:
    with pytest.raises(InvalidASIN) as refusal:
        asin(text)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Ｂ07ZPKCJ6X", "fullwidth latin capital letter b"),
        ("B07ZPKCJ6\uff11", "fullwidth digit one"),
        ("B07\u0417PKCJ6X", "cyrillic capital letter ze"),
        ("B07\u200bZPKCJ6X", "an invisible character (U+200B ZERO WIDTH SPACE)"),
        ("\ufeffB07ZPKCJ6X", "U+FEFF"),
        ("B07ZPK\x00CJ6X", "an invisible character (U+0000)"),
        ("\x00", "U+0000"),
        ("B07ZPKCJ6\x7f", "U+007F"),
        ("B07ZPKCJ6\ud800", "U+D800"),
        ("\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660", "arabic-indic digit one"),
    ],
)
def test_characters_that_only_look_right_are_named(text: str, sentence: str) -> None:
    with pytest.raises(InvalidASIN) as refusal:
        asin(text)
    assert sentence in str(refusal.value)
    assert str(refusal.value).encode()


@pytest.mark.parametrize(
    "text",
    [
        "A" * 10_000,
        " " * 10_000 + "B07ZPKCJ6X",
        "9" * 1_000,
        "1E" + "9" * 1_000,
        "a-" * 2_000,
        "/dp/" * 1_000,
        "amazon." * 500,
        "B07ZPKCJ6X " * 300,
    ],
)
def test_long_input_gets_a_short_answer(text: str) -> None:
    with pytest.raises(InvalidASIN) as refusal:
        asin(text)
    assert len(str(refusal.value)) < 200
    assert len(recognise(text).normal) <= 40


def test_a_book_code_and_a_letter_code_are_told_apart() -> None:
    assert recognise("0306406152").kind is Kind.ISBN10
    assert recognise("B07ZPKCJ6X").kind is Kind.ASIN


@pytest.mark.parametrize("text", ["X0001ABCDE", " x0001abcde ", "X000 1ABC DE", "X0048XOI7H", "X0000000FM"])
def test_an_fnsku_is_accepted_and_its_letters_are_left_alone(text: str) -> None:
    assert fnsku(text) == text.upper().replace(" ", "")


def test_an_fnsku_that_does_not_begin_with_x00_is_accepted_but_flagged() -> None:
    assert fnsku("X1ABCDEFGH") == "X1ABCDEFGH"
    assert recognise("X1ABCDEFGH").notes == (
        "X1ABCDEFGH does not begin with X00 as FNSKUs do: read the label again.",
    )
    assert recognise("X0001ABCDE").notes == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("X0001ABCDEF", "X0001ABCDEF has 11 characters; an FNSKU has exactly 10, X00 and seven more."),
        ("X0001ABCD", "has 9 characters; an FNSKU has exactly 10"),
        ("XABCDEFGHIJ", "has 11 characters; an FNSKU"),
        ("B07ZPKCJ6X", "is already an ASIN: look it up"),
        ("0306406152", "is already an ASIN"),
        ("4006381333931", "the manufacturer's barcode (EAN); an FNSKU is X00 and seven more"),
        ("LPNRRAB1234567", "LPN return sticker"),
        ("", "send an FNSKU such as X0001ABCDE"),
        ("X0001ABCD\u0415", "cyrillic capital letter ie"),
    ],
)
def test_what_is_no_fnsku_is_refused_with_what_it_is(text: str, sentence: str) -> None:
    with pytest.raises(InvalidFNSKU) as refusal:
        fnsku(text)
    assert sentence in str(refusal.value)


@settings(deadline=None, max_examples=400)
@given(
    st.one_of(
        st.text(max_size=60), st.text(PLAIN + " -xX", max_size=20), st.text("0123456789.-E+X", max_size=16)
    )
)
@example("X" * (MAX_LENGTH + 1))
@example("http://")
@example("//\u2100/dp/")
def test_whatever_is_sent_ends_in_a_code_or_a_sentence(text: str) -> None:
    found = recognise(text)
    assert isinstance(found.kind, Kind)
    for read in (asin, fnsku):
        code, sentence = _outcome(read, text)
        if sentence:
            assert 10 < len(sentence) < 300
            assert sentence.isprintable()
        else:
            assert code == found.normal
            assert read(code) == code
            assert len(code) == 10
            assert code.isascii()


@settings(deadline=None)
@given(st.text(PLAIN, min_size=8, max_size=8), st.text(" \t", max_size=5))
def test_b0_and_eight_more_is_an_asin_however_it_is_written(tail: str, space: str) -> None:
    assert asin(f"{space}b0{tail.lower()}{space}") == f"B0{tail}"


@settings(deadline=None)
@given(st.text("0123456789", min_size=9, max_size=9))
def test_exactly_one_last_digit_makes_nine_digits_an_isbn(stem: str) -> None:
    accepted = [digit for digit in "0123456789X" if recognise(stem + digit).kind is Kind.ISBN10]
    assert len(accepted) == 1
    assert isbn.is_valid(stem + accepted[0])
    wrong = "0" if accepted[0] != "0" else "1"
    with pytest.raises(InvalidASIN, match=f"would have to be {accepted[0]}"):
        asin(stem + wrong)


@settings(deadline=None)
@given(st.sampled_from([7, 11, 12, 13]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)))
def test_a_barcode_is_known_by_its_check_digit(stem: str) -> None:
    right = ean.calc_check_digit(stem)
    assert recognise(stem + right).kind is Kind.GTIN
    wrong = stem + str((int(right) + 1) % 10)
    assert recognise(wrong).kind is Kind.UNKNOWN
    assert f"would have to be {right}" in recognise(wrong).notes[0]


def _outcome(read: Callable[[str], str], text: str) -> tuple[str, str]:
    """Return the code read, or else the sentence of the refusal; any other exception fails the test."""
    try:
        return read(text), ""
    except InvalidIdentifier as refusal:
        return "", str(refusal)
