"""No password, token or key is seen in a representation, a log, an exception, the database or the cache."""

import logging
import traceback
from typing import Any

import pytest
from django.db import connection
from django.views.debug import SafeExceptionReporterFilter
from django_redis import get_redis_connection
from psycopg.sql import SQL, Identifier
from rest_framework.test import APIClient

from accounts import keys, services
from accounts.errors import AccountsError
from accounts.models import AuditEvent
from accounts.tests.factories import PASSWORD, a_user, bearing, key_of, logged_in
from accounts.tokens import issue

pytestmark = pytest.mark.django_db
ME = "/api/v1/auth/me"


def test_nothing_that_holds_a_secret_shows_it() -> None:
    user = a_user()
    ann, pair, new = logged_in(user), issue(user, user.pk), keys.generate()
    shown = repr(ann) + str(ann) + repr(pair) + repr(new)
    for secret in ann.access_token, ann.refresh_token, pair.access, pair.refresh, new.plaintext:
        assert secret not in shown


def test_no_log_line_holds_a_secret(caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    caplog.set_level(logging.DEBUG)
    api = APIClient()
    credentials = {"email": "ann@example.com", "password": PASSWORD}
    body = api.post("/api/v1/auth/register", credentials, format="json").json()
    api.post("/api/v1/auth/login", {**credentials, "password": "another secret"}, format="json")
    refreshed = api.post("/api/v1/auth/refresh", {"refresh_token": body["refresh_token"]}, format="json")
    _, key = key_of(a_user())
    for credential in body["access_token"], body["access_token"] + "x", key, key[:-1] + "~":
        bearing(credential).get(ME)
        api.get(ME, HTTP_X_API_KEY=credential)
    out, err = capfd.readouterr()
    logged = caplog.text + out + err
    assert "auth/me" in logged
    for secret in PASSWORD, "another secret", body["access_token"], body["refresh_token"], key, key[19:]:
        assert secret not in logged
    assert refreshed.json()["access_token"] not in logged


@pytest.mark.parametrize("damage", ["", "x", "."])
def test_no_exception_holds_a_secret(damage: str) -> None:
    ann = logged_in(a_user())
    password = PASSWORD[::-1]  # not spelled out: a traceback quotes the lines of this test
    calls: list[Any] = [
        lambda: services.refresh(refresh_token=ann.access_token + damage),
        lambda: services.log_in(email=ann.user.email, password=password),
    ]
    for call in calls:
        with pytest.raises(AccountsError) as caught:
            call()
        text = "".join(traceback.format_exception(caught.value))
        assert password not in text
        assert ann.access_token not in text


def test_the_verbs_hide_their_secrets_from_reports_of_failures() -> None:
    frames = []
    try:
        services.log_in(email="nobody@example.com", password="the wrong password")
    except AccountsError as error:
        trace = error.__traceback__
        while trace:
            frames.append(trace.tb_frame)
            trace = trace.tb_next
    reporter = SafeExceptionReporterFilter()
    reporter.is_active = lambda request: True  # type: ignore[method-assign]
    for frame in frames:
        if frame.f_code.co_name in {"log_in", "proven_user"}:
            assert (
                dict(reporter.get_traceback_frame_variables(None, frame))["password"]
                == reporter.cleansed_substitute
            )


def test_neither_database_nor_cache_holds_a_token_or_a_key() -> None:
    user = a_user()
    ann, (_, key) = logged_in(user), key_of(user)
    for credential in ann.access_token, key:
        assert bearing(credential).get(ME).status_code == 200
    redis = get_redis_connection("default")
    kept = b"".join(
        bytes(name) + bytes(redis.get(name) or b"")
        for name in redis.scan_iter("*")
        if redis.type(name) == b"string"
    )
    with connection.cursor() as cursor:
        for table in "accounts_user", "accounts_session", "accounts_apikey", "accounts_auditevent":
            cursor.execute(SQL("SELECT t::text FROM {} t").format(Identifier(table)))
            kept += "".join(row[0] for row in cursor.fetchall()).encode()
    for secret in ann.access_token, ann.refresh_token, key, key[19:], PASSWORD:
        assert secret.encode() not in kept
    assert redis.get(f"pallet:principal:session:{ann.session_id}")


def test_the_record_holds_no_secret() -> None:
    user = a_user()
    services.change_password(user=user, password="a new good password")
    _, key = key_of(user)
    record = str(list(AuditEvent.objects.values()))
    assert "a new good password" not in record
    assert key[19:] not in record
