"""What an account gains that calls good answers wrong, and that an honest one loses nothing."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import a_user
from conversion import starts
from conversion.errors import NothingWithheld
from conversion.feedback import give_withheld
from conversion.models import Feedback, Mapping, Purchase, Share
from conversion.reliability import Beta
from conversion.reliability import right as right_of
from conversion.tests.factories import ASIN, OTHER_ASIN, RESOLVER, an_answer, right, wrong
from credits.services import grant
from credits.tests.factories import assert_sound, figures

pytestmark = pytest.mark.django_db
CREDITS = 1000


def customer(*, days: int = 60) -> User:
    """Somebody who has been here for so many days, and can pay."""
    user = a_user(date_joined=timezone.now() - timedelta(days=days))
    grant(user, CREDITS, operation="test", key=f"test:{user.pk}")
    return user


@pytest.fixture
def codes() -> Iterator[str]:
    """Codes that nobody has asked about."""
    return (f"X0{number:08}" for number in count())


def spent(user: User) -> int:
    """Credits that are gone."""
    return CREDITS - figures(user)[0]


def rejects_all(user: User, codes: Iterator[str], answers: int) -> list[Feedback]:
    """Let an account reject every paid answer it gets."""
    return [wrong(an_answer(user, code=next(codes))) for _ in range(answers)]


def degraded(user: User, codes: Iterator[str], answers: int) -> list[Feedback]:
    """Let an account speak the truth of a source that is right two times in five."""
    return [
        (right if number % 5 < 2 else wrong)(an_answer(user, code=next(codes))) for number in range(answers)
    ]


def worth() -> float:
    """How often the resolver is taken to be right."""
    known = {row.name: Beta(row.yes, row.no) for row in Share.objects.all()}
    return starts.share(known, right_of(RESOLVER)).mean


# --- who calls good answers wrong ---


def test_who_rejects_everything_pays_for_three_in_four(codes: Iterator[str]) -> None:
    mallory = customer()
    said = rejects_all(mallory, codes, 40)
    assert Feedback.objects.filter(refund="given").count() == 3 + 40 // 4
    assert spent(mallory) == 2 * (40 - 13)
    assert {one.withheld for one in said if one.refund == "withheld"} == {"limit"}
    assert_sound()


def test_many_honest_accounts_do_not_raise_that(codes: Iterator[str]) -> None:
    for _ in range(5):
        user = customer()
        for number in range(20):
            (wrong if number % 7 == 0 else right)(an_answer(user, code=next(codes)))
    mallory = customer()
    rejects_all(mallory, codes, 40)
    assert spent(mallory) == 2 * (40 - 13)


def test_a_crowd_of_new_accounts_does_not_raise_it_either(codes: Iterator[str]) -> None:
    for _ in range(8):
        rejects_all(customer(days=1), codes, 10)
    mallory = customer()
    rejects_all(mallory, codes, 40)
    assert spent(mallory) == 2 * (40 - 13)


def contradicted(mallory: User, codes: Iterator[str], times: int) -> None:
    """Let an account reject answers that others confirm."""
    for _ in range(times):
        code = next(codes)
        wrong(an_answer(mallory, code=code))
        right(an_answer(a_user(), credits=0, code=code))


def test_who_contradicts_everyone_else_gets_no_refund_and_teaches_nothing(codes: Iterator[str]) -> None:
    mallory = customer()
    contradicted(mallory, codes, 3)
    before = list(Share.objects.order_by("name").values("name", "yes", "no"))
    said = wrong(an_answer(mallory, code=next(codes)))
    assert (said.refund, said.withheld, said.weight, said.is_believed) == (
        "withheld",
        "contradicted",
        0,
        False,
    )
    assert list(Share.objects.order_by("name").values("name", "yes", "no")) == before
    assert right(an_answer(mallory, code=next(codes))).weight == 0


def test_two_contradictions_are_forgiven(codes: Iterator[str]) -> None:
    user = customer()
    contradicted(user, codes, 2)
    assert wrong(an_answer(user, code=next(codes))).refund == "given"


def test_who_is_borne_out_more_often_is_believed(codes: Iterator[str]) -> None:
    user = customer()
    for _ in range(4):
        code = next(codes)
        wrong(an_answer(user, code=code))
        wrong(an_answer(a_user(), credits=0, code=code))
    contradicted(user, codes, 4)
    said = wrong(an_answer(user, code=next(codes)))
    assert said.is_believed
    assert said.weight == pytest.approx((1 + 4) / (4 + 8))


def test_a_liars_word_does_not_count_against_others(codes: Iterator[str]) -> None:
    mallory, ann = customer(), customer()
    contradicted(mallory, codes, 3)
    for _ in range(5):
        code = next(codes)
        wrong(an_answer(ann, code=code))
        right(an_answer(mallory, code=code))
    assert wrong(an_answer(ann, code=next(codes))).is_believed


def test_ones_own_stock_contradicts_and_bears_nothing_out(codes: Iterator[str]) -> None:
    mallory = customer()
    for code in [next(codes) for _ in range(3)]:
        wrong(an_answer(mallory, code=code))
        stock = {"code": code, "source": "inventory", "owner": mallory, "observed_at": timezone.now()}
        Mapping.objects.create(**stock, asin=ASIN)
    assert not wrong(an_answer(mallory, code=next(codes))).is_believed


def test_the_private_data_of_others_decides_nothing(codes: Iterator[str]) -> None:
    ann = customer()
    for code in [next(codes) for _ in range(5)]:
        wrong(an_answer(ann, code=code))
        owner = a_user()
        stock = {"code": code, "source": "inventory", "owner": owner, "observed_at": timezone.now()}
        Mapping.objects.create(**stock, asin=ASIN)
        right(an_answer(owner, credits=0, code=code))
    assert wrong(an_answer(ann, code=next(codes))).is_believed


# --- who is honest ---


def test_an_honest_account_of_a_source_as_good_as_it_should_be_gets_all_back(codes: Iterator[str]) -> None:
    ann = customer()
    said = [(wrong if number % 7 == 0 else right)(an_answer(ann, code=next(codes))) for number in range(70)]
    assert sum(one.refund == "given" for one in said) == 10
    assert spent(ann) == 2 * 60


def test_an_honest_account_that_meets_a_degraded_source_gets_all_back(codes: Iterator[str]) -> None:
    others = [customer() for _ in range(5)]
    for user in others:
        degraded(user, codes, 10)
    ann = customer()
    said = degraded(ann, codes, 50)
    assert [one.refund for one in said if not one.is_correct] == ["given"] * 30
    assert spent(ann) == 2 * 20
    assert all(one.is_believed for one in said)
    assert worth() < starts.start(right_of(RESOLVER)).mean - 0.1
    assert_sound()


def test_old_refunds_do_not_count(codes: Iterator[str]) -> None:
    user = customer()
    rejects_all(user, codes, 10)
    Feedback.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert wrong(an_answer(user, code=next(codes))).refund == "given"


# --- what was withheld ---


@pytest.fixture
def operator() -> User:
    """Somebody who runs the install."""
    return a_user(is_staff=True)


def withheld(codes: Iterator[str]) -> Feedback:
    """A refund that was not given."""
    return next(one for one in rejects_all(customer(), codes, 10) if one.refund == "withheld")


def test_an_operator_gives_it_once(codes: Iterator[str], operator: User) -> None:
    said = withheld(codes)
    before = spent(said.conversion.user)
    now = give_withheld(feedback=said, actor=operator, reason="seen the label")
    assert (now.refund, now.refunded, now.withheld) == ("given", 2, "limit")
    assert spent(said.conversion.user) == before - 2
    with pytest.raises(NothingWithheld):
        give_withheld(feedback=said, actor=operator, reason="again")
    assert spent(said.conversion.user) == before - 2
    assert_sound()


def test_the_pair_can_then_be_bought_again(codes: Iterator[str], operator: User) -> None:
    said = withheld(codes)
    bought = Purchase.objects.filter(charge=said.conversion.charge)
    assert bought.exists()
    give_withheld(feedback=said, actor=operator, reason="seen the label")
    assert not bought.exists()


def test_who_gave_it_and_why_is_kept(codes: Iterator[str], operator: User) -> None:
    give_withheld(feedback=withheld(codes), actor=operator, reason=" seen the label ")
    event = operator.audit_events.get()
    assert (event.action, event.metadata) == ("feedback:refund", {"reason": "seen the label", "credits": 2})


def test_it_is_not_given_without_a_reason(codes: Iterator[str], operator: User) -> None:
    with pytest.raises(ValueError, match="why"):
        give_withheld(feedback=withheld(codes), actor=operator, reason="  ")


def test_it_does_not_use_up_what_is_given_unseen(codes: Iterator[str], operator: User) -> None:
    said = withheld(codes)
    user = said.conversion.user
    for one in Feedback.objects.filter(refund="withheld"):
        give_withheld(feedback=one, actor=operator, reason="a bad week")
    for _ in range(10):
        right(an_answer(user, code=next(codes)))
    assert wrong(an_answer(user, code=next(codes)), OTHER_ASIN).refund == "given"
