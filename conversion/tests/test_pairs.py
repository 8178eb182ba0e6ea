"""When what some accounts say may answer others, and that nobody's own data does."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import a_user
from conversion import starts
from conversion.models import Feedback, Mapping
from conversion.tests.factories import ASIN, CODE, OTHER_ASIN, RESOLVER, an_answer, heard, right, wrong

pytestmark = pytest.mark.django_db
FREE: dict[str, Any] = {"credits": 0}
OWN = sorted(name for name, start in starts.SOURCES.items() if start.group == "account")


def shared() -> list[tuple[str, str]]:
    """Which pairs answer everybody, though no source claims them."""
    return list(Mapping.objects.filter(source="shared").values_list("code", "asin"))


def confirm(user: User, **facts: Any) -> Feedback:
    """Let an account confirm a free answer."""
    return right(an_answer(user, **FREE, **facts))


def stock(user: User, source: str = "inventory", asin: str = ASIN) -> Mapping:
    """What an account's own data says."""
    return Mapping.objects.create(
        code=CODE,
        asin=asin,
        source=source,
        owner=user,
        title="A secret title",
        condition="New",
        observed_at=timezone.now(),
    )


def test_one_accounts_word_is_its_own() -> None:
    ann = a_user()
    confirm(ann)
    confirm(ann)
    assert shared() == []


def test_what_two_accounts_say_may_answer_a_third() -> None:
    confirm(a_user())
    confirm(a_user())
    assert shared() == [(CODE, ASIN)]
    assert Mapping.objects.about(CODE).for_user(a_user()).get().source == "shared"


def test_it_says_nothing_of_who_said_it() -> None:
    confirm(a_user(), marketplace="DE")
    confirm(a_user(), marketplace="DE")
    row = Mapping.objects.get(source="shared")
    assert (row.owner, row.inventory, row.marketplace, row.title, row.condition) == (None, None, "", "", "")
    assert (row.observed_at.hour, row.observed_at.minute, row.observed_at.second) == (0, 0, 0)


def test_a_correction_that_two_accounts_make_is_shared() -> None:
    for user in (a_user(), a_user()):
        wrong(an_answer(user, **FREE), OTHER_ASIN)
    assert shared() == [(CODE, OTHER_ASIN)]


def test_as_many_who_deny_it_end_it() -> None:
    for user in (a_user(), a_user()):
        confirm(user)
    wrong(an_answer(a_user(), **FREE))
    assert shared() == [(CODE, ASIN)]
    wrong(an_answer(a_user(), **FREE), OTHER_ASIN)
    assert shared() == []


def test_who_changes_their_mind_takes_it_back() -> None:
    ann = a_user()
    confirm(ann)
    confirm(a_user())
    wrong(an_answer(ann, **FREE))
    assert shared() == []


@pytest.mark.parametrize("source", [*OWN, "confirmed", "spapi", "nobody described it"])
def test_what_rests_on_an_accounts_own_data_is_never_shared(source: str) -> None:
    for user in (a_user(), a_user(), a_user()):
        said = confirm(user, heard=heard(ASIN, RESOLVER, source))
        assert said.is_private
    assert shared() == []


@pytest.mark.parametrize("source", OWN)
def test_nor_is_what_the_account_could_read_in_its_own_data(source: str) -> None:
    for user in (a_user(), a_user()):
        stock(user, source)
        assert confirm(user).is_private
        assert wrong(an_answer(user, **FREE, asin=OTHER_ASIN), ASIN).is_private
    assert shared() == []


def test_nor_after_that_data_is_gone() -> None:
    for user in (a_user(), a_user()):
        early = an_answer(user, **FREE)
        row = stock(user)
        confirm(user, is_own=True, heard=heard(ASIN, "inventory"))
        row.delete()
        right(early)
        confirm(user, is_own=True, heard=heard(ASIN, "confirmed"))
    assert shared() == []


def test_a_private_word_that_denies_it_ends_it() -> None:
    ann = a_user()
    confirm(ann)
    confirm(a_user())
    stock(ann, asin=OTHER_ASIN)
    assert wrong(an_answer(ann, **FREE), OTHER_ASIN).is_private
    assert shared() == []


def test_confirming_again_from_ones_own_word_leaves_it_standing() -> None:
    ann = a_user()
    confirm(ann)
    confirm(a_user())
    confirm(ann, is_own=True, heard=heard(ASIN, "confirmed"))
    assert shared() == [(CODE, ASIN)]


def test_who_is_not_believed_shares_nothing() -> None:
    for user in (a_user(), a_user()):
        said = an_answer(user, **FREE)
        Feedback.objects.create(conversion=said, is_correct=True, weight=0, is_believed=False)
    confirm(a_user())
    assert shared() == []


def test_other_codes_are_left_alone() -> None:
    for code in (CODE, "X0002ABCDE"):
        for user in (a_user(), a_user()):
            confirm(user, code=code)
    wrong(an_answer(a_user(), **FREE))
    wrong(an_answer(a_user(), **FREE))
    assert shared() == [("X0002ABCDE", ASIN)]
