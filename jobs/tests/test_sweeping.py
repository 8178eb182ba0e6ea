"""What nobody came back to: jobs out of time, and old results."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from credits.tests.factories import at_once, figures, until, waiting_for_locks
from jobs import ending, ids, sweeping
from jobs.models import Job, JobChunk, JobItem
from jobs.tasks import prune_jobs, sweep_stalled
from jobs.tests.factories import ASINS, a_job, now, work_all

pytestmark = pytest.mark.django_db(transaction=True)


def let_pass(job: Job, days: float) -> None:
    """Let so many days have gone by since a job has ended."""
    Job.objects.filter(pk=job.pk).update(ended_at=timezone.now() - timedelta(days=days))


def test_a_job_that_cannot_be_ended_stands_in_no_others_way(
    as_alice: APIClient, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, other = (a_job(as_alice, ASINS[:10]) for _ in range(2))
    Job.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    def breaking(job: Any) -> None:
        if job == stuck.pk:
            raise ZeroDivisionError
        ending.expire(job)

    monkeypatch.setattr(sweeping, "expire", breaking)
    sweep_stalled()
    assert (now(stuck).ended_at is None, now(other).ended_at is None) == (True, False)
    assert figures(alice) == (1_000, 10, 0)


def test_old_results_are_deleted_and_newer_ones_stay(as_alice: APIClient) -> None:
    old, new, running = (a_job(as_alice, ASINS[:150]) for _ in range(3))
    Job.objects.filter(pk=running.pk).update(created_at=timezone.now() - timedelta(days=40))
    for job in (old, new):
        as_alice.post(f"/api/v1/jobs/{ids.shown(job.pk)}/cancel")
    let_pass(old, 30.1)
    let_pass(new, 29.9)
    assert prune_jobs() == 1
    assert set(Job.objects.values_list("pk", flat=True)) == {new.pk, running.pk}
    assert JobItem.objects.count() == 300
    assert JobChunk.objects.count() == 4
    assert as_alice.get(f"/api/v1/jobs/{ids.shown(old.pk)}/results").status_code == 404


def test_what_was_taken_for_a_job_stays_in_the_ledger_when_its_results_are_gone(
    as_alice: APIClient, alice: User
) -> None:
    job = a_job(as_alice, ASINS[:10])
    work_all()
    let_pass(job, 31)
    assert prune_jobs() == 1
    assert figures(alice) == (990, 0, 0)


def test_an_old_job_that_is_sent_to_work_again_meanwhile_is_not_deleted(
    as_alice: APIClient, alice: User
) -> None:
    job = a_job(as_alice, ASINS[:10])
    as_alice.post(f"/api/v1/jobs/{ids.shown(job.pk)}/cancel")
    let_pass(job, 31)

    def revive() -> None:
        with transaction.atomic():
            Job.objects.select_for_update().get(pk=job.pk)
            until(lambda: waiting_for_locks() > 0)
            Job.objects.filter(pk=job.pk).update(ended_at=None)

    def prune() -> int:
        until(lambda: is_locked(job))
        return sweeping.prune()

    assert at_once(revive, prune)[1] == 0
    assert JobItem.objects.filter(job=job).count() == 10


def is_locked(job: Job) -> bool:
    """Whether somebody has the job's row."""
    with transaction.atomic():
        return not Job.objects.select_for_update(skip_locked=True).filter(pk=job.pk).exists()
