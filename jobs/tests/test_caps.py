"""Jobs that were sent with a capped key: however the cap is changed meanwhile, the job can be ended."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import APIKey, User
from accounts.tests.factories import bearing, key_of
from credits.caps import remove_cap, set_cap
from credits.tests.factories import assert_sound, at_once, cap_of, figures
from jobs import ids, sweeping, work
from jobs.models import Job
from jobs.tests.factories import ASINS, a_job, bulk, claimed, forget_lease, now, outcomes, work_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def capped(alice: User) -> tuple[APIKey, APIClient]:
    """A key of Alice's that may spend 500 credits a day, and its program."""
    key, secret = key_of(alice, has_cap=True)
    set_cap(key.pk, limit=500, period="day")
    return key, bearing(secret)


def lower(cap: UUID) -> None:
    """Allow hardly anything any more."""
    set_cap(cap, limit=10, period="day")


CHANGES = [lower, remove_cap]


@pytest.mark.parametrize("change", CHANGES)
def test_a_job_in_flight_can_be_cancelled_whatever_its_cap_allows_by_now(
    capped: tuple[APIKey, APIClient], as_alice: APIClient, alice: User, change: Callable[[UUID], object]
) -> None:
    key, client = capped
    job = a_job(client, ASINS[:250])
    flying = claimed(job)
    change(key.pk)
    answer = as_alice.post(f"/api/v1/jobs/{ids.shown(job.pk)}/cancel")
    assert answer.status_code == 200
    work.run(flying)
    assert now(job).ended_at is not None
    assert figures(alice)[1] == 0
    assert now(job).captured == outcomes(job).count("delivered")
    assert_sound()


@pytest.mark.parametrize("change", CHANGES)
def test_a_job_whose_time_is_over_ends_whatever_its_cap_allows_by_now(
    capped: tuple[APIKey, APIClient], alice: User, change: Callable[[UUID], object]
) -> None:
    key, client = capped
    job = a_job(client, ASINS[:250])
    claimed(job)
    change(key.pk)
    Job.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    sweeping.end_overdue()
    forget_lease()
    sweeping.end_overdue()
    assert now(job).ended_at is not None
    assert figures(alice)[1] == 0
    assert_sound()


def test_what_a_cancelled_job_lets_go_can_be_spent_with_its_key_again(
    capped: tuple[APIKey, APIClient],
) -> None:
    key, client = capped
    job = a_job(client, ASINS[:500])
    work.run(claimed(job))
    claimed(job)
    client.post(f"/api/v1/jobs/{ids.shown(job.pk)}/cancel")
    assert cap_of(key.pk).spent == 200


def test_jobs_that_come_at_once_are_each_taken_as_far_as_the_cap_reaches(
    capped: tuple[APIKey, APIClient],
) -> None:
    key, client = capped
    set_cap(key.pk, limit=15, period="day")
    answers = at_once(*[lambda: bulk(client, ASINS[:10], on_insufficient="partial") for _ in range(3)])
    assert [one.status_code for one in answers] == [202] * 3
    assert cap_of(key.pk).spent == 15
    assert_sound()


def test_another_round_counts_against_the_cap_of_the_key_that_asks_for_it(
    capped: tuple[APIKey, APIClient], as_alice: APIClient
) -> None:
    key, client = capped
    job = a_job(as_alice, ASINS[:600])
    path = f"/api/v1/jobs/{ids.shown(job.pk)}"
    as_alice.post(f"{path}/cancel")
    answer = client.post(f"{path}/retry-failed")
    assert (answer.status_code, answer.json()["code"]) == (403, "key_cap_reached")
    assert now(job).status == "cancelled"
    set_cap(key.pk, limit=700, period="day")
    assert client.post(f"{path}/retry-failed").status_code == 202
    work_all()
    assert (cap_of(key.pk).spent, now(job).captured) == (600, 600)
    assert_sound()
