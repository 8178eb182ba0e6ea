"""A closed account, a new password, a log-out: all tokens end everywhere at once, and without a cache too."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django_redis import get_redis_connection
from pytest_django import DjangoAssertNumQueries

from accounts import services, sessions
from accounts.authentication import authenticate
from accounts.caching import outage
from accounts.facts import REMEMBERED_SECONDS
from accounts.models import AuditEvent, Session, User
from accounts.sessions import SignedIn
from accounts.tests.factories import PASSWORD, a_user, bearing, key_of, logged_in

pytestmark = pytest.mark.django_db
ME = "/api/v1/auth/me"


@pytest.fixture
def ann() -> SignedIn:
    """Ann, logged in, and remembered."""
    signed_in = logged_in(a_user())
    assert bearing(signed_in.access_token).get(ME).status_code == 200
    return signed_in


def new_password(user: User) -> None:
    services.change_password(user=user, password="another good password")


def disable(user: User) -> None:
    services.disable_user(user=user)


def disable_and_enable(user: User) -> None:
    services.disable_user(user=user)
    services.enable_user(user=user)


def end_sessions(user: User) -> None:
    services.end_sessions(user=user)


@pytest.mark.parametrize("act", [new_password, disable, disable_and_enable, end_sessions])
def test_all_tokens_end_at_once(ann: SignedIn, act: Callable[[User], None]) -> None:
    other = logged_in(ann.user)
    act(ann.user)
    for signed_in in ann, other:
        assert bearing(signed_in.access_token).get(ME).json()["code"] == "invalid_token"
        refreshed = bearing("").post(
            "/api/v1/auth/refresh", {"refresh_token": signed_in.refresh_token}, format="json"
        )
        assert (refreshed.status_code, refreshed.json()["code"]) == (401, "invalid_token")
    assert not Session.objects.live().exists()


def test_after_a_change_of_password_the_new_one_is_good_and_the_old_is_not(ann: SignedIn) -> None:
    new_password(ann.user)
    log_in = [
        bearing("").post("/api/v1/auth/login", {"email": ann.user.email, "password": password}, format="json")
        for password in (PASSWORD, "another good password")
    ]
    assert [answer.status_code for answer in log_in] == [401, 200]
    assert bearing(log_in[1].json()["access_token"]).get(ME).status_code == 200


def test_a_password_changed_behind_our_back_ends_tokens_as_soon_as_they_are_forgotten(ann: SignedIn) -> None:
    ann.user.set_password("another good password")
    ann.user.save()
    cache.clear()  # what REMEMBERED_SECONDS do by themselves
    assert bearing(ann.access_token).get(ME).status_code == 401


def test_an_account_closed_behind_our_back_ends_as_soon_as_it_is_forgotten(ann: SignedIn) -> None:
    User.objects.update(is_active=False)
    cache.clear()
    assert bearing(ann.access_token).get(ME).json()["detail"] == "This account is disabled."


def test_nothing_is_remembered_for_five_seconds(ann: SignedIn) -> None:
    assert REMEMBERED_SECONDS < 5
    name = f"pallet:principal:session:{ann.session_id}"
    assert 0 < get_redis_connection("default").pttl(name) <= REMEMBERED_SECONDS * 1000


def test_a_login_under_way_while_the_password_changes_is_worth_nothing() -> None:
    user = a_user()
    before = User.objects.get(pk=user.pk)
    new_password(user)
    late = sessions.begin(before, services.NOWHERE)
    assert bearing(late.access_token).get(ME).status_code == 401


def test_a_remembered_caller_needs_no_query(
    ann: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = bearing(ann.access_token).get(ME)
    assert answer.json()["user"]["email"] == ann.user.email


def test_a_forgotten_caller_needs_one_query(
    ann: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    cache.clear()
    with django_assert_num_queries(1):
        assert bearing(ann.access_token).get(ME).status_code == 200


@pytest.mark.usefixtures("redis_away")
def test_without_the_cache_the_database_is_asked(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    user = a_user()
    ann, (_, key) = logged_in(user), key_of(user)
    for credential in ann.access_token, key:
        client = bearing(credential)
        assert client.get(ME).status_code == 200
        with django_assert_num_queries(1):
            assert client.get(ME).status_code == 200
    services.disable_user(user=user)
    assert bearing(ann.access_token).get(ME).status_code == 401


def test_a_remembered_user_loads_the_rest_when_it_is_read(ann: SignedIn) -> None:
    found = authenticate(f"Bearer {ann.access_token}", "")
    assert found
    user = found[0]
    assert user == ann.user
    assert user.get_deferred_fields() >= {"password", "mailbox", "is_superuser"}
    assert user.mailbox == ann.user.mailbox
    assert (user.is_active, user.is_staff, user.date_joined) == (True, False, ann.user.date_joined)


@pytest.mark.parametrize(
    ("act", "action"),
    [
        (new_password, "user:change_password"),
        (disable, "user:disable"),
        (disable_and_enable, "user:enable"),
        (end_sessions, "user:end_sessions"),
    ],
)
def test_the_act_is_noted(ann: SignedIn, act: Callable[[User], None], action: str) -> None:
    act(ann.user)
    assert AuditEvent.objects.filter(action=action, target=f"user:{ann.user.pk}").count() == 1


@pytest.mark.parametrize("facts", [b"garbage", b"{}", b"[]", b"null", b'{"user": [1, 2]}', b"\xff"])
def test_facts_in_another_form_are_asked_for_again(ann: SignedIn, facts: bytes) -> None:
    get_redis_connection("default").set(f"pallet:principal:session:{ann.session_id}", facts)
    assert bearing(ann.access_token).get(ME).json()["user"]["email"] == ann.user.email
    assert not outage.is_on(), "Redis answered; that it held nonsense is no reason to do without it"
