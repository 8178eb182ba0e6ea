"""The calls about how a product's figures moved."""

from datetime import datetime
from typing import Any

from django.core import signing
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from api import queries
from api.pagination import CursorPagination, read_limit, unsign
from products import buckets, services
from products.buckets import Bucket, Place
from products.models import Observation
from products.outputs import HistoryPointOutput, ObservationOutput
from products.serializers import ASIN_IN_PATH, RAW, HistoryOptions, HistoryQuery

PLOTTED = ("price", "rank", "rating")


class BucketPagination(CursorPagination):
    """The same pages, of points that are made of many rows."""

    def page(self, request: Request, *, series: str | None, resolution: str, **wanted: Any) -> list[Bucket]:
        """Return the points of one page. Raises ValidationError (limit) and InvalidCursor (after)."""
        salt = f"products.history:{resolution}"
        limit = read_limit(request.query_params.get("limit"))
        after = request.query_params.get("after")
        found = buckets.read(
            **wanted,
            series=[series] if series else PLOTTED,
            resolution=resolution,
            after=None if after is None else place(*unsign(after, salt, len(Place._fields))),
            count=limit + 1,
        )
        if len(found) > limit:
            found.pop()
            last = found[-1]
            self.next_cursor = signing.dumps([last.period.isoformat(), last.series], salt=salt)
        return found


def place(period: str, series: str) -> Place:
    """Return where a page ended, as its cursor says."""
    return Place(datetime.fromisoformat(period), series)


class History(GenericAPIView[Observation]):
    """How price, rank and rating of a product moved, the newest first. Free."""

    scope = "products:read"
    serializer_class = HistoryPointOutput
    queryset = Observation.objects.none()
    cursor_fields = ("-observed_at", "-id")

    @extend_schema(
        operation_id="products_history",
        parameters=[ASIN_IN_PATH, HistoryOptions],
        responses=HistoryPointOutput(many=True),
    )
    def get(self, request: Request, asin: str) -> Response:
        """Return what was observed of an ASIN, by us or by the upstreams.

        With a `resolution`, one point for each hour, day or week in which something was observed.
        """
        query = HistoryQuery(data=queries.values(request, besides={"asin": asin}))
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        if wanted["resolution"] == RAW:
            del wanted["resolution"]
            page = self.paginate_queryset(services.history(**wanted))
            return self.get_paginated_response(ObservationOutput(page, many=True).data)
        pages = BucketPagination()
        points: Any = pages.page(request, **wanted)
        return pages.get_paginated_response(HistoryPointOutput(points, many=True).data)
