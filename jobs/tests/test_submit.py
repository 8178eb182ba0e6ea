"""Sending a job: everything is there together, or nothing is."""

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import bearing, key_of
from credits.caps import set_cap
from credits.errors import CreditsError
from credits.models import Hold
from credits.tests.factories import assert_sound, at_once, figures
from jobs.models import Job, JobChunk, JobItem
from jobs.tests.factories import ASINS, a_job, bulk, now, outcomes, rows, told, work_all
from products.tests.factories import give

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_it_can_cost_at_most_is_set_aside(as_alice: APIClient, alice: User) -> None:
    answer = bulk(as_alice, ASINS[:150])
    assert answer.status_code == 202
    assert answer.json()["data"]["credits"] == {"quoted": 150, "held": 150, "captured": 0, "released": 0}
    assert figures(alice) == (1_000, 150, 0)
    assert answer["Location"] == f"/api/v1/jobs/{answer.json()['data']['id']}"


def test_rows_go_upstream_in_chunks_of_its_size(as_alice: APIClient) -> None:
    job = a_job(as_alice, ASINS[:250])
    chunks = JobChunk.objects.filter(job=job).order_by("number")
    assert list(chunks.values_list("first", "last", "rows")) == [
        (1, 100, 100),
        (101, 200, 100),
        (201, 250, 50),
    ]


def test_a_code_that_comes_twice_is_answered_once_and_paid_once(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, [ASINS[0], ASINS[1], ASINS[0].lower(), f"https://www.amazon.com/dp/{ASINS[0]}"])
    work_all()
    assert figures(alice) == (998, 0, 0)
    found = rows(as_alice, job)
    assert [one["credits"] for one in found] == [1, 1, 0, 0]
    assert [one["duplicate_of"] for one in found] == [None, None, 1, 1]
    assert found[2]["data"] == found[0]["data"]
    assert told(as_alice, job)["outcomes"] == {"delivered": 4}


def test_rows_that_are_no_code_are_results_with_a_reason(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ["B00", ASINS[0], ""])
    work_all()
    found = rows(as_alice, job)
    assert [one["outcome"] for one in found] == ["invalid", "delivered", "invalid"]
    assert "10" in found[0]["reason"]
    assert figures(alice) == (999, 0, 0)


def test_a_job_of_nothing_but_nonsense_has_ended_when_it_is_sent(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ["nonsense", "LPNRR12345678901"])
    assert job.status == "done"
    assert job.ended_at is not None
    assert figures(alice) == (1_000, 0, 0)


def test_what_a_row_is_called_comes_back_with_it(as_alice: APIClient) -> None:
    job = a_job(as_alice, [{"code": ASINS[0], "ref": "bin 7"}, {"code": "nonsense", "ref": "=1+1"}])
    work_all()
    assert [one["ref"] for one in rows(as_alice, job)] == ["bin 7", "=1+1"]


def test_without_enough_credits_nothing_is_kept(as_alice: APIClient, alice: User) -> None:
    give(alice, 20)
    answer = bulk(as_alice, [*(f"B09{n:07}" for n in range(1_100)), "nonsense"])
    assert answer.status_code == 402
    problem = answer.json()
    assert (problem["required"], problem["available"], problem["affordable_rows"]) == (1_100, 1_020, 1_020)
    assert not Job.objects.exists()
    assert not JobItem.objects.exists()
    assert figures(alice) == (1_020, 0, 0)


def test_with_partial_the_last_rows_are_left_out_in_words(as_bob: APIClient, bob: User) -> None:
    give(bob, 3)
    job = a_job(as_bob, [*ASINS[:5], ASINS[4], ASINS[0]], on_insufficient="partial")
    work_all()
    assert figures(bob) == (0, 0, 0)
    found = rows(as_bob, job)
    assert [one["outcome"] for one in found] == ["delivered"] * 3 + ["unaffordable"] * 3 + ["delivered"]
    assert "buy more" in found[3]["reason"]
    assert told(as_bob, job)["statuses"] == {"pending": 0, "running": 0, "done": 4, "failed": 3}


