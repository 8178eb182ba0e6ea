"""Following a job: what its owner is told, and nobody else."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import bearing, key_of
from jobs import ids, work
from jobs.models import Job, JobChunk
from jobs.tests.factories import (
    ASINS,
    FAILING,
    UNKNOWN,
    a_job,
    claimed,
    job_named,
    rows,
    told,
    work_all,
    work_to_the_end,
)

pytestmark = pytest.mark.django_db(transaction=True)


def fetched(client: APIClient, job: Job, **query: str) -> bytes:
    """The results of a job as they are sent."""
    answer = client.get(f"/api/v1/jobs/{ids.shown(job.pk)}/results", query)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_while_it_runs_it_says_how_far_it_has_come(as_alice: APIClient) -> None:
    job = a_job(as_alice, [*ASINS[:250], "nonsense", ASINS[0]])
    work.run(claimed(job))
    claimed(job)
    found = told(as_alice, job)
    assert (found["status"], found["rows"]) == ("running", 252)
    assert found["statuses"] == {"pending": 50, "running": 100, "done": 101, "failed": 1}
    assert found["credits"] == {"quoted": 250, "held": 150, "captured": 100, "released": 0}
    assert found["rate_per_minute"] > 0
    assert found["eta_seconds"] >= 0


def test_the_rate_is_that_of_the_last_minute(as_alice: APIClient) -> None:
    job = a_job(as_alice, ASINS[:250])
    work.run(claimed(job))
    Job.objects.update(started_at=timezone.now() - timedelta(hours=1))
    assert told(as_alice, job)["rate_per_minute"] == 100
    JobChunk.objects.filter(status="done").update(settled_at=timezone.now() - timedelta(seconds=61))
    found = told(as_alice, job)
    assert (found["rate_per_minute"], found["eta_seconds"]) == (0, None)


def test_rows_say_whether_somebody_works_on_them(as_alice: APIClient) -> None:
    job = a_job(as_alice, ASINS[:250])
    work.run(claimed(job))
    claimed(job)
    found = [one["status"] for one in rows(as_alice, job)]
    assert found == ["done"] * 100 + ["running"] * 100 + ["pending"] * 50
    assert [len(rows(as_alice, job, status=one)) for one in ("done", "running", "pending", "failed")] == [
        100,
        100,
        50,
        0,
    ]


def test_as_many_rows_are_said_to_run_as_do(as_alice: APIClient) -> None:
    job = a_job(as_alice, [FAILING, *ASINS[:150], FAILING, ASINS[120]])
    work.run(claimed(job))
    JobChunk.objects.update(not_before=None)
    assert [row.code for row in claimed(job).rows] == [FAILING]
    found = [one["status"] for one in rows(as_alice, job)]
    assert found == ["running"] + ["done"] * 99 + ["pending"] * 51 + ["running", "pending"]
    assert told(as_alice, job)["statuses"] == {"pending": 52, "running": 2, "done": 99, "failed": 0}


def test_results_are_the_same_in_every_form(as_alice: APIClient) -> None:
    job = a_job(as_alice, [ASINS[0], {"code": "=1+1", "ref": "0012"}, UNKNOWN])
    work_all()
    document = json.loads(fetched(as_alice, job, format="json"))
    lines = [json.loads(line) for line in fetched(as_alice, job, format="jsonl").splitlines()]
    assert document["data"] == lines
    table = list(csv.DictReader(io.StringIO(fetched(as_alice, job, format="csv").decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(fetched(as_alice, job, format="xlsx"))).active
    assert sheet is not None
    cells = list(sheet.iter_rows(values_only=True))
    expected = ["delivered", "invalid", "not_found"]
    assert [one["outcome"] for one in lines] == [one["outcome"] for one in table] == expected
    assert [row[cells[0].index("outcome")] for row in cells[1:]] == expected
    assert table[1]["given"] == "'=1+1"
    assert table[1]["ref"] == "0012"


def test_the_answer_in_a_row_is_the_answer_of_a_lookup(as_alice: APIClient) -> None:
    job = a_job(as_alice, [ASINS[0]])
    work_all()
    alone = as_alice.get(f"/api/v1/products/{ASINS[0]}").json()["data"]
    answered = rows(as_alice, job)[0]["data"]
    same = {name for name in alone if name not in ("age_seconds", "freshness")}
    assert {name: answered[name] for name in same} == {name: alone[name] for name in same}


def test_only_failed_rows_can_be_fetched(as_alice: APIClient) -> None:
    job = a_job(as_alice, [ASINS[0], UNKNOWN, "nonsense"])
    work_all()
    assert [one["row"] for one in rows(as_alice, job, status="failed")] == [2, 3]


def test_jobs_are_listed_newest_first(as_alice: APIClient) -> None:
    made = [ids.shown(a_job(as_alice, [ASINS[n]]).pk) for n in range(3)]
    page = as_alice.get("/api/v1/jobs", {"limit": 2}).json()
    rest = as_alice.get("/api/v1/jobs", {"limit": 2, "after": page["next"]}).json()
    assert [one["id"] for one in page["data"] + rest["data"]] == made[::-1]
    work_all()
    assert len(as_alice.get("/api/v1/jobs", {"status": "done"}).json()["data"]) == 3
    assert as_alice.get("/api/v1/jobs", {"status": "lost"}).status_code == 422


def test_a_list_of_jobs_takes_as_many_queries_as_one(
    as_alice: APIClient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(6):
        a_job(as_alice, [ASINS[n]])
    with django_assert_max_num_queries(4):
        assert len(as_alice.get("/api/v1/jobs").json()["data"]) == 6


@pytest.mark.parametrize("path", ["", "/results", "/cancel", "/retry-failed"])
def test_another_account_finds_no_such_job(as_alice: APIClient, as_bob: APIClient, path: str) -> None:
    job = a_job(as_alice, ASINS[:2])
    address = f"/api/v1/jobs/{ids.shown(job.pk)}{path}"
    method = "get" if path in ("", "/results") else "post"
    answer = getattr(as_bob, method)(address)
    unknown = getattr(as_bob, method)(f"/api/v1/jobs/{ids.shown(ids.new())}{path}")
    assert answer.status_code == unknown.status_code == 404
    assert answer.json()["code"] == unknown.json()["code"]
    assert getattr(APIClient(), method)(address).status_code == 401
    assert told(as_alice, job)["status"] == "pending"


@pytest.mark.parametrize("path", ["", "/results", "/cancel", "/retry-failed"])
def test_a_revoked_key_reaches_no_job(as_alice: APIClient, alice: User, path: str) -> None:
    job = a_job(as_alice, ASINS[:2])
    key, secret = key_of(alice)
    as_alice.delete(f"/api/v1/keys/{key.pk}")
    method = "get" if path in ("", "/results") else "post"
    answer = getattr(bearing(secret), method)(f"/api/v1/jobs/{ids.shown(job.pk)}{path}")
    assert answer.status_code == 401


def test_a_key_without_the_scope_of_a_row_has_it_left_out_in_words(as_alice: APIClient, alice: User) -> None:
    _, secret = key_of(alice, scopes=["products:read", "jobs:read"])
    client = bearing(secret)
    job = a_job(client, [ASINS[0], "X0001ABCDE"])
    assert job.quoted == 1
    work_all()
    found = rows(client, job)
    assert [one["outcome"] for one in found] == ["delivered", "invalid"]
    assert "conversion:read" in found[1]["reason"]
    assert client.post(f"/api/v1/jobs/{ids.shown(job.pk)}/cancel").json()["code"] == "scope_missing"


def test_each_row_of_a_mixed_job_is_answered_as_what_it_is(as_alice: APIClient) -> None:
    job = a_job(as_alice, [ASINS[0], "X0001ABCDE", "LPNRR123456789", "0012345678905"])
    assert job.quoted == 1 + 3
    work_all()
    work_all("conversion.fnsku")
    found = rows(as_alice, job)
    assert [one["outcome"] for one in found] == ["delivered", "delivered", "invalid", "invalid"]
    assert [one["credits"] for one in found[:2]] == [1, 3]
    assert found[1]["data"]["product"]["asin"] == found[1]["asin"]
    assert "LPN" in found[2]["reason"]


def test_a_conversion_that_was_paid_for_is_not_in_the_quote(as_alice: APIClient, alice: User) -> None:
    answer = as_alice.post("/api/v1/conversion/bulk", {"items": ["X0001ABCDE", ASINS[0]]}, format="json")
    assert answer.json()["data"]["credits"]["quoted"] == 2
    work_all("conversion.fnsku")
    again = as_alice.post("/api/v1/conversion/bulk", {"text": "X0001ABCDE\nX0002BCDEF"}, format="json")
    assert again.json()["data"]["credits"]["quoted"] == 2
    work_all("conversion.fnsku")
    found = rows(as_alice, work_of(again))
    assert [one["credits"] for one in found] == [0, 2]
    assert found[0]["data"]["is_repeat"]


def work_of(answer: Any) -> Job:
    """The job that an answer tells of."""
    return job_named(answer.json()["data"]["id"])


def test_a_file_is_read_and_its_name_kept(as_alice: APIClient) -> None:
    body = "Bin,ASIN\n1," + "\n2,".join(ASINS[:3])
    answer = as_alice.generic("POST", "/api/v1/products/bulk?ref_column=Bin", body, content_type="text/csv")
    assert answer.status_code == 202, answer.content
    found = answer.json()["data"]
    assert found["input"]["column"] == "ASIN"
    assert (found["rows"], found["input"]["format"]) == (3, "csv")
    work_all()
    assert [one["ref"] for one in rows(as_alice, work_of(answer))] == ["1", "2", "2"]


def test_too_many_rows_are_refused_as_a_whole(as_alice: APIClient) -> None:
    body = "\n".join(f"B0{n:08}" for n in range(50_001))
    answer = as_alice.generic("POST", "/api/v1/products/bulk", body, content_type="text/plain")
    assert answer.status_code == 422
    assert "50,000" in answer.json()["errors"][0]["detail"]


def test_failed_upstreams_are_told_without_their_names(as_alice: APIClient) -> None:
    job = a_job(as_alice, [FAILING])
    work_to_the_end()
    found = rows(as_alice, job)[0]
    assert found["outcome"] == "failed"
    assert "sample" not in found["reason"]


def test_an_empty_list_is_refused(as_alice: APIClient) -> None:
    assert as_alice.post("/api/v1/products/bulk", {"items": []}, format="json").status_code == 422
