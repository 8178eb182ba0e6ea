"""Idempotency-Key before views of every kind: that demand one, stream, fail, or are not for everyone."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, ClassVar

import pytest
from django.db import OperationalError, connection
from django.http import StreamingHttpResponse
from django.urls import include, path
from pytest_django import Settings
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from accounts.models import User
from accounts.tests.factories import bearing, closing, key_of
from api.ids import charge_key
from api.models import IdempotentRequest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.test_idempotency_views")]
DONE: list[str] = []  # the ledger key of each time that a view did its work
GATE = threading.Event()
ALLOWED = threading.Event()


class Admitted(BasePermission):
    """Lets in while ALLOWED is set."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return ALLOWED.is_set()


class Work(APIView):
    """Does what `how` of the body says."""

    permission_classes = (IsAuthenticated, Admitted)
    requires_idempotency_key: ClassVar[bool] = False

    def post(self, request: Request) -> Any:
        DONE.append(charge_key(request))
        body: Any = request.data
        how = body.get("how", "")
        if how == "wait after the first" and len(DONE) == 1:
            raise RuntimeError
        if how.startswith("wait"):
            assert connection.connection is None
            assert GATE.wait(30)
        if how == "stream":
            return StreamingHttpResponse([b"a", b"b"])
        if how == "break":
            raise RuntimeError
        if how == "lose the database":
            raise OperationalError("gone")
        if how == "nothing":
            return Response(status=204)
        return Response({"done": len(DONE)}, status=201, headers={"Location": "/x", "ETag": '"1"'})


class Payment(Work):
    """Moves money."""

    requires_idempotency_key = True


urlpatterns = [
    path("api/v1/work", Work.as_view()),
    path("api/v1/payment", Payment.as_view()),
    path("", include("config.urls")),
]
handler500 = "config.errors.server_error"


@pytest.fixture(autouse=True)
def beginning() -> Iterator[None]:
    """Nothing is done yet, and everyone may do it."""
    DONE.clear()
    GATE.clear()
    ALLOWED.set()
    yield
    GATE.set()


def post(client: APIClient, how: str = "", *, path: str = "work", key: str | None = "k-1") -> Any:
    headers = {} if key is None else {"idempotency-key": key}
    return client.post(f"/api/v1/{path}", {"how": how}, format="json", headers=headers)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_where_money_moves_a_key_is_demanded(program: APIClient) -> None:
    assert code(post(program, path="payment", key=None)) == (400, "idempotency_key_missing")
    assert code(post(program, path="payment", key="")) == (400, "invalid_idempotency_key")
    assert code(post(APIClient(), path="payment", key=None)) == (401, "authentication_required")
    assert not DONE
    assert post(program, path="payment").status_code == 201
    assert post(program, path="payment").headers["Idempotent-Replayed"] == "true"
    assert len(DONE) == 1


def test_status_and_headers_are_those_of_the_first_answer(program: APIClient) -> None:
    post(program)
    again = post(program)
    assert (again.status_code, again.headers["Location"], again.headers["ETag"]) == (201, "/x", '"1"')
    empty = [post(program, "nothing", key="k-2") for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in empty] == [(204, b"")] * 2
    assert len(DONE) == 2


def test_while_the_first_is_under_way_the_second_is_told_to_wait(program: APIClient, alice: User) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(closing, lambda: post(program, "wait"))
        until(lambda: bool(DONE), first)
        other = bearing(key_of(alice)[1])
        second = post(other, "wait")
        assert code(second) == (409, "idempotency_in_progress")
        assert (second.headers["Retry-After"], second.json()["retry_after"]) == ("1", 1)
        assert code(post(other, "")) == (422, "idempotency_mismatch")
        GATE.set()
        assert first.result(30).status_code == 201
    assert post(program, "wait").headers["Idempotent-Replayed"] == "true"
    assert len(DONE) == 1


def test_a_stream_is_not_kept_but_pays_under_one_name(program: APIClient) -> None:
    for _ in range(2):
        assert b"".join(post(program, "stream").streaming_content) == b"ab"
    assert len(DONE) == 2
    assert len(set(DONE)) == 1


@pytest.mark.parametrize(
    ("how", "failure"),
    [("break", (500, "internal_error")), ("lose the database", (503, "service_unavailable"))],
)
def test_after_a_failure_of_ours_the_next_attempt_pays_under_the_same_name(
    program: APIClient, how: str, failure: tuple[int, str]
) -> None:
    for _ in range(2):
        assert code(post(program, how)) == failure
    assert len(DONE) == 2
    assert len(set(DONE)) == 1
    assert code(post(program, "")) == (422, "idempotency_mismatch")


def test_whoever_may_not_call_gets_no_kept_answer(program: APIClient) -> None:
    post(program)
    ALLOWED.clear()
    assert code(post(program)) == (403, "permission_denied")
    assert code(post(program, key="k-2")) == (403, "permission_denied")
    assert IdempotentRequest.objects.count() == 1
    ALLOWED.set()
    assert post(program).headers["Idempotent-Replayed"] == "true"
    assert len(DONE) == 1


def test_an_attempt_past_its_time_is_taken_over_and_both_pay_under_one_name(
    program: APIClient, alice: User, settings: Settings
) -> None:
    settings.IDEMPOTENCY_LEASE_SECONDS = 0
    key = key_of(alice)[1]
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(closing, lambda: post(program, "wait"))
        until(lambda: len(DONE) == 1, slow)
        over = pool.submit(closing, lambda: post(bearing(key), "wait"))
        until(lambda: len(DONE) == 2, over)
        GATE.set()
        answers = [slow.result(30), over.result(30)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len(set(DONE)) == 1
    assert post(program, "wait").content == answers[1].content


def test_of_many_who_would_take_over_one_does(alice: User) -> None:
    key = key_of(alice)[1]
    barrier = threading.Barrier(12, timeout=30)
    post(bearing(key), "wait after the first")

    def attempt(_: int) -> Any:
        barrier.wait()
        return closing(lambda: post(bearing(key), "wait after the first"))

    with ThreadPoolExecutor(12) as pool:
        pending = [pool.submit(attempt, number) for number in range(12)]
        until(lambda: sum(one.done() for one in pending) == 11, *pending)
        GATE.set()
        codes = sorted(one.result(30).status_code for one in pending)
    assert codes == [201] + [409] * 11
    assert len(DONE) == 2
    assert len(set(DONE)) == 1


def until(condition: Callable[[], bool], *calls: Future[Any]) -> None:
    """Return when the condition holds; fail when the calls that should bring it about have all ended."""
    while not condition():
        wait(calls, timeout=0.01)
        ended = [call.result() for call in calls if call.done()]
        assert len(ended) < len(calls) or condition(), ended
