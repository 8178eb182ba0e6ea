"""What operators see of calls: find some by request id or by caller, and change none."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from accounts.admin import ReadOnlyAdmin
from accounts.models import User
from api.ids import request_id_of, uuid_of
from api.models import APICall

MOST_SHOWN = 10_000  # nobody turns more pages than that, and to count all calls is slow


class CountsSome(Paginator):  # type: ignore[type-arg]  # not generic when it runs
    """Counts up to MOST_SHOWN and no further."""

    @cached_property
    def count(self) -> int:
        """How many there are, as far as that matters."""
        calls = cast("QuerySet[Any]", self.object_list)
        return calls[:MOST_SHOWN].count()


@admin.register(APICall)
class APICallAdmin(ReadOnlyAdmin):
    """Calls, newest first. There is no filter that would have to look at all of them."""

    list_display = (
        "request_id",
        "at",
        "operation",
        "status",
        "outcome",
        "credits",
        "ms",
        "user_id",
        "key_id",
    )
    ordering = ("-id",)
    sortable_by = ()
    search_fields = ("id",)
    search_help_text = "A request id, or the e-mail address or id of a user."
    show_full_result_count = False
    paginator = CountsSome

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[APICall], search_term: str
    ) -> tuple[QuerySet[APICall], bool]:
        """Return the call with this request id, or the calls of this user; always by an index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if "@" in term:
            users = list(User.objects.filter(email__iexact=term).values_list("pk", flat=True)[:1])
            return queryset.filter(user_id__in=users).order_by("-at", "-id"), False
        try:
            if term.startswith("req_"):
                return queryset.filter(id=uuid_of(term)), False
            return queryset.filter(user_id=UUID(term)).order_by("-at", "-id"), False
        except ValueError:
            return queryset.none(), False

    @admin.display(description="request id")
    def request_id(self, call: APICall) -> str:
        """The id in the form in which callers know it."""
        return request_id_of(call.id)

    @admin.display(description="ms")
    def ms(self, call: APICall) -> str:
        """How long the answer took."""
        return f"{call.duration_us / 1000:.1f}"
