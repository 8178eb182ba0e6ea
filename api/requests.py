"""The caller's own calls, newest first."""

from datetime import date
from typing import Any
from uuid import UUID

from django.core import signing
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from api import queries
from api.models import APICall, UsageDay
from api.pagination import CursorPagination, read_limit, unsign
from api.querysets import APICallQuerySet, UsageDayQuerySet
from api.serializers import RequestOutput, RequestsQuery

FILTERS = ("operation", "outcome", "status", "key")
SALT = "api.requests"
MOST_LOOKED_AT = 10_000  # calls, for one page


class CallPages(CursorPagination):
    """Pages that cost the same however many calls there are, and however few of them are wanted.

    Days without a call that is wanted are passed over: their sums say so. Of the others a page looks at
    MOST_LOOKED_AT calls at most, and then ends where it stands: shorter than asked, and with a `next`.
    """

    def paginate_queryset(  # type: ignore[override]  # of calls alone
        self, queryset: APICallQuerySet, request: Request, view: "Requests"
    ) -> list[APICall]:
        """Return the rows of one page. Raises ValidationError (limit) and InvalidCursor (after)."""
        limit = read_limit(request.query_params.get("limit"))
        calls, end = queryset, None
        if after := request.query_params.get("after"):
            calls = calls.older_than(UUID(unsign(after, SALT, 1)[0]))
        if view.wanted:
            day = view.last_day(calls)
            if day is None:
                return []
            calls = calls.until_day(day)
            end = calls.last_of(MOST_LOOKED_AT)
            calls = (calls if end is None else calls.down_to(end)).alike(**view.wanted)
        rows = list(calls.newest_first()[: limit + 1])
        if len(rows) > limit:
            rows.pop()
            end = rows[-1].id
        if end is not None:
            self.next_cursor = signing.dumps([str(end)], salt=SALT)
        return rows


class Requests(ListAPIView[APICall]):
    """The caller's own calls."""

    scope = "usage:read"
    serializer_class = RequestOutput
    pagination_class = CallPages
    queryset = APICall.objects.none()

    @extend_schema(operation_id="requests_list", parameters=[RequestsQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List your calls, newest first. With a filter a page may be short and still have a next."""
        return super().get(request, *args, **kwargs)

    @cached_property
    def asked(self) -> dict[str, Any]:
        """What the query asks for. Raises ValidationError."""
        query = RequestsQuery(data=queries.values(self.request))
        query.is_valid(raise_exception=True)
        return dict(query.validated_data)

    @property
    def wanted(self) -> dict[str, Any]:
        """The filters that rows and sums know."""
        return {name: self.asked[name] for name in FILTERS if name in self.asked}

    def get_queryset(self) -> APICallQuerySet:
        """Return the caller's calls of the time asked for, or the one asked for by its id."""
        calls: APICallQuerySet = APICall.objects.for_user(self.request.user)
        calls = calls.between(self.asked.get("from"), self.asked.get("to"))
        return calls.filter(id=self.asked["request_id"]) if "request_id" in self.asked else calls

    def last_day(self, calls: APICallQuerySet) -> date | None:
        """Return the newest day, not after the newest of these calls, with a call that is wanted."""
        newest = calls.newest_day()
        if newest is None:
            return None
        days: UsageDayQuerySet = UsageDay.objects.for_user(self.request.user).alike(**self.wanted)
        return days.between(date.min, newest).last_day()
