"""Trying again what failed, and only that."""

from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.authentication import Credential
from accounts.models import User
from credits.tests.factories import assert_sound, at_once, figures
from jobs import ids, services, work
from jobs.errors import JobStillRuns
from jobs.models import Job
from jobs.tests.factories import (
    ASINS,
    FAILING,
    UNKNOWN,
    a_job,
    claimed,
    forget_lease,
    now,
    outcomes,
    rows,
    told,
    work_all,
    work_to_the_end,
)
from products.tests.factories import give

pytestmark = pytest.mark.django_db(transaction=True)


def retry(client: APIClient, job: Job) -> tuple[int, str]:
    """Have a job's failed rows tried again; status and code of the answer."""
    answer = client.post(f"/api/v1/jobs/{ids.shown(job.pk)}/retry-failed")
    return answer.status_code, answer.json().get("code", "")


def test_only_what_failed_goes_upstream_again(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, [ASINS[0], FAILING, UNKNOWN, "nonsense", FAILING])
    work_to_the_end()
    assert retry(as_alice, job) == (202, "")
    assert figures(alice) == (999, 1, 0)
    assert told(as_alice, job)["statuses"] == {"pending": 2, "running": 0, "done": 1, "failed": 2}
    assert [row.code for row in claimed(job).rows] == [FAILING]


def test_after_a_cancellation_the_rest_is_answered(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:150])
    work.run(claimed(job))
    as_alice.post(f"/api/v1/jobs/{ids.shown(job.pk)}/cancel")
    assert retry(as_alice, job) == (202, "")
    work_all()
    assert outcomes(job) == ["delivered"] * 150
    assert figures(alice) == (850, 0, 0)
    assert (now(job).status, now(job).captured, now(job).round) == ("done", 150, 2)
    assert told(as_alice, job)["outcomes"] == {"delivered": 150}
    assert_sound()


def test_rows_that_were_not_affordable_are_answered_once_there_are_credits(
    as_bob: APIClient, bob: User
) -> None:
    give(bob, 2)
    job = a_job(as_bob, ASINS[:5], on_insufficient="partial")
    work_all()
    assert retry(as_bob, job) == (402, "insufficient_credits")
    assert told(as_bob, job)["outcomes"] == {"delivered": 2, "unaffordable": 3}
    give(bob, 3)
    assert retry(as_bob, job) == (202, "")
    work_all()
    assert {one["outcome"] for one in rows(as_bob, job)} == {"delivered"}
    assert figures(bob) == (0, 0, 0)
    assert told(as_bob, job)["credits"] == {"quoted": 5, "held": 0, "captured": 5, "released": 0}
    assert_sound()


def test_of_two_who_ask_for_another_try_at_once_one_is_told_that_it_runs(
    as_alice: APIClient, alice: User
) -> None:
    job = a_job(as_alice, ASINS[:10])
    services.cancel(job.pk, user=alice)
    by = Credential(kind="session", id=uuid4())
    found = at_once(*[lambda: services.retry_failed(job.pk, user=alice, credential=by) for _ in range(4)])
    assert sum(isinstance(one, JobStillRuns) for one in found) == 3
    assert figures(alice) == (1_000, 10, 0)


def test_a_worker_of_a_former_round_settles_nothing_of_a_new_one(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:10])
    lost = claimed(job)
    found = work.find(lost)
    forget_lease()
    services.cancel(job.pk, user=alice)
    assert retry(as_alice, job) == (202, "")
    assert work.settle(lost, found) is False
    new = claimed(job)
    assert work.settle(lost, found) is False
    assert work.settle(new, work.find(new)) is True
    assert figures(alice) == (990, 0, 0)
    assert_sound()


@pytest.mark.parametrize("call", ["cancel", "retry-failed"])
def test_a_call_repeated_under_its_key_is_answered_as_the_first_time(
    as_alice: APIClient, alice: User, call: str
) -> None:
    job = a_job(as_alice, ASINS[:10])
    path = f"/api/v1/jobs/{ids.shown(job.pk)}"
    if call == "retry-failed":
        as_alice.post(f"{path}/cancel")
    answers = [as_alice.post(f"{path}/{call}", headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert answers[0].status_code in (200, 202)
    assert answers[0].json()["data"] == answers[1].json()["data"]
    assert answers[1]["Idempotent-Replayed"] == "true"


def test_a_job_that_still_runs_is_not_tried_again(as_alice: APIClient) -> None:
    assert retry(as_alice, a_job(as_alice, ASINS[:5])) == (409, "job_still_runs")


def test_where_nothing_failed_there_is_nothing_to_try(as_alice: APIClient) -> None:
    job = a_job(as_alice, [ASINS[0], UNKNOWN, "nonsense"])
    work_all()
    assert retry(as_alice, job) == (409, "nothing_to_retry")
    assert now(job).status == "done"


def test_tried_again_again_it_can_fail_again(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, [FAILING, ASINS[0]])
    for number in range(3):
        work_to_the_end()
        assert told(as_alice, job)["outcomes"] == {"failed": 1, "delivered": 1}, number
        assert retry(as_alice, job) == (202, "")
    work_to_the_end()
    assert figures(alice) == (999, 0, 0)
    assert_sound()
