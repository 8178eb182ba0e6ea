"""The welcome: ten credits for a mailbox, once, however it is spelled and however many come at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from rest_framework.test import APIClient

from credits.models import Kind, LedgerEntry, Wallet

pytestmark = pytest.mark.django_db(transaction=True)
SPELLINGS = [
    "a.liquidator@gmail.com",
    "aliquidator@gmail.com",
    "A.Liquidator@Gmail.com ",
    "aliquidator+pallets@gmail.com",
    "a.l.i.q.u.i.d.a.t.o.r@googlemail.com",
    "aliquidator+2@googlemail.com",
]


def register(email: str) -> int:
    """Sign up from an address of one's own; the status."""
    answer = APIClient().post(
        "/api/v1/auth/register", {"email": email, "password": "correct horse battery staple"}, format="json"
    )
    return answer.status_code


def test_a_new_account_has_ten_credits() -> None:
    assert register("newcomer@example.com") == 201
    assert Wallet.objects.get(user__email="newcomer@example.com").balance == 10


def test_signing_up_again_grants_nothing_again() -> None:
    assert [register("newcomer@example.com") for _ in range(3)] == [201, 201, 201]
    assert LedgerEntry.objects.filter(kind=Kind.GRANT).count() == 1


def test_many_spellings_of_one_mailbox_at_once_are_welcomed_once() -> None:
    barrier = threading.Barrier(len(SPELLINGS), timeout=30)

    def run(email: str) -> int:
        barrier.wait()
        try:
            return register(email)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(SPELLINGS)) as pool:
        statuses = list(pool.map(run, SPELLINGS))

    assert set(statuses) == {201}
    assert [entry.amount for entry in LedgerEntry.objects.filter(operation="welcome")] == [10]
