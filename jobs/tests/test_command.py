"""manage.py jobs: what is under way, in lines and as JSON."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from jobs import ids, work
from jobs.management.commands.jobs import SHOWN
from jobs.models import Job
from jobs.tests.factories import ASINS, a_job, claimed, told, work_all

pytestmark = pytest.mark.django_db(transaction=True)


def printed(*arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("jobs", *arguments, stdout=out)
    return out.getvalue()


def test_it_says_so_when_there_is_no_job(db: None) -> None:
    assert printed() == "No job in the last day.\n"
    assert json.loads(printed("--json")) == {"jobs": []}


def test_a_job_is_a_line_with_how_far_it_has_come(as_alice: APIClient) -> None:
    job = a_job(as_alice, [*ASINS[:250], "nonsense"])
    work.run(claimed(job))
    head, line = printed().splitlines()
    assert head.split() == [
        "job",
        "status",
        "settled/rows",
        "failed",
        "taken/quoted",
        "rows/min",
        "eta",
        "account",
    ]
    assert line.split()[:5] == [ids.shown(job.pk), "running", "101/251", "1", "100/250"]
    assert line.endswith("  alice@example.com")


def test_as_json_it_is_what_the_account_is_told(as_alice: APIClient) -> None:
    job = a_job(as_alice, ASINS[:10])
    work_all()
    assert json.loads(printed("--json")) == {
        "jobs": [{"account": "alice@example.com", **told(as_alice, job)}]
    }


def test_one_accounts_jobs_can_be_listed_however_its_address_is_spelled(
    as_alice: APIClient, as_bob: APIClient
) -> None:
    mine, _ = a_job(as_alice, ["nonsense"]), a_job(as_bob, ["nonsense"])
    found = json.loads(printed("--json", "--user", "Alice@example.com"))["jobs"]
    assert [one["id"] for one in found] == [ids.shown(mine.pk)]


def test_an_account_that_is_not_there_is_said_to_be_none(alice: User) -> None:
    with pytest.raises(CommandError, match=r"There is no account lice@example\.com"):
        printed("--user", "lice@example.com")


def test_jobs_that_ended_more_than_a_day_ago_are_left_out(as_alice: APIClient) -> None:
    a_job(as_alice, ["nonsense"])
    Job.objects.update(ended_at=timezone.now() - timedelta(hours=25))
    assert printed() == "No job in the last day.\n"


def test_an_open_job_is_shown_however_many_have_ended_since(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:10])
    ended = {"user": alice, "operation": job.operation, "rows": 1, "status": "done"}
    at = timezone.now()
    Job.objects.bulk_create(Job(id=ids.new(), **ended, ended_at=at, expires_at=at) for _ in range(SHOWN))
    lines = printed().splitlines()
    assert len(lines) == 1 + SHOWN
    assert lines[1].startswith(ids.shown(job.pk))
