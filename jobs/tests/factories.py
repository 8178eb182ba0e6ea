"""Jobs to test with, and workers that work by hand."""

import json
from collections.abc import Sequence
from typing import Any

from rest_framework.test import APIClient

from jobs import ids
from jobs.models import Job, JobChunk, JobItem, Pause
from jobs.work import Claimed, claim, run_next

ASINS = [f"B0{number:08}" for number in range(1_000)]
FAILING = "B0FAIL0500"  # the stand-in's upstream is down for it
UNKNOWN = "B0FAIL0404"  # and knows no such product


def bulk(client: APIClient, items: Sequence[Any], **options: Any) -> Any:
    """Send ASINs as a job; the answer."""
    return client.post("/api/v1/products/bulk", {"items": list(items), **options}, format="json")


def a_job(client: APIClient, items: Sequence[Any], **options: Any) -> Job:
    """A job of these rows, which nobody has begun."""
    answer = bulk(client, items, **options)
    assert answer.status_code == 202, answer.content
    return job_named(answer.json()["data"]["id"])


def job_named(name: str) -> Job:
    """The job with this id as it is in the database now."""
    return Job.objects.get(pk=ids.read(name))


def now(job: Job) -> Job:
    """The job as it is in the database now."""
    return Job.objects.get(pk=job.pk)


def work_all(operation: str = "product.lookup") -> int:
    """Work until nothing is left; how many chunks that was."""
    count = 0
    while run_next(operation):
        count += 1
    return count


def claimed(job: Job, operation: str = "product.lookup") -> Claimed:
    """The next chunk of a job, claimed."""
    found = claim(job.pk, operation)
    assert found is not None
    return found


def forget_lease(**which: Any) -> None:
    """Let leases be over, as if their workers had been gone for long."""
    JobChunk.objects.filter(status="running", **which).update(lease_until="2000-01-01T00:00Z")


def outcomes(job: Job) -> list[str]:
    """What became of each row, in the order of the input; that of a copy is its own."""
    return list(JobItem.objects.filter(job=job).order_by("position").values_list("outcome", flat=True))


def rows(client: APIClient, job: Job, **query: Any) -> list[dict[str, Any]]:
    """The results of a job, as its owner gets them."""
    answer = client.get(f"/api/v1/jobs/{ids.shown(job.pk)}/results", query)
    assert answer.status_code == 200
    body: Any = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return list(json.loads(body)["data"])


def told(client: APIClient, job: Job) -> dict[str, Any]:
    """The job, as its owner is told."""
    return dict(client.get(f"/api/v1/jobs/{ids.shown(job.pk)}").json()["data"])


def work_to_the_end(operation: str = "product.lookup") -> None:
    """Work until nothing is left, however long pauses between tries are."""
    while work_all(operation) or JobChunk.objects.filter(status="pending").exists():
        JobChunk.objects.update(not_before=None)
        Pause.objects.all().delete()
