"""Ending a job before its end: what nobody works on is let go at once, what is in flight is settled."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from credits.models import Hold
from credits.services import adjust, charge, reverse
from credits.tasks import release_expired_holds
from credits.tests.factories import assert_sound, at_once, figures
from jobs import ids, services, sweeping, work
from jobs.models import Job
from jobs.tests.factories import ASINS, a_job, claimed, forget_lease, now, outcomes, rows, told, work_all

pytestmark = pytest.mark.django_db(transaction=True)


def cancel(client: APIClient, job: Job) -> object:
    """Cancel a job; the status of the answer."""
    return client.post(f"/api/v1/jobs/{ids.shown(job.pk)}/cancel").status_code


def test_a_job_that_nobody_has_begun_gives_everything_back_at_once(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:150])
    assert cancel(as_alice, job) == 200
    assert figures(alice) == (1_000, 0, 0)
    assert (now(job).status, now(job).released) == ("cancelled", 150)
    assert now(job).ended_at is not None
    assert work_all() == 0
    found = rows(as_alice, job)
    assert {one["outcome"] for one in found} == {"cancelled"}
    assert {one["status"] for one in found} == {"failed"}
    assert "cancelled" in found[0]["reason"]
    assert told(as_alice, job)["outcomes"] == {"cancelled": 150}


def test_what_is_in_flight_is_settled_by_what_was_delivered(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:250])
    flying = claimed(job)
    assert cancel(as_alice, job) == 200
    assert figures(alice) == (1_000, 100, 0)
    assert now(job).ended_at is None
    work.run(flying)
    assert figures(alice) == (900, 0, 0)
    assert (now(job).captured, now(job).ended_at is not None) == (100, True)
    assert outcomes(job) == ["delivered"] * 100 + [""] * 150
    assert told(as_alice, job)["outcomes"] == {"delivered": 100, "cancelled": 150}
    assert_sound()


def test_what_was_delivered_before_stays_paid(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:250])
    work.run(claimed(job))
    cancel(as_alice, job)
    assert figures(alice) == (900, 0, 0)
    assert_sound()


def test_a_worker_that_dies_in_flight_holds_nothing_back_for_long(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:150])
    claimed(job)
    cancel(as_alice, job)
    forget_lease()
    sweeping.end_overdue()
    assert figures(alice) == (1_000, 0, 0)
    assert now(job).ended_at is not None
    assert_sound()


@pytest.mark.parametrize("turn", range(5))
def test_cancelling_while_chunks_are_settled_is_exact(as_alice: APIClient, alice: User, turn: int) -> None:
    job = a_job(as_alice, ASINS[:900])
    at_once(work_all, work_all, work_all, lambda: services.cancel(job.pk, user=alice))
    work_all()
    ended = now(job)
    delivered = outcomes(job).count("delivered")
    assert ended.ended_at is not None
    assert ended.captured == delivered
    assert figures(alice) == (1_000 - delivered, 0, 0)
    assert not Hold.objects.open().exists()
    assert_sound()


def test_cancelling_twice_is_cancelling_once(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:10])
    assert [cancel(as_alice, job), cancel(as_alice, job)] == [200, 200]
    assert figures(alice) == (1_000, 0, 0)


def test_a_job_that_is_done_cannot_be_cancelled(as_alice: APIClient) -> None:
    job = a_job(as_alice, ASINS[:10])
    work_all()
    answer = as_alice.post(f"/api/v1/jobs/{ids.shown(job.pk)}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "job_has_ended")


def test_a_job_whose_time_has_run_out_ends_and_gives_the_rest_back(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:150])
    work.run(claimed(job))
    Job.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert work_all() == 0
    sweeping.end_overdue()
    assert figures(alice) == (900, 0, 0)
    assert (now(job).status, now(job).is_expired) == ("cancelled", True)
    assert told(as_alice, job)["outcomes"] == {"delivered": 100, "expired": 50}
    assert "time ran out" in rows(as_alice, job)[149]["reason"]


def test_a_hold_that_somebody_ended_ends_the_job_and_nothing_is_delivered_for_nothing(
    as_alice: APIClient, alice: User
) -> None:
    job = a_job(as_alice, ASINS[:150])
    mine = claimed(job)
    Hold.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    release_expired_holds()
    work.run(mine)
    assert set(outcomes(job)) == {""}
    assert figures(alice) == (1_000, 0, 0)
    assert now(job).ended_at is not None
    assert_sound()


def test_what_is_in_flight_of_a_wallet_that_owes_is_paid_and_the_rest_is_owed(
    as_alice: APIClient, alice: User
) -> None:
    job = a_job(as_alice, ASINS[:200])
    flying = claimed(job)
    charge(alice, 800, operation="product.lookup", key="chg_all_there_was")
    reverse(alice, 500, operation="dispute", key="rev_1")
    cancel(as_alice, job)
    work.run(flying)
    assert figures(alice) == (0, 0, 400)
    assert outcomes(job) == ["delivered"] * 100 + [""] * 100
    assert now(job).ended_at is not None
    assert_sound()


def test_an_adjustment_meanwhile_never_reaches_into_what_is_held(as_alice: APIClient, alice: User) -> None:
    a_job(as_alice, ASINS[:200])
    adjust(alice, -800, reason="test", actor="test", key="adj_1")
    work_all()
    assert figures(alice) == (0, 0, 0)
    assert_sound()
