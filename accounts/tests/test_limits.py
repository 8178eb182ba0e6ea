"""How often signing up and logging in may be tried, with Redis and without."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth import authenticate
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import limits
from accounts.errors import RateLimited
from accounts.models import User
from accounts.tests.factories import PASSWORD, a_user

pytestmark = pytest.mark.django_db
WRONG = "not the password"
LOGIN = "/api/v1/auth/login"
REGISTER = "/api/v1/auth/register"


@pytest.fixture(autouse=True)
def few(settings: Settings) -> Iterator[None]:
    """Limits that a test reaches, and a clock that stands still, so that no period ends meanwhile."""
    settings.RATE_LIMITS = {
        "auth.register": {"ip": "5/h", "email": "3/h"},
        "auth.login": {"ip": "6/h", "email": "3/h"},
    }
    with time_machine.travel(datetime.now(UTC), tick=False):
        yield


def log_in(api: APIClient, email: str = "ann@example.com", password: str = WRONG, **more: Any) -> Any:
    return api.post(LOGIN, {"email": email, "password": password}, format="json", **more)


def register(api: APIClient, email: str, **more: Any) -> Any:
    return api.post(REGISTER, {"email": email, "password": PASSWORD}, format="json", **more)


def statuses(answers: list[Any]) -> list[int]:
    return [answer.status_code for answer in answers]


def test_guessing_at_one_address_ends_from_wherever_it_comes(api: APIClient) -> None:
    answers = [log_in(api, REMOTE_ADDR=f"192.0.2.{n}") for n in range(5)]
    assert statuses(answers) == [401, 401, 401, 429, 429]


def test_the_refusal_says_when_to_come_back(api: APIClient) -> None:
    refused = [log_in(api) for _ in range(4)][-1]
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(refused["Retry-After"]) <= 3600


def test_unknown_addresses_are_limited_as_known_ones_are(api: APIClient) -> None:
    a_user(email="ann@example.com")
    for email in "ann@example.com", "nobody@example.com":
        answers = [log_in(api, email, REMOTE_ADDR="192.0.2.1") for _ in range(3)]
        assert statuses(answers) == [401] * 3
    for email in "ann@example.com", "nobody@example.com":
        assert log_in(api, email, REMOTE_ADDR="192.0.2.2").status_code == 429


def test_the_right_password_is_refused_too_once_there_was_too_much_guessing(api: APIClient) -> None:
    a_user(email="ann@example.com")
    for _ in range(3):
        log_in(api)
    assert log_in(api, password=PASSWORD).status_code == 429


def test_logging_in_rightly_does_not_use_up_the_address(api: APIClient) -> None:
    a_user(email="ann@example.com")
    answers = [log_in(api, password=PASSWORD, REMOTE_ADDR=f"192.0.2.{n}") for n in range(8)]
    assert statuses(answers) == [200] * 8


def test_spellings_of_one_mailbox_count_together(api: APIClient) -> None:
    spellings = ["ann@gmail.com", "a.nn+1@gmail.com", " ANN@googlemail.com", "an.n@gmail.com"]
    assert statuses([log_in(api, email) for email in spellings]) == [401, 401, 401, 429]


def test_one_client_is_limited_over_all_addresses(api: APIClient) -> None:
    answers = [log_in(api, f"ann{n}@example.com", REMOTE_ADDR="192.0.2.1") for n in range(8)]
    assert statuses(answers) == [401] * 6 + [429] * 2
    assert log_in(api, "other@example.com", REMOTE_ADDR="192.0.2.2").status_code == 401


def test_one_network_of_ipv6_counts_as_one_client(api: APIClient) -> None:
    answers = [log_in(api, f"ann{n}@example.com", REMOTE_ADDR=f"2001:db8:1:2::{n}") for n in range(7)]
    assert statuses(answers) == [401] * 6 + [429]
    assert log_in(api, "x@example.com", REMOTE_ADDR="2001:db8:1:3::1").status_code == 401


@pytest.mark.parametrize(
    "header",
    ["HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_TRUE_CLIENT_IP", "HTTP_CLIENT_IP"],
)
def test_no_header_of_the_clients_own_gets_around_the_limit(api: APIClient, header: str) -> None:
    answers = [log_in(api, f"ann{n}@example.com", **{header: f"198.51.100.{n}"}) for n in range(7)]
    assert statuses(answers)[-1] == 429


def test_signing_up_is_limited_by_client_and_by_mailbox(api: APIClient) -> None:
    by_mailbox = [register(api, f"ann+{n}@example.com", REMOTE_ADDR=f"192.0.2.{n}") for n in range(4)]
    assert statuses(by_mailbox) == [201, 201, 201, 429]
    by_client = [register(api, f"ben{n}@example.com", REMOTE_ADDR="192.0.2.99") for n in range(6)]
    assert statuses(by_client) == [201] * 5 + [429]
    assert User.objects.count() == 8


def test_signing_up_and_logging_in_are_counted_apart(api: APIClient) -> None:
    for _ in range(4):
        log_in(api)
    assert register(api, "ann@example.com").status_code == 201


def test_input_that_is_not_valid_is_not_counted(api: APIClient) -> None:
    answers = [api.post(LOGIN, {"email": "ann@example.com"}, format="json") for _ in range(9)]
    assert statuses(answers) == [422] * 9
    assert log_in(api).status_code == 401


@pytest.mark.usefixtures("redis_away")
def test_without_redis_the_limit_holds_in_this_process(api: APIClient) -> None:
    a_user(email="ben@example.com")
    assert statuses([log_in(api) for _ in range(5)]) == [401, 401, 401, 429, 429]
    assert log_in(api, "ben@example.com", PASSWORD).status_code == 200


def test_when_redis_goes_away_nobody_is_shut_out_by_it(
    api: APIClient, request: pytest.FixtureRequest
) -> None:
    assert statuses([log_in(api) for _ in range(2)]) == [401, 401]
    request.getfixturevalue("redis_away")
    assert statuses([log_in(api) for _ in range(4)]) == [401, 401, 401, 429]


def test_a_command_without_an_address_is_limited_by_mailbox_only() -> None:
    for n in range(9):
        limits.spend("auth.login", address="", email=f"ann{n}@example.com")
    for _ in range(3):
        limits.spend("auth.login", address="", email="ann@example.com")
    with pytest.raises(RateLimited):
        limits.spend("auth.login", address="", email="ann@example.com")


def test_where_no_number_is_set_nothing_is_limited(settings: Settings) -> None:
    settings.RATE_LIMITS = {"auth.login": {}}
    for _ in range(50):
        limits.spend("auth.login", address="192.0.2.1", email="ann@example.com")
    limits.forgive("auth.login", email="ann@example.com")


def test_the_form_of_the_admin_is_limited_alike(rf: Any) -> None:
    a_user(email="ann@example.com", is_staff=True)
    request = rf.post("/admin/login/")
    for _ in range(3):
        assert authenticate(request, username="ann@example.com", password="wrong") is None
    assert authenticate(request, username="ann@example.com", password=PASSWORD) is None
