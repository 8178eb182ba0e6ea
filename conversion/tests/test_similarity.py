"""How alike labels and catalogue entries are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversion.similarity import GRADES, Agreement, agreement, grades, similarity

BOTTLE = "Hydra Peak Insulated Water Bottle with Straw Lid, Stainless Steel, 40 oz, Storm Blue (Pack of 2)"


@pytest.mark.parametrize(
    "label",
    [
        BOTTLE,
        BOTTLE.upper(),
        BOTTLE.replace(",", "").replace("(", "").replace(")", ""),
        BOTTLE.replace("40 oz", "40-ounce"),
        BOTTLE.replace("Pack of 2", "2-Pack"),
        BOTTLE.replace("Steel", "Stéel"),
        f"{BOTTLE[:20]}...{BOTTLE[-20:]}",
        f"{BOTTLE[:25]}…{BOTTLE[-24:]}",
    ],
)
def test_the_same_title_is_the_same_however_it_is_printed(label: str) -> None:
    assert similarity(label, BOTTLE) == pytest.approx(1.0)


def test_a_slip_of_the_pen_costs_little() -> None:
    found = similarity(BOTTLE.replace("Insulated", "Insulatde"), BOTTLE)
    assert found is not None
    assert 0.9 < found < 1


@pytest.mark.parametrize(
    "sibling",
    [
        BOTTLE.replace("40 oz", "24 oz"),
        BOTTLE.replace("Storm Blue", "Lime Green"),
        BOTTLE.replace("Pack of 2", "Pack of 6"),
    ],
)
@pytest.mark.parametrize("is_cut", [False, True])
def test_a_sibling_is_less_alike_than_the_same(sibling: str, is_cut: bool) -> None:
    label = f"{BOTTLE[:25]}...{BOTTLE[-33:]}" if is_cut else BOTTLE
    found = similarity(label, sibling)
    assert found is not None
    assert 0.3 < found < 0.92


def test_another_pack_halves_it() -> None:
    assert similarity("Soap, 6 pack", "Soap, pack of 12") == pytest.approx(0.5)


def test_a_title_that_says_nothing_of_packs_is_no_other_pack() -> None:
    assert similarity("Soap bar", "Soap bar, pack of 1") == pytest.approx(1.0)


def test_other_articles_have_nothing_in_common() -> None:
    assert similarity("Anker USB charger", "Garden hose, 50 ft") == 0.0


def test_a_unit_left_alone_by_the_cut_says_nothing() -> None:
    assert (
        similarity("Hydra Peak Insulated... oz, Storm Blue", "Hydra Peak Insulated Bottle 40 oz, Storm Blue")
        == 1
    )


def test_titles_without_spaces_between_words_are_compared_too() -> None:
    same, other = similarity("ステンレスボトル 500ml", "ステンレスボトル 500 ml"), similarity("水筒", "電池")
    assert (same, other) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("label", "catalogue"), [("", "Soap"), ("Soap", ""), ("!?", "Soap"), ("...", "Soap")]
)
def test_what_has_no_words_cannot_be_compared(label: str, catalogue: str) -> None:
    assert similarity(label, catalogue) is None


@given(st.text(max_size=600), st.text(max_size=600))
def test_any_two_texts_are_between_0_and_1_alike(label: str, catalogue: str) -> None:
    found = similarity(label, catalogue)
    assert found is None or 0 <= found <= 1


@given(st.floats(-1, 2))
def test_grades_are_neighbours_and_add_up(value: float) -> None:
    found = grades(value)
    places = [GRADES.index(name) for name in found]
    assert sum(found.values()) == pytest.approx(1.0)
    assert max(places) - min(places) <= 1
    middle = sum(int(name) * part for name, part in found.items()) / 100
    assert middle == pytest.approx(min(1.0, max(0.0, value)))


@pytest.mark.parametrize(
    ("label", "listing", "expected"),
    [
        ("New", "new", Agreement.SAME),
        ("NewItem", "new_open_box", Agreement.SAME),
        ("Neu", "new", Agreement.SAME),
        ("Gebraucht - Sehr gut", "used_very_good", Agreement.SAME),
        ("Used - Like New", "used_like_new", Agreement.SAME),
        ("UsedGood", "used_acceptable", Agreement.KIN),
        ("used", "used_good", Agreement.SAME),
        ("New", "used_good", Agreement.DIFFERENT),
        ("Generalüberholt", "refurbished", Agreement.SAME),
        ("Renewed", "new", Agreement.DIFFERENT),
        ("中古品", "used_good", Agreement.SAME),
        ("Collectible - Good", "used_good", Agreement.DIFFERENT),
        ("???", "new", None),
        (None, "new", None),
        ("New", None, None),
    ],
)
def test_conditions_agree_in_any_wording(
    label: str | None, listing: str | None, expected: Agreement | None
) -> None:
    assert agreement(label, listing) is expected
