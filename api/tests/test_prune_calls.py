"""Old calls go, their sums stay."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from api import pruning, tasks
from api.models import APICall
from api.tests.factories import a_call, sums, write

pytestmark = pytest.mark.django_db


def test_calls_older_than_they_are_kept_go_in_small_batches(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_CALL_DAYS = 90
    monkeypatch.setattr(pruning, "AT_ONCE", 3)
    now = timezone.now()
    write(a_call(at=now - timedelta(days=90, minutes=n + 1)) for n in range(7))
    kept = write([a_call(at=now - timedelta(days=89, hours=23)), a_call()])
    before = sums()
    assert tasks.prune_calls() == 7
    assert APICall.objects.count() == len(kept)
    assert sums() == before
    assert tasks.prune_calls() == 0
