"""Whatever happens to jobs in whatever order, rows and credits add up after each step."""

from collections import Counter
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.authentication import Credential
from accounts.models import User
from accounts.tests.factories import a_user
from credits.caps import set_cap
from credits.errors import CreditsError
from credits.models import Hold, Kind, LedgerEntry
from credits.tests.factories import assert_sound
from jobs import ids, services, sweeping, work
from jobs.errors import JobHasEnded, JobStillRuns, NothingToRetry
from jobs.models import Job, JobChunk, JobItem
from jobs.operations import operation
from jobs.parsing import read_list
from jobs.results import results
from jobs.tests.factories import ASINS, FAILING, UNKNOWN, forget_lease
from products.tests.factories import give

pytestmark = pytest.mark.django_db(transaction=True)

OPERATION = "product.lookup"
CODES = [*ASINS[:6], FAILING, UNKNOWN, "nonsense"]
CREDITS = 12


class Jobs(RuleBasedStateMachine):
    """Customers, workers and the sweep, one step at a time; `flights` are chunks in workers' hands."""

    flights: Bundle[work.Claimed] = Bundle("flights")
    jobs: Bundle[UUID] = Bundle("jobs")

    @initialize()
    def begin(self) -> None:
        """Somebody has a few credits, and a key that may spend some of them."""
        self.user: User = a_user(email=f"{uuid4().hex}@example.com")
        give(self.user, CREDITS)
        self.key = uuid4()
        set_cap(self.key, limit=8, period="total")

    def credential(self, *, capped: bool) -> Credential:
        """What a call is made with."""
        return Credential(kind="key", id=self.key, cap=self.key if capped else None)

    @rule(
        target=jobs,
        codes=st.lists(st.sampled_from(CODES), min_size=1, max_size=10),
        is_partial=st.booleans(),
        capped=st.booleans(),
    )
    def submit(self, codes: list[str], is_partial: bool, capped: bool) -> Any:
        """Send a job, which may be refused."""
        made = ids.new()
        options = operation(OPERATION).asked({})
        order = services.Order(operation=OPERATION, options=options, is_partial=is_partial)
        credential = self.credential(capped=capped)
        try:
            services.submit(
                read_list(codes, most_rows=100), order, user=self.user, credential=credential, id=made
            )
        except CreditsError:
            assert not Job.objects.filter(pk=made).exists()
        return made

    @rule(target=flights, job=jobs)
    def claim(self, job: UUID) -> Any:
        """A worker takes a piece of a job."""
        return work.claim(job, OPERATION)

    @rule(flight=flights)
    def land(self, flight: work.Claimed | None) -> None:
        """A worker comes back, for the first time or once more, in time or late."""
        if flight is not None:
            work.run(flight)

    @rule(job=jobs)
    def cancel(self, job: UUID) -> None:
        """The account ends a job."""
        if Job.objects.filter(pk=job).exists():
            try:
                services.cancel(job, user=self.user)
            except JobHasEnded:
                assert Job.objects.get(pk=job).status == "done"

    @rule(job=jobs, capped=st.booleans())
    def retry(self, job: UUID, capped: bool) -> None:
        """The account has what failed tried again."""
        if Job.objects.filter(pk=job).exists():
            with suppress(JobStillRuns, NothingToRetry, CreditsError):
                services.retry_failed(job, user=self.user, credential=self.credential(capped=capped))

    @rule(job=jobs)
    def expire(self, job: UUID) -> None:
        """A job's time runs out."""
        Job.objects.filter(pk=job).update(expires_at=timezone.now())
        sweeping.end_overdue()

    @rule()
    def lose_workers(self) -> None:
        """All leases are over, and the pauses, too."""
        forget_lease()
        JobChunk.objects.update(not_before=None)

    @rule()
    def sweep(self) -> None:
        """The sweep passes."""
        sweeping.end_overdue()

    @rule(limit=st.integers(0, 12))
    def change_cap(self, limit: int) -> None:
        """The key may spend more or less."""
        set_cap(self.key, limit=limit, period="total")

    @rule(credits=st.integers(1, 3))
    def buy(self, credits: int) -> None:
        """There are more credits."""
        give(self.user, credits)

    @invariant()
    def credits_add_up(self) -> None:
        """What was taken is what the rows cost and what the ledger says; what is held is held for a job."""
        for job in Job.objects.for_user(self.user):
            of_rows = JobItem.objects.filter(job=job).aggregate(sum=Sum("credits"))["sum"]
            reference = ids.shown(job.pk)
            charges = LedgerEntry.objects.of_kind(Kind.CHARGE).filter(reference=reference)
            assert job.captured == of_rows == -(charges.aggregate(sum=Sum("amount"))["sum"] or 0)
            holds = Hold.objects.open().filter(reference=reference)
            assert job.held - job.captured - job.released == sum(one.remaining for one in holds)
            assert job.captured <= job.quoted
            assert not (job.has_ended and holds)
        assert_sound()

    @invariant()
    def rows_add_up(self) -> None:
        """Every row has one status, and the counts are those of the rows."""
        for job in Job.objects.for_user(self.user):
            found = services.progress([job])[job.pk]
            shown = list(results(job))
            assert len(shown) == sum(found.statuses.values()) == job.rows
            assert Counter(row["status"] for row in shown) == Counter(found.statuses)
            told = Counter(row["outcome"] for row in shown if row["outcome"])
            assert told == Counter({str(name): rows for name, rows in found.outcomes.items()})


def test_rows_and_credits_add_up_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(operation(OPERATION)), "batch", lambda *_: 3)
    terms = settings(
        max_examples=12,
        stateful_step_count=20,
        phases=[Phase.generate],  # no search for a shorter failure: that would take minutes
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Jobs, settings=terms)
