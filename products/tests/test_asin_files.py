"""ASINs are found in a file however it is laid out, and what is none is named with its line."""

import io
import itertools
from collections.abc import Iterator

import pytest

from products.asin_files import LONGEST, Entry, entries, lines_of

A, B, C = "B07ZPKCJ6X", "B0SAMP0001", "B0SAMP0002"
LINK = f"https://www.amazon.de/Thing,-with-comma/dp/{A}?th=1&psc=1"


def found(text: str) -> list[tuple[int, str]]:
    """The line and ASIN of each entry, "" for one without."""
    return [(entry.line, entry.asin) for entry in entries(lines_of(io.StringIO(text)))]


@pytest.mark.parametrize(
    "text",
    [
        f"{A}\n{B}\n",
        f"{A}\r\n{B}",
        f"  {A.lower()}  \n\n{B},\n\n",
        f"\ufeff{A}\n{B}\n",
        f"ASIN\n{A}\n{B}\n",
        f"{LINK}\nhttps://amazon.com/dp/{B}\n",
        f"asin,title\n{A},Thing\n{B},\n",
        f'title;ASIN;price\n"Thing; large";{A};1,50\nOther;{B};2\n',
        f"sku\tasin1\tproduct-id\nX-1\t{A}\t123\nX-2\t{B}\t456\n",
        f'title,product_id\n"Thing\nof two lines",{A}\nOther,{B}\n',
        f"Thing,{A},12.90\nOther,{B},13.00\n",
        f"name,what\nThing,{A}\nOther,{B}\n",
        f"1|{LINK}\n2|{B}\n",
    ],
)
def test_the_asins_are_found(text: str) -> None:
    assert [asin for _, asin in found(text) if asin] == [A, B]
    assert "" not in [asin for _, asin in found(text)]


def test_a_column_that_is_named_after_it_wins_over_others_with_asins() -> None:
    text = f"parent_asin,asin\n{A},{B}\n{A},{C}\n"
    assert [asin for _, asin in found(text)] == [B, C]


def test_what_is_none_is_told_with_its_line_and_why() -> None:
    text = f"{A}\nX0001ABCDE\n\n5901234123457\nnot a code\n{B}\n"
    bad = [entry for entry in entries(lines_of(io.StringIO(text))) if not entry.asin]
    assert [entry.line for entry in bad] == [2, 4, 5]
    assert "FNSKU" in bad[0].reason
    assert "EAN" in bad[1].reason


def test_rows_that_are_too_short_or_empty_do_not_stop_the_others() -> None:
    assert found(f"title,asin\nThing,{A}\nlonely\n,\nOther,{B}\n") == [(2, A), (3, ""), (5, B)]


def test_a_first_line_with_a_code_that_is_none_is_no_header() -> None:
    assert found(f"X0001ABCDE\n{A}\n") == [(1, ""), (2, A)]


def test_a_file_without_an_asin_names_every_line() -> None:
    assert found("a1\nb2\n") == [(1, ""), (2, "")]
    assert found("") == []


def test_a_quote_that_is_never_closed_swallows_no_more_than_a_part() -> None:
    lines = [f'"Thing,{A}\n', *[f"Other number {n:05d},{B}\n" for n in range(10_000)], f"Last,{C}\n"]
    text = "title,asin\n" + "".join(lines)
    assert C in [asin for _, asin in found(text)]
    assert "" in [asin for _, asin in found(text)]


def test_a_line_of_any_length_is_not_held_whole() -> None:
    class Endless(io.TextIOBase):
        """Ten million letters on one line, then an ASIN; it is asked for no more than LONGEST at once."""

        def __init__(self) -> None:
            self.left = 10_000_000

        def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
            assert 0 < size <= LONGEST
            if self.left <= 0:
                self.left, line = self.left - 1, f"{A}\n"
                return line if self.left == -1 else ""
            self.left -= size
            return "x" * size if self.left > 0 else "x" * size + "\n"

    lines = list(lines_of(Endless()))  # type: ignore[arg-type]
    assert [len(line) for line in lines] == [LONGEST, len(A) + 1]


def test_a_file_without_end_is_read_as_far_as_it_is_asked_for() -> None:
    def endless() -> Iterator[str]:
        return (f"{A}\n" for _ in itertools.count())

    assert next(entries(endless())) == Entry(1, asin=A)


@pytest.mark.parametrize("junk", ["\0\0\n", "\ufffd\ufffd\n", "=cmd|'/c calc'!A0\n", '"' * 200 + "\n"])
def test_junk_is_a_line_without_an_asin(junk: str) -> None:
    assert [asin for _, asin in found(f"{A}\n{junk}{B}\n") if asin] == [A, B]
