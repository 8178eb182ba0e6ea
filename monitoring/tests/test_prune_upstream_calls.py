"""Old calls to upstreams go, a few at a time."""

from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.utils import timezone
from pytest_django import Settings

from api import pruning
from monitoring import tasks
from monitoring.models import UpstreamCall
from monitoring.tests.factories import an_attempt, written

pytestmark = pytest.mark.django_db


def test_calls_older_than_they_are_kept_go_in_small_batches(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPSTREAM_CALL_DAYS = 30
    monkeypatch.setattr(pruning, "AT_ONCE", 3)
    now = timezone.now()
    for number in range(7):
        written(an_attempt(), at=now - timedelta(days=30, minutes=number + 1))
    written(an_attempt(), at=now - timedelta(days=29, hours=23))
    written(an_attempt(), at=now)
    assert tasks.prune_upstream_calls() == 7
    assert UpstreamCall.objects.count() == 2
    assert tasks.prune_upstream_calls() == 0


def test_a_run_ends_in_time_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 1)
    monkeypatch.setattr(pruning, "LONGEST", 0.0)
    written(an_attempt(), an_attempt(), at=timezone.now() - timedelta(days=31))
    assert tasks.prune_upstream_calls() == 0
    assert UpstreamCall.objects.count() == 2


def test_the_clock_runs_it() -> None:
    scheduled = {entry["task"] for entry in configured.CELERY_BEAT_SCHEDULE.values()}
    assert tasks.prune_upstream_calls.name in scheduled
