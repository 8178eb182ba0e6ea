"""Endpoints hear of the end of a job, once, and in the transaction that ends it."""

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from jobs import ids, sweeping
from jobs.models import Job
from jobs.tests.factories import ASINS, UNKNOWN, a_job, told, work_all
from webhooks.events import EVENTS
from webhooks.models import Event
from webhooks.services import create_endpoint

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def endpoint(alice: User) -> None:
    """Alice wants to know of all there is."""
    create_endpoint(user=alice, url="https://hooks.example.com/pallet", events=EVENTS)


def heard() -> list[tuple[str, str]]:
    """What was announced, and of which job."""
    return [(one.type, one.data["id"]) for one in Event.objects.order_by("created_at")]


def test_a_job_that_is_done_is_announced_with_its_figures(as_alice: APIClient) -> None:
    job = a_job(as_alice, [*ASINS[:150], UNKNOWN])
    assert heard() == []
    work_all()
    event = Event.objects.get()
    assert event.type == "job.completed"
    assert event.data["outcomes"] == {"delivered": 150, "not_found": 1}
    assert event.data == told(as_alice, job)


def test_a_job_without_one_good_row_has_failed(as_alice: APIClient) -> None:
    job = a_job(as_alice, [UNKNOWN, "nonsense"])
    work_all()
    assert heard() == [("job.failed", ids.shown(job.pk))]


def test_a_job_of_nothing_but_nonsense_is_announced_when_it_is_sent(as_alice: APIClient) -> None:
    job = a_job(as_alice, ["nonsense"])
    assert heard() == [("job.failed", ids.shown(job.pk))]


def test_a_cancelled_job_is_announced_as_that(as_alice: APIClient) -> None:
    job = a_job(as_alice, ASINS[:10])
    as_alice.post(f"/api/v1/jobs/{ids.shown(job.pk)}/cancel")
    assert heard() == [("job.cancelled", ids.shown(job.pk))]


def test_a_job_out_of_time_has_failed(as_alice: APIClient) -> None:
    job = a_job(as_alice, ASINS[:10])
    Job.objects.update(expires_at="2026-01-01T00:00Z")
    sweeping.end_overdue()
    assert heard() == [("job.failed", ids.shown(job.pk))]


def test_each_round_is_announced(as_alice: APIClient) -> None:
    job = a_job(as_alice, ASINS[:10])
    path = f"/api/v1/jobs/{ids.shown(job.pk)}"
    as_alice.post(f"{path}/cancel")
    as_alice.post(f"{path}/retry-failed")
    work_all()
    assert [event for event, _ in heard()] == ["job.cancelled", "job.completed"]
