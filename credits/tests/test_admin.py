"""The admin: the ledger can be read, and a balance corrected with a reason by who may."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse as url_of
from pytest_django import DjangoAssertNumQueries

from credits.caps import set_cap
from credits.models import LedgerEntry
from credits.services import capture, charge, hold
from credits.tests.factories import assert_sound, entries_of, figures, user_with

pytestmark = pytest.mark.django_db

OPERATOR = "operator@example.com"


def signed_in(*permissions: str, **facts: Any) -> Client:
    """A browser in which an operator with these permissions is signed in."""
    operator = get_user_model().objects.create_user(email=OPERATOR, is_staff=True, **facts)
    for name in permissions:
        operator.user_permissions.add(
            Permission.objects.get(content_type__app_label="credits", codename=name)
        )
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def user() -> Any:
    """Someone with a bit of everything."""
    user = user_with(100)
    charge(user, 5, operation="product.lookup", key="chg_1", reference="B07ZPKCJ6X")
    capture(hold(user, 10, operation="job", key="job_1").hold, 4, key="chg_2")
    set_cap(uuid4(), limit=5, period="day")
    return user


@pytest.fixture
def operator() -> Client:
    """A superuser's browser."""
    return signed_in(is_superuser=True)


def adjust_url(user: Any) -> str:
    """Where a balance is corrected."""
    return url_of("admin:credits_wallet_adjust", args=[user.pk])


def correction(client: Client, user: Any, **facts: Any) -> dict[str, Any]:
    """What the form would send, filled in like this."""
    page = client.get(adjust_url(user)).content.decode()
    match = re.search(r'name="key" value="([^"]+)"', page)
    assert match is not None
    return {"amount": 5, "reason": "lost in a fire", "key": match[1], **facts}


class TestReading:
    @pytest.mark.parametrize("model", ["wallet", "ledgerentry", "hold", "spendingcap"])
    def test_lists_and_shows_every_kind_of_row(self, user: Any, operator: Client, model: str) -> None:
        page = operator.get(url_of(f"admin:credits_{model}_changelist"))
        assert page.status_code == 200
        [row, *_] = page.context["cl"].result_list
        shown = operator.get(url_of(f"admin:credits_{model}_change", args=[row.pk]))
        assert shown.status_code == 200
        assert b'name="_save"' not in shown.content

    @pytest.mark.parametrize("model", ["wallet", "ledgerentry", "hold", "spendingcap"])
    def test_not_even_a_superuser_writes(self, user: Any, operator: Client, model: str) -> None:
        [row, *_] = operator.get(url_of(f"admin:credits_{model}_changelist")).context["cl"].result_list
        assert operator.get(url_of(f"admin:credits_{model}_add")).status_code == 403
        assert operator.post(url_of(f"admin:credits_{model}_change", args=[row.pk]), {}).status_code == 403
        assert operator.post(url_of(f"admin:credits_{model}_delete", args=[row.pk]), {}).status_code == 403

    @pytest.mark.parametrize("model", ["wallet", "ledgerentry", "hold"])
    def test_finds_by_address(self, user: Any, operator: Client, model: str) -> None:
        found = operator.get(url_of(f"admin:credits_{model}_changelist"), {"q": user.email}).context["cl"]
        assert len(found.result_list) > 0
        assert (
            not operator.get(url_of(f"admin:credits_{model}_changelist"), {"q": "nobody"})
            .context["cl"]
            .result_list
        )

    def test_a_longer_ledger_needs_no_more_queries(
        self, user: Any, operator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(30):
            charge(user, 1, operation="product.lookup", key=f"more_{number}")
        with django_assert_max_num_queries(10):
            operator.get(url_of("admin:credits_ledgerentry_changelist"))


class TestAdjusting:
    def test_corrects_the_balance_and_keeps_who_and_why(self, user: Any, operator: Client) -> None:
        answer = operator.post(adjust_url(user), correction(operator, user, amount=-5), follow=True)
        assert "Adjusted by -5 credits." in answer.content.decode()
        assert figures(user)[0] == 86
        entry = LedgerEntry.objects.for_user(user).of_kind("adjustment").get()
        assert entry.metadata == {"reason": "lost in a fire", "actor": OPERATOR}
        assert LogEntry.objects.get().change_message == "Adjusted by -5: lost in a fire"
        assert_sound()

    def test_the_wallets_page_leads_there(self, user: Any, operator: Client) -> None:
        page = operator.get(url_of("admin:credits_wallet_change", args=[user.pk]))
        assert b'href="adjust/"' in page.content

    @pytest.mark.parametrize(
        ("facts", "complaint"),
        [
            ({"amount": 0}, "Nothing would change."),
            ({"amount": "x"}, "Enter a whole number."),
            ({"amount": 10**16}, "less than or equal to"),
            ({"amount": -1000}, "1000 credits, and 85 credits can be spent"),
            ({"reason": ""}, "This field is required."),
            ({"reason": "   "}, "This field is required."),
        ],
    )
    def test_says_what_is_wrong(
        self, user: Any, operator: Client, facts: dict[str, Any], complaint: str
    ) -> None:
        answer = operator.post(adjust_url(user), correction(operator, user, **facts))
        assert answer.status_code == 200
        assert complaint in answer.content.decode()
        assert figures(user)[0] == 91

    def test_a_form_that_is_sent_twice_counts_once(self, user: Any, operator: Client) -> None:
        sent = correction(operator, user)
        operator.post(adjust_url(user), sent)
        answer = operator.post(adjust_url(user), sent, follow=True)
        assert "had been made already" in answer.content.decode()
        assert figures(user)[0] == 96
        assert LogEntry.objects.count() == 1

    def test_who_may_only_look_cannot(self, user: Any) -> None:
        client = signed_in("view_wallet")
        assert b"adjust/" not in client.get(url_of("admin:credits_wallet_change", args=[user.pk])).content
        assert client.get(adjust_url(user)).status_code == 403
        sent = {"amount": 5, "reason": "greed", "key": "adj_1"}
        assert client.post(adjust_url(user), sent).status_code == 403
        assert "adjustment" not in dict(entries_of(user))

    def test_who_has_the_permission_can(self, user: Any) -> None:
        client = signed_in("view_wallet", "adjust_wallet")
        assert client.post(adjust_url(user), correction(client, user)).status_code == 302
        assert figures(user)[0] == 96

    def test_a_stranger_is_asked_to_sign_in(self, user: Any) -> None:
        answer = Client().get(adjust_url(user))
        assert answer.status_code == 302
        assert "/login/" in answer["Location"]

    def test_there_is_nothing_to_adjust_without_a_wallet(self, operator: Client) -> None:
        assert operator.get(adjust_url(user_with(0))).status_code == 404
