"""The admin: jobs are seen, found by their ids, ended and sent workers to by who may."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse as url_of
from rest_framework.test import APIClient

from accounts.models import AuditEvent, User
from accounts.tests.factories import a_user
from credits.tests.factories import figures
from jobs import ids
from jobs.errors import JobHasEnded
from jobs.models import Job
from jobs.tests.factories import ASINS, a_job, now, work_all

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "admin:jobs_job_changelist"


def signed_in(*permissions: str, **facts: Any) -> Client:
    """A browser in which an operator with these permissions is signed in."""
    operator = a_user(email="operator@example.com", is_staff=True, **facts)
    operator.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(operator, backend="accounts.backends.EmailBackend")
    return client


def act(client: Client, action: str, *jobs: Job) -> Any:
    """Choose jobs in the list, and an action; the page that follows."""
    chosen = [str(job.pk) for job in jobs]
    return client.post(url_of(LIST), {"action": action, "_selected_action": chosen}, follow=True)


def test_jobs_and_chunks_are_listed_and_shown_and_nothing_can_be_changed(as_alice: APIClient) -> None:
    job = a_job(as_alice, ASINS[:10])
    operator = signed_in(is_superuser=True)
    for name, row in (("job", job), ("jobchunk", job.chunks.get())):
        assert operator.get(url_of(f"admin:jobs_{name}_changelist")).status_code == 200
        one = operator.get(url_of(f"admin:jobs_{name}_change", args=[row.pk]))
        assert one.status_code == 200
        assert b'name="_save"' not in one.content


def test_a_job_is_found_by_the_id_that_its_account_knows(as_alice: APIClient) -> None:
    job, _ = a_job(as_alice, ASINS[:1]), a_job(as_alice, ASINS[1:2])
    page = signed_in(is_superuser=True).get(url_of(LIST), {"q": ids.shown(job.pk)})
    assert [one.pk for one in page.context["cl"].result_list] == [job.pk]


def test_an_operator_who_may_ends_a_job_and_it_is_noted(as_alice: APIClient, alice: User) -> None:
    job, done = a_job(as_alice, ASINS[:10]), a_job(as_alice, ["nonsense"])
    page = act(signed_in("view_job", "change_job"), "cancel", job, done)
    said = sorted(str(message) for message in page.context["messages"])
    assert now(job).status == "cancelled"
    assert figures(alice) == (1_000, 0, 0)
    assert said == [f"{ids.shown(job.pk)} is cancelled.", f"{ids.shown(done.pk)}: {JobHasEnded()}"]
    [noted] = AuditEvent.objects.filter(action="job:cancel")
    assert (noted.target, noted.address) == (f"job:{ids.shown(job.pk)}", "127.0.0.1")
    assert noted.actor == page.wsgi_request.user


@pytest.mark.parametrize("action", ["cancel", "send_workers"])
def test_an_operator_who_may_only_look_can_neither_end_a_job_nor_send_workers(
    as_alice: APIClient, action: str
) -> None:
    job = a_job(as_alice, ASINS[:10])
    act(signed_in("view_job"), action, job)
    assert now(job).status == "pending"
    assert not AuditEvent.objects.filter(action__startswith="job:").exists()


def test_workers_are_sent_to_what_has_not_ended(as_alice: APIClient) -> None:
    job, done = a_job(as_alice, ASINS[:10]), a_job(as_alice, ["nonsense"])
    act(signed_in("view_job", "change_job"), "send_workers", job, done)
    assert [one.target for one in AuditEvent.objects.filter(action="job:wake")] == [
        f"job:{ids.shown(job.pk)}"
    ]
    assert work_all() == 1
