"""What is made of the words of several accounts."""

from uuid import UUID

import pytest

from conversion import starts
from conversion.testimony import PUBLIC, Record, Statement, agreed, record, votes, words

A, B, C = "B07ZPKCJ6X", "B08N5WRWNW", "B09B8V1LZ3"
CODE = "X0001ABCDE"
ANN, BEN, CAT, DAN = (UUID(int=number) for number in range(4))


def yes(who: UUID, asin: str = A, *, counts: bool = True) -> Statement:
    return Statement(who, CODE, asin, is_right=True, counts=counts)


def no(who: UUID, asin: str = A, instead: str = "", *, counts: bool = True) -> Statement:
    return Statement(who, CODE, asin, is_right=False, instead=instead, counts=counts)


def said_of(*statements: Statement) -> list[Statement]:
    return words(statements)[CODE]


@pytest.mark.parametrize(
    ("statement", "on_a", "on_b", "on_c"),
    [
        (yes(ANN), True, False, False),
        (no(ANN), False, None, None),
        (no(ANN, instead=B), False, True, False),
    ],
)
def test_a_code_means_one_asin(
    statement: Statement, on_a: bool | None, on_b: bool | None, on_c: bool | None
) -> None:
    assert [statement.opinion(asin) for asin in (A, B, C)] == [on_a, on_b, on_c]


def test_what_is_one_accounts_own_is_not_public_and_neither_is_what_nobody_described() -> None:
    own = {name for name, start in starts.SOURCES.items() if start.group == "account"}
    assert own >= {"inventory", "archived", "listing", "inbound", "returns"}
    assert not PUBLIC & (own | {"confirmed", "spapi", ""})
    assert {"fnskutoasin", "manifest", "gtin", "shared"} <= PUBLIC


def test_an_accounts_last_word_counts() -> None:
    assert said_of(yes(ANN), no(ANN)) == [no(ANN)]


def test_a_private_word_is_told_nobody() -> None:
    assert said_of(yes(ANN, counts=False)) == []


def test_a_private_word_takes_back_what_it_contradicts() -> None:
    assert said_of(yes(ANN), no(ANN, counts=False)) == []
    assert said_of(yes(ANN), yes(ANN, B, counts=False)) == []


def test_a_private_word_leaves_what_it_repeats() -> None:
    assert said_of(yes(ANN), yes(ANN, counts=False)) == [yes(ANN)]
    assert said_of(no(ANN, A), no(ANN, B, counts=False)) == [no(ANN, A)]


def test_votes_are_counted_by_account() -> None:
    assert votes(A, said_of(yes(ANN), yes(ANN), yes(BEN), no(CAT), no(DAN, B))) == (2, 1)


def test_one_account_does_not_make_a_pair() -> None:
    assert agreed(said_of(yes(ANN)), 2) == frozenset()
    assert agreed(said_of(yes(ANN), yes(ANN)), 2) == frozenset()


def test_two_accounts_do() -> None:
    assert agreed(said_of(yes(ANN), yes(BEN)), 2) == {A}
    assert agreed(said_of(no(ANN, A, B), yes(BEN, B)), 2) == {B}


def test_as_many_who_deny_it_unmake_it() -> None:
    assert agreed(said_of(yes(ANN), yes(BEN), no(CAT)), 2) == {A}
    assert agreed(said_of(yes(ANN), yes(BEN), no(CAT), no(DAN)), 2) == frozenset()


def test_what_others_say_bears_out_or_contradicts() -> None:
    fared = record([no(ANN)], words([no(BEN)]), {})
    assert fared == Record(borne_out=1, rejections_borne_out=1)
    assert record([no(ANN)], words([no(BEN, A, C)]), {}) == fared
    assert record([no(ANN)], words([yes(BEN)]), {}) == Record(contradicted=1, rejections_contradicted=1)
    assert record([yes(ANN)], words([yes(BEN)]), {}) == Record(borne_out=1)
    assert record([yes(ANN)], words([yes(BEN, B)]), {}) == Record(contradicted=1)


def test_where_others_disagree_nothing_is_known() -> None:
    assert record([no(ANN)], words([no(BEN), yes(CAT)]), {}) == Record()
    assert record([no(ANN)], {}, {}) == Record()


def test_the_same_word_again_is_one_word() -> None:
    assert record([no(ANN)] * 5, words([yes(BEN)]), {}).rejections_contradicted == 1


def test_an_accounts_own_stock_contradicts_it_and_bears_nothing_out() -> None:
    assert record([no(ANN)], {}, {CODE: frozenset({A})}).rejections_contradicted == 1
    assert record([no(ANN)], {}, {CODE: frozenset({B})}) == Record()


@pytest.mark.parametrize(
    ("borne_out", "contradicted", "believed"),
    [(0, 0, True), (0, 2, True), (0, 3, False), (2, 3, False), (3, 3, True), (10, 3, True), (10, 11, False)],
)
def test_who_is_believed(borne_out: int, contradicted: int, believed: bool) -> None:
    fared = Record(rejections_borne_out=borne_out, rejections_contradicted=contradicted)
    assert fared.is_believed(most=3) is believed
