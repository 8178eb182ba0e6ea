"""What operators see and do: look at jobs, end one, and have workers come back to one that is stalled."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from accounts.admin import operator
from accounts.audit import record
from accounts.client_address import client_of
from credits.admin import ReadOnlyAdmin
from jobs import ids, services
from jobs.errors import JobHasEnded
from jobs.models import Job, JobChunk
from jobs.tasks import wake


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """What was asked in bulk, and how far it has come."""

    list_display = (
        "shown_id",
        "created_at",
        "user",
        "operation",
        "status",
        "rows",
        "quoted",
        "captured",
        "ended_at",
    )
    list_filter = ("status", "operation", "is_expired", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "name")
    ordering = ("-id",)
    actions = ("cancel", "send_workers")

    @admin.display(description="id")
    def shown_id(self, row: Job) -> str:
        """The id as its account sees it."""
        return ids.shown(row.pk)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find a job by its id as well."""
        try:
            return queryset.filter(pk=ids.read(search_term.strip())), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """Say who may end a job or send workers: those with the permission to change jobs."""
        return request.user.has_perm("jobs.change_job")

    @admin.action(
        description="Cancel: credits that nobody works for are let go at once", permissions=["steer"]
    )
    def cancel(self, request: HttpRequest, queryset: Any) -> None:
        """Cancel the chosen jobs, in their owners' names."""
        for job in queryset.select_related("user"):
            try:
                services.cancel(job.pk, user=job.user)
            except JobHasEnded as error:
                self.message_user(request, f"{ids.shown(job.pk)}: {error}", messages.WARNING)
                continue
            note(request, "job:cancel", job)
            self.message_user(request, f"{ids.shown(job.pk)} is cancelled.")

    @admin.action(description="Send workers to what waits for one", permissions=["steer"])
    def send_workers(self, request: HttpRequest, queryset: Any) -> None:
        """Have workers look at the chosen jobs now; what they do nobody does twice."""
        for job in queryset.open():
            wake(job)
            note(request, "job:wake", job)
        self.message_user(request, "Workers were sent.")


def note(request: HttpRequest, action: str, job: Job) -> None:
    """Record what an operator did to somebody's job."""
    record(operator(request), action, f"job:{ids.shown(job.pk)}", client=client_of(request))


@admin.register(JobChunk)
class JobChunkAdmin(ReadOnlyAdmin):
    """Rows that go upstream together: who has them, and since when."""

    list_display = ("job", "number", "operation", "status", "rows", "token", "failures", "lease_until")
    list_filter = ("status", "operation")
    list_select_related = ("job",)
    ordering = ("-id",)
