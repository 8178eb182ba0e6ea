"""Whose turn it is."""

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import disable_user, enable_user
from accounts.tests.factories import a_user, bearing, logged_in
from jobs import statements, work
from jobs.models import Job, JobChunk
from jobs.statements import WAITING
from jobs.statements import rows as rows_of
from jobs.tests.factories import ASINS, a_job, now, work_all
from products.tests.factories import give

pytestmark = pytest.mark.django_db(transaction=True)
OPERATION = "product.lookup"


@pytest.fixture
def as_carol(db: None) -> APIClient:
    """The program of somebody else with credits."""
    carol = a_user(email="carol@example.com")
    give(carol, 1_000)
    return bearing(logged_in(carol).access_token)


def served(count: int) -> list[str]:
    """Whose chunks are taken, one after the other, and finished at once."""
    owners = []
    for _ in range(count):
        claimed = work.claim_next(OPERATION)
        assert claimed is not None
        owners.append(claimed.job.user.email.partition("@")[0])
        work.run(claimed)
    return owners


def test_a_small_job_does_not_wait_for_a_large_one_of_another_account(
    as_alice: APIClient, as_carol: APIClient
) -> None:
    a_job(as_alice, ASINS[:1_000])
    assert served(2) == ["alice", "alice"]
    a_job(as_carol, ASINS[:10])
    assert served(2) == ["carol", "alice"]


def test_accounts_take_turns_however_many_jobs_one_of_them_has(
    as_alice: APIClient, as_carol: APIClient
) -> None:
    for start in range(0, 400, 100):
        a_job(as_alice, ASINS[start : start + 100])
    a_job(as_carol, ASINS[:300])
    assert served(6) == ["alice", "carol", "alice", "carol", "alice", "carol"]


def test_while_chunks_are_under_way_the_account_with_fewer_of_them_is_next(
    as_alice: APIClient, as_carol: APIClient
) -> None:
    a_job(as_alice, ASINS[:500])
    for _ in range(3):
        assert work.claim_next(OPERATION) is not None
    a_job(as_carol, ASINS[:300])
    owners = [claimed.job.user.email for _ in range(3) if (claimed := work.claim_next(OPERATION))]
    assert owners == ["carol@example.com"] * 3


def test_a_marketplace_whose_limit_is_reached_is_left_alone_and_others_go_on(as_alice: APIClient) -> None:
    a_job(as_alice, ASINS[:10], marketplace="US")
    german = a_job(as_alice, ASINS[:10], marketplace="DE")
    statements.run(statements.PAUSE, subject=f"{OPERATION}:US", seconds=60)
    assert work_all() == 1
    assert now(german).status == "done"


def test_jobs_of_a_disabled_account_wait_until_it_is_enabled(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:10])
    disable_user(user=alice)
    assert (work_all(), rows_of(WAITING)) == (0, [])
    enable_user(user=alice)
    assert rows_of(WAITING) == [(OPERATION, 1)]
    assert work_all() == 1
    assert now(job).status == "done"


def test_no_more_chunks_are_under_way_than_the_setting_allows(
    as_alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.BULK, "at_once", 2)
    a_job(as_alice, ASINS[:500])
    assert [work.claim_next(OPERATION) is not None for _ in range(3)] == [True, True, False]


def test_a_chunk_has_no_more_rows_than_the_setting_allows(
    as_alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.BULK, "batch", 20)
    a_job(as_alice, ASINS[:50])
    assert list(JobChunk.objects.order_by("number").values_list("rows", flat=True)) == [20, 20, 10]


def test_the_queries_of_a_claim_do_not_grow_with_what_waits(
    as_alice: APIClient, alice: User, django_assert_num_queries: object
) -> None:
    for start in range(0, 200, 20):
        a_job(as_alice, ASINS[start : start + 20])
    with django_assert_num_queries(8):  # type: ignore[operator]
        assert work.claim_next(OPERATION) is not None
    assert Job.objects.count() == 10
