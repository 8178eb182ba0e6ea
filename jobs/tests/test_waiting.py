"""What a chunk waits for, and how long."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from api.bulk import Outcome, Result, Wait
from jobs import work
from jobs.models import JobChunk, Pause
from jobs.tests.factories import ASINS, a_job, claimed

pytestmark = pytest.mark.django_db(transaction=True)


def failed(retry_after: float, wait: Wait) -> Result:
    """What an operation says of a row that it could not answer yet."""
    return Result(outcome=Outcome.FAILED, reason="Not yet.", retry_after=retry_after, wait=wait)


def test_a_limit_is_waited_for_as_long_as_it_says_whatever_else_has_failed(as_alice: APIClient) -> None:
    job = a_job(as_alice, ASINS[:2])
    mine = claimed(job)
    one, other = (row.id for row in mine.rows)
    work.settle(mine, {one: failed(0, Wait.FAILURE), other: failed(60, Wait.LIMIT)})
    soon = timezone.now() + timedelta(seconds=50)
    assert Pause.objects.get().until > soon
    assert JobChunk.objects.filter(not_before__gt=soon).exists()
