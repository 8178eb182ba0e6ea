"""Text without markup."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.text import CUT, LONGEST, line, paragraphs


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("plain", "plain"),
        ("  spaces \t and\xa0more  ", "spaces and more"),
        ("<p>One</p><p>Two<br/>Three</p>", "One\nTwo\nThree"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("Tom &amp; Jerry &quot;x&quot; &#39;y&#39; &lt;b&gt;", "Tom & Jerry \"x\" 'y' <b>"),
        ("a <script>alert(1)</script>b<style>p{}</style> c", "a b c"),
        ("stray</script> end", "stray end"),
        ("a < b and <3 and x<y and", "a < b and <3 and x<y and"),
        ("a<!-- not shown -->b", "ab"),
        ("nul\x00 bell\x07 esc\x1b", "nul bell esc"),
        ("", None),
        ("   ", None),
        ("<br><p></p>", None),
        (None, None),
        (7, None),
        (["a"], None),
    ],
)
def test_shows_what_a_browser_would_show(given: object, expected: str | None) -> None:
    assert paragraphs(given) == expected


def test_a_tag_that_keepa_cut_through_is_left_out() -> None:
    assert paragraphs("x" * CUT + " end <stro") == "x" * CUT + " end"


def test_a_line_has_no_breaks() -> None:
    assert line("One<br>Two\nThree") == "One Two Three"
    assert line(None) is None


@settings(deadline=None)
@given(st.text())
def test_never_fails_and_never_leaves_what_a_database_cannot_keep(text: str) -> None:
    found = paragraphs(text)
    assert found is None or (found.strip() == found and "\x00" not in found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hat <![ 5", "Hat <![ 5"),
        ("<![if x]>Hat", "Hat"),
        ("<!", "<!"),
        ("<?", "<?"),
        ("<!doctype", "<!doctype"),
        ("&#xD800;", "\ufffd"),
        ("&#0;", "\ufffd"),
        ("<![CDATA[x]]>", None),
    ],
)
def test_what_is_no_html_is_read_all_the_same(text: str, found: str | None) -> None:
    assert paragraphs(text) == found


@pytest.mark.parametrize("piece", ["<a ", "<", "<!--", "<![", "</", "<a b='", "&", "<b>", "<a\x00"])
def test_a_hundred_thousand_characters_of_nonsense_are_read_in_one_go(piece: str) -> None:
    """With a parser that looks for the end of each tag anew, this would take minutes."""
    assert len(paragraphs(piece * (LONGEST // len(piece))) or "") <= LONGEST


def test_what_lies_beyond_the_bound_is_not_looked_at() -> None:
    assert line("x" * LONGEST + "<b>y") == "x" * LONGEST


def test_what_begins_no_tag_stays() -> None:
    assert line("5 < 6 and 7 > 3 <b>bold</b> <a <i>x</i>") == "5 < 6 and 7 > 3 bold <a x"
