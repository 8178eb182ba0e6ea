"""Races, with real threads on a real database: exactly one wins."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.signals import user_signed_up
from accounts.tests.factories import PASSWORD, a_user, closing, logged_in
from accounts.verification import token_for

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")


@pytest.fixture
def welcomes() -> Iterator[list[str]]:
    """The mailboxes that the signal named."""
    heard: list[str] = []

    def listen(sender: object, *, mailbox: str, **_: object) -> None:
        heard.append(mailbox)

    user_signed_up.connect(listen)
    yield heard
    user_signed_up.disconnect(listen)


def at_once(count: int, call: Callable[[int], T]) -> list[T]:
    """Return what `count` threads get who all call at the same moment."""
    barrier = threading.Barrier(count, timeout=30)

    def run(number: int) -> T:
        barrier.wait()
        return closing(lambda: call(number))

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def post(path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = APIClient().post(f"/api/v1/auth/{path}", body, format="json")
    return answer.status_code, answer.json()


def one_waits() -> bool:
    """Say whether another connection waits for a lock that this transaction holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])


def meanwhile(change: Callable[[], object], call: Callable[[], T]) -> T:
    """Return what the call returns that runs into a change, which is committed only once the call waits."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            change()
            called = pool.submit(closing, call)
            while not (one_waits() or called.done()):
                pass
        return called.result(timeout=30)


def test_a_refresh_overtaken_by_another_ends_the_session() -> None:
    ann = logged_in(a_user())
    status, body = meanwhile(
        lambda: Session.objects.update(current_jti=uuid.uuid4()),
        lambda: post("refresh", {"refresh_token": ann.refresh_token}),
    )
    assert (status, body["code"]) == (401, "token_reused")
    assert not Session.objects.live().exists()


def test_a_refresh_overtaken_by_a_log_out_gets_nothing() -> None:
    ann = logged_in(a_user())
    status, _ = meanwhile(
        lambda: Session.objects.update(revoked_at=timezone.now()),
        lambda: post("refresh", {"refresh_token": ann.refresh_token}),
    )
    assert status == 401


def test_a_sign_up_overtaken_by_another_is_a_login(welcomes: list[str]) -> None:
    status, body = meanwhile(
        lambda: User.objects.create_user("ann@example.com", PASSWORD),
        lambda: post("register", {"email": "ann@example.com", "password": PASSWORD}),
    )
    assert (status, body["user"]["email"]) == (201, "ann@example.com")
    assert welcomes == []


def test_a_sign_up_that_waits_for_a_mail_reads_alike_when_overtaken(
    settings: Settings,
) -> None:
    settings.EMAIL_VERIFICATION = "mandatory"
    status, body = meanwhile(
        lambda: User.objects.create_user("ann@example.com", PASSWORD),
        lambda: post("register", {"email": "ann@example.com", "password": PASSWORD}),
    )
    assert (status, set(body)) == (202, {"status", "message", "request_id"})


def test_of_many_refreshes_with_one_token_one_wins_and_the_session_ends() -> None:
    ann = logged_in(a_user())
    answers = at_once(8, lambda _: post("refresh", {"refresh_token": ann.refresh_token}))
    codes = Counter(body.get("code", "won") for _, body in answers)
    assert codes == {"won": 1, "token_reused": 7}
    assert not Session.objects.live().exists()
    (won,) = (body for status, body in answers if status == 200)
    status, body = post("refresh", {"refresh_token": won["refresh_token"]})
    assert (status, body["code"]) == (401, "invalid_token")


def test_of_many_sign_ups_with_one_address_all_get_in_and_one_is_welcomed(welcomes: list[str]) -> None:
    answers = at_once(8, lambda _: post("register", {"email": "ann@example.com", "password": PASSWORD}))
    assert Counter(status for status, _ in answers) == {201: 8}
    assert len({body["user"]["id"] for _, body in answers}) == 1
    assert User.objects.count() == 1
    assert welcomes == ["ann@example.com"]


def test_of_two_passwords_for_one_new_address_one_wins(welcomes: list[str]) -> None:
    answers = at_once(
        2, lambda n: post("register", {"email": "ann@example.com", "password": f"{PASSWORD} number {n}"})
    )
    assert sorted(status for status, _ in answers) == [201, 401]
    assert welcomes == ["ann@example.com"]


def test_of_many_verifications_with_one_token_one_wins(welcomes: list[str]) -> None:
    token = token_for(User.objects.create_user("ann@example.com", PASSWORD, is_active=False, opened_at=None))
    answers = at_once(6, lambda _: post("verify", {"token": token}))
    assert Counter(status for status, _ in answers) == {200: 1, 422: 5}
    assert welcomes == ["ann@example.com"]


def test_of_many_sign_ups_that_wait_for_a_mail_one_row_comes(settings: Settings) -> None:
    settings.EMAIL_VERIFICATION = "mandatory"
    answers = at_once(6, lambda _: post("register", {"email": "ann@example.com", "password": PASSWORD}))
    assert {status for status, _ in answers} == {202}
    assert User.objects.pending().count() == 1