def test_a_dry_run_says_the_price_to_the_credit_and_keeps_nothing(as_alice: APIClient, alice: User) -> None:
    answer = bulk(as_alice, [*ASINS[:10], ASINS[0], "nonsense"], dry_run=True)
    assert answer.status_code == 200
    told = answer.json()["data"]
    assert (told["quoted"], told["rows"], told["to_answer"], told["invalid"]) == (10, 12, 11, 1)
    assert told["is_affordable"]
    assert not Job.objects.exists()
    assert not Hold.objects.exists()
    job = a_job(as_alice, [*ASINS[:10], ASINS[0], "nonsense"])
    assert job.quoted == told["quoted"]
    work_all()
    assert figures(alice) == (990, 0, 0)


def test_more_than_was_allowed_is_refused(as_alice: APIClient) -> None:
    answer = bulk(as_alice, ASINS[:10], max_credits=9)
    assert (answer.status_code, answer.json()["code"]) == (402, "max_credits_exceeded")
    assert not Job.objects.exists()


def test_credits_of_a_key_count_against_its_cap(as_alice: APIClient, alice: User) -> None:
    key, secret = key_of(alice, has_cap=True)
    set_cap(key.pk, limit=5, period="total")
    client = bearing(secret)
    answer = bulk(client, ASINS[:6])
    assert (answer.status_code, answer.json()["code"]) == (403, "key_cap_reached")
    assert not Job.objects.exists()
    job = a_job(client, ASINS[:8], on_insufficient="partial")
    assert (job.quoted, outcomes(job).count("unaffordable")) == (5, 3)


def test_repeated_under_its_idempotency_key_it_is_the_same_job(as_alice: APIClient, alice: User) -> None:
    calls = [
        as_alice.post(
            "/api/v1/products/bulk", {"items": ASINS[:3]}, format="json", headers={"Idempotency-Key": "once"}
        )
        for _ in range(2)
    ]
    assert [one.status_code for one in calls] == [202, 202]
    assert calls[0].json()["data"]["id"] == calls[1].json()["data"]["id"]
    assert Job.objects.count() == 1
    assert figures(alice) == (1_000, 3, 0)


def test_jobs_that_come_at_once_never_set_aside_more_than_there_is(as_alice: APIClient, alice: User) -> None:
    answers = at_once(*[lambda: bulk(as_alice, ASINS[:300]) for _ in range(6)])
    taken = [one for one in answers if not isinstance(one, CreditsError) and one.status_code == 202]
    assert len(taken) == 3
    assert figures(alice) == (1_000, 900, 0)
    assert_sound()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "#/items"),
        ({"items": [ASINS[0]], "text": ASINS[0]}, "#/items"),
        ({"items": "B000000000"}, "#/items"),
        ({"items": [ASINS[0]], "priority": "urgent"}, "#/priority"),
        ({"items": [ASINS[0]], "on_insufficient": "beg"}, "#/on_insufficient"),
        ({"items": [ASINS[0]], "marketplace": "MOON"}, "#/marketplace"),
        ({"items": [ASINS[0]], "credits": 5}, "#/credits"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_name(
    as_alice: APIClient, body: dict[str, object], field: str
) -> None:
    answer = as_alice.post("/api/v1/products/bulk", body, format="json")
    assert answer.status_code == 422
    assert field in [error["pointer"] for error in answer.json()["errors"]]
    assert not Job.objects.exists()


def test_the_higher_priority_goes_first_within_an_account(as_alice: APIClient) -> None:
    low = a_job(as_alice, ASINS[:1], priority="low")
    normal = a_job(as_alice, ASINS[1:2])
    high = a_job(as_alice, ASINS[2:3], priority="high")
    work_all()
    ended = sorted(
        (now(job).ended_at, name) for job, name in ((low, "low"), (normal, "normal"), (high, "high"))
    )
    assert [name for _, name in ended] == ["high", "normal", "low"]
