"""What may stand in a cell."""

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.writing.cells import MOST_CHARACTERS, safe

SIGNS = "=+-@|%＝＋－＠｜％﹢﹣﹦﹫−⁺⁻₊₋⁼₌"
BLANKS = (
    " \t\r\n\x00\x0b\x1f\x7f\x85\xa0\u00ad\u200b\u200e\u2060\u2800\u3000\u3164\ufe0f\ufeff\ufffd\ufffe\ud800"
)


def length(text: str) -> int:
    """Return how long Excel takes a text to be."""
    return len(text.encode("utf-16-le")) // 2


def is_allowed(char: str) -> bool:
    """Say whether XML 1.0 has this character."""
    return char in "\t\n\r" or " " <= char < "\ud800" or (char >= "\ue000" and char not in "\ufffe\uffff")


@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_that_begins_a_formula_is_defused(sign: str) -> None:
    assert safe(f"{sign}1") == f"'{sign}1"


@pytest.mark.parametrize("blank", BLANKS)
def test_what_cannot_be_seen_does_not_hide_the_sign(blank: str) -> None:
    assert safe(f"{blank}=1").startswith("'")


@pytest.mark.parametrize("start", "\t\r\n")
def test_a_text_that_begins_with_a_tab_or_a_new_line_is_defused(start: str) -> None:
    assert safe(f"{start}abc") == f"'{start}abc"


@settings(deadline=None)
@given(
    st.text(st.characters(categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Mn"]), max_size=5),
    st.sampled_from(SIGNS),
    st.text(max_size=20),
)
def test_no_hidden_beginning_gets_past(before: str, sign: str, after: str) -> None:
    assert safe(before + sign + after).startswith("'")


@settings(deadline=None)
@given(
    st.characters(categories=["Lu", "Ll", "Lt", "Nd"]),
    st.text(st.characters(categories=["L", "N", "P", "S"])),
)
def test_a_text_that_begins_with_a_letter_or_a_digit_is_left_alone(first: str, rest: str) -> None:
    assert safe(first + rest) == first + rest


@pytest.mark.parametrize("text", ["", " ", "(5)", "'=1", '"=1"', "€5", "#1", "a=1", "1-2", "日本", "B0-X"])
def test_a_harmless_text_is_left_alone(text: str) -> None:
    assert safe(text) == text


def test_no_character_that_stands_for_a_sign_is_missed() -> None:
    every = map(chr, range(sys.maxunicode + 1))
    alike = [char for char in every if unicodedata.normalize("NFKC", char)[:1] in {*"=+-@|%"}]
    assert [char for char in alike if safe(char) != f"'{char}"] == []


@settings(deadline=None)
@given(st.text(st.characters()))
def test_every_character_is_one_that_xml_allows(text: str) -> None:
    assert all(is_allowed(char) for char in safe(text))


@pytest.mark.parametrize("bad", "\x00\x01\x08\x0c\x1b\ud800\udfff\ufffe\uffff")
def test_a_character_that_xml_forbids_is_replaced(bad: str) -> None:
    assert safe(f"a{bad}b") == "a\ufffdb"


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\r\nb", "a\x85b", "a\u2028b", "😀"])
def test_a_character_that_xml_allows_is_left_alone(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize("text", ["x" * MOST_CHARACTERS, "😀" * (MOST_CHARACTERS // 2)])
def test_the_longest_text_is_whole(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    "text", ["x" * 32_768, "x" * 100_000, "😀" * 16_384, "x" + "😀" * 16_384, "=" * 32_767]
)
def test_a_longer_text_is_cut_to_what_excel_takes(text: str) -> None:
    whole = safe(text)
    assert (length(whole) in (MOST_CHARACTERS, MOST_CHARACTERS - 1), whole[-1]) == (True, "…")
