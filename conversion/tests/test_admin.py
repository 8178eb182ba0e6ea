"""The admin: everything can be read, and a withheld refund given with a reason by who may."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse as url_of
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import AuditEvent, User
from accounts.tests.factories import a_user
from conversion.ids import shown
from conversion.models import Feedback
from conversion.tests.factories import CODE, OTHER_ASIN, an_answer, right, wrong
from credits.tests.factories import assert_sound, figures

pytestmark = pytest.mark.django_db
MODELS = ["conversion", "mapping", "share", "feedback"]


def signed_in(*permissions: str, **facts: Any) -> Client:
    """A browser in which an operator with these permissions is signed in."""
    operator = a_user(email="operator@example.com", is_staff=True, **facts)
    operator.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(operator, backend="accounts.backends.EmailBackend")
    return client


@pytest.fixture
def operator() -> Client:
    """A superuser's browser."""
    return signed_in(is_superuser=True)


@pytest.fixture
def withheld(alice: User, settings: Settings) -> Feedback:
    """A refund that waits for an operator, among other words."""
    right(an_answer(alice, code="X0002ABCDE"))
    settings.FEEDBACK = settings.FEEDBACK | {"free_refunds": 0, "refund_share": 0}
    return wrong(an_answer(alice), OTHER_ASIN)


def refund_url(said: Feedback) -> str:
    """Where it is given."""
    return url_of("admin:conversion_feedback_refund", args=[said.pk])


@pytest.mark.parametrize("model", MODELS)
def test_every_kind_of_row_is_listed_and_shown(withheld: Feedback, operator: Client, model: str) -> None:
    page = operator.get(url_of(f"admin:conversion_{model}_changelist"))
    assert page.status_code == 200
    [row, *_] = page.context["cl"].result_list
    one = operator.get(url_of(f"admin:conversion_{model}_change", args=[row.pk]))
    assert one.status_code == 200
    assert b'name="_save"' not in one.content


@pytest.mark.parametrize("model", MODELS)
def test_not_even_a_superuser_writes(withheld: Feedback, operator: Client, model: str) -> None:
    [row, *_] = operator.get(url_of(f"admin:conversion_{model}_changelist")).context["cl"].result_list
    for act, args in (("add", []), ("change", [row.pk]), ("delete", [row.pk])):
        assert operator.post(url_of(f"admin:conversion_{model}_{act}", args=args), {}).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_a_list_takes_as_many_queries_however_long(
    alice: User, operator: Client, model: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(9):
        right(an_answer(a_user(), credits=0, code=f"X0003ABCD{number}"))
    with django_assert_max_num_queries(9):
        operator.get(url_of(f"admin:conversion_{model}_changelist"))


def test_a_conversion_is_found_by_the_id_its_account_sees(withheld: Feedback, operator: Client) -> None:
    where = url_of("admin:conversion_conversion_changelist")
    for words, found in ((shown(withheld.pk), 1), (CODE, 1), ("alice@", 2), (shown(withheld.pk)[:-4], 0)):
        assert len(operator.get(where, {"q": words}).context["cl"].result_list) == found


def test_what_is_withheld_can_be_listed(withheld: Feedback, operator: Client) -> None:
    page = operator.get(url_of("admin:conversion_feedback_changelist"), {"refund__exact": "withheld"})
    assert list(page.context["cl"].result_list) == [withheld]


def test_an_operator_gives_a_refund_with_a_reason(withheld: Feedback, alice: User, operator: Client) -> None:
    page = operator.get(url_of("admin:conversion_feedback_change", args=[withheld.pk]))
    assert b'href="../refund/"' in page.content
    assert OTHER_ASIN.encode() in operator.get(refund_url(withheld)).content
    answer = operator.post(refund_url(withheld), {"reason": "seen the label"}, follow=True)
    assert b"Refunded 2 credits." in answer.content
    assert b'href="../refund/"' not in answer.content
    assert figures(alice)[0] == 98
    assert_sound()


def test_the_act_is_written_down(withheld: Feedback, operator: Client) -> None:
    operator.post(refund_url(withheld), {"reason": "seen the label"})
    event = AuditEvent.objects.get(action="feedback:refund")
    assert event.actor is not None
    assert (event.actor.email, event.target) == ("operator@example.com", f"feedback:{withheld.pk}")
    assert "seen the label" in LogEntry.objects.get().change_message


def test_a_form_that_is_sent_twice_refunds_once(withheld: Feedback, alice: User, operator: Client) -> None:
    operator.post(refund_url(withheld), {"reason": "seen the label"})
    again = operator.post(refund_url(withheld), {"reason": "seen the label"}, follow=True)
    assert b"Nothing was changed." in again.content
    assert figures(alice)[0] == 98


def test_without_a_reason_nothing_is_given(withheld: Feedback, alice: User, operator: Client) -> None:
    assert operator.post(refund_url(withheld), {"reason": " "}).status_code == 200
    assert figures(alice)[0] == 96


def test_who_may_only_look_gives_nothing(withheld: Feedback, alice: User) -> None:
    looker = signed_in("view_feedback")
    page = looker.get(url_of("admin:conversion_feedback_change", args=[withheld.pk]))
    assert page.status_code == 200
    assert b'href="../refund/"' not in page.content
    assert looker.post(refund_url(withheld), {"reason": "any"}).status_code == 403
    assert figures(alice)[0] == 96


def test_who_has_the_permission_gives_it(withheld: Feedback, alice: User) -> None:
    signed_in("view_feedback", "give_refund").post(refund_url(withheld), {"reason": "seen the label"})
    assert figures(alice)[0] == 98
