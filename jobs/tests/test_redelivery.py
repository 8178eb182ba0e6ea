"""A chunk that comes twice, late, or to a worker who was away for long: settled once."""

import pytest
from django.conf import settings
from django.db import IntegrityError
from rest_framework.test import APIClient

from accounts.models import User
from api.bulk import Outcome, Result
from credits.models import Kind, LedgerEntry
from credits.tests.factories import assert_sound, at_once, figures
from jobs import work
from jobs.models import Job, JobChunk, JobItem
from jobs.tests.factories import (
    ASINS,
    FAILING,
    UNKNOWN,
    a_job,
    claimed,
    forget_lease,
    now,
    outcomes,
    told,
    work_all,
    work_to_the_end,
)

pytestmark = pytest.mark.django_db(transaction=True)


def broken(*_: object, **__: object) -> None:
    """Do what no operation should."""
    raise ZeroDivisionError


def charges(user: User) -> list[int]:
    """What was taken, each time."""
    return [-one.amount for one in LedgerEntry.objects.for_user(user).of_kind(Kind.CHARGE)]


def test_a_chunk_is_claimed_by_one_of_many_who_come_at_once(as_alice: APIClient) -> None:
    job = a_job(as_alice, ASINS[:50])
    found = at_once(*[lambda: work.claim(job.pk, "product.lookup") for _ in range(8)])
    assert sum(one is not None for one in found) == 1


def test_a_chunk_that_two_settle_at_the_same_moment_is_paid_once(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:50])
    mine = claimed(job)
    found = work.find(mine)
    settled = at_once(*[lambda: work.settle(mine, found) for _ in range(8)])
    assert sorted(map(str, settled)) == ["False"] * 7 + ["True"]
    assert charges(alice) == [50]
    assert now(job).status == "done"
    assert_sound()


def test_an_operation_that_asks_for_more_than_was_promised_gets_nothing(
    as_alice: APIClient, alice: User
) -> None:
    mine = claimed(a_job(as_alice, ASINS[:1]))
    dear = Result(outcome=Outcome.DELIVERED, lines=[("product.lookup", 2)])
    with pytest.raises(IntegrityError, match="jobs_item_within_its_price"):
        work.settle(mine, {row.id: dear for row in mine.rows})
    assert figures(alice) == (1_000, 1, 0)


def test_a_worker_that_was_paused_past_its_lease_settles_nothing(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:50])
    paused = claimed(job)
    found = work.find(paused)
    forget_lease()
    assert work_all() == 1
    before = list(JobItem.objects.filter(job=job).values())
    assert work.settle(paused, found) is False
    assert list(JobItem.objects.filter(job=job).values()) == before
    assert charges(alice) == [50]
    assert_sound()


def test_a_paused_worker_that_comes_back_while_another_works_settles_nothing(
    as_alice: APIClient, alice: User
) -> None:
    job = a_job(as_alice, ASINS[:50])
    paused = claimed(job)
    found = work.find(paused)
    forget_lease()
    other = claimed(job)
    assert work.settle(paused, found) is False
    assert work.settle(other, work.find(other)) is True
    assert charges(alice) == [50]


def test_a_worker_past_its_lease_whom_nobody_replaced_may_still_settle(
    as_alice: APIClient, alice: User
) -> None:
    job = a_job(as_alice, ASINS[:50])
    late = claimed(job)
    forget_lease()
    work.run(late)
    assert (now(job).status, charges(alice)) == ("done", [50])


def test_a_worker_that_died_before_it_settled_costs_nothing_and_loses_nothing(
    as_alice: APIClient, alice: User
) -> None:
    job = a_job(as_alice, ASINS[:150])
    claimed(job)
    claimed(job)
    assert work_all() == 0
    forget_lease()
    work_all()
    assert outcomes(job) == ["delivered"] * 150
    assert figures(alice) == (850, 0, 0)
    assert_sound()


def test_a_lease_is_as_long_as_the_setting_says(as_alice: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    job = a_job(as_alice, ASINS[:50])
    monkeypatch.setitem(settings.BULK, "lease_seconds", 0)
    claimed(job)
    assert claimed(job).token == 2


def test_answers_are_kept_to_the_letter(as_alice: APIClient) -> None:
    job = a_job(as_alice, ASINS[:3])
    mine = claimed(job)
    texts = [r'{"a": "\u0000 \" \\ \n 100% é", "b":1.50}', "[1,  2]", ""]
    found = {
        row.id: Result(outcome=Outcome.DELIVERED if text else Outcome.NOT_FOUND, data=text)
        for row, text in zip(mine.rows, texts, strict=True)
    }
    assert work.settle(mine, found) is True
    assert list(JobItem.objects.order_by("position").values_list("data", flat=True)) == texts


def test_a_transaction_that_fails_in_its_middle_leaves_nothing(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:50])
    mine = claimed(job)
    found = work.find(mine)
    with pytest.MonkeyPatch.context() as context:
        context.setattr(work, "finish_if_over", broken)
        with pytest.raises(ZeroDivisionError):
            work.settle(mine, found)
    assert set(outcomes(job)) == {""}
    assert figures(alice) == (1_000, 50, 0)
    forget_lease()
    work_all()
    assert charges(alice) == [50]


def test_a_row_that_breaks_a_whole_call_is_found_out_and_the_others_are_settled(
    as_alice: APIClient, alice: User
) -> None:
    job = a_job(as_alice, [ASINS[0], FAILING, ASINS[1]])
    assert work_all() == 1
    assert outcomes(job) == ["delivered", "", "delivered"]
    assert figures(alice) == (998, 1, 0)
    chunk = JobChunk.objects.get(job=job)
    assert (chunk.status, chunk.failures, chunk.counts) == ("pending", 1, {"delivered": 2})
    assert told(as_alice, job)["statuses"] == {"pending": 1, "running": 0, "done": 2, "failed": 0}


def test_after_four_tries_it_has_failed_for_nothing(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, [ASINS[0], FAILING, UNKNOWN])
    work_to_the_end()
    assert outcomes(job) == ["delivered", "failed", "not_found"]
    assert JobChunk.objects.get(job=job).token == work.TRIES
    assert figures(alice) == (999, 0, 0)
    assert now(job).status == "done"
    assert_sound()


@pytest.mark.parametrize("step", ["find", "deliver"])
def test_an_operation_that_breaks_is_tried_again_and_then_given_up(
    as_alice: APIClient, alice: User, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    job = a_job(as_alice, ASINS[:2])
    mine = claimed(job)
    monkeypatch.setattr(type(mine.operation), step, broken)
    forget_lease()
    work_to_the_end()
    assert outcomes(job) == ["failed", "failed"]
    assert figures(alice) == (1_000, 0, 0)


def test_many_workers_answer_every_row_once(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:950])
    at_once(*[work_all for _ in range(6)])
    assert outcomes(job) == ["delivered"] * 950
    assert sum(charges(alice)) == Job.objects.get(pk=job.pk).captured == 950
    assert figures(alice) == (50, 0, 0)
    assert_sound()
