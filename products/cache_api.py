"""The calls about what is kept: for those who run this install. They state no scope: no key may make them."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import caller
from accounts.client_address import client_of
from accounts.permissions import FOR_OPERATORS, IsOperator
from api import queries
from products import cache_stats, services
from products.cache_stats import CacheFiguresOfAllOutput, CacheStatsOutput, CacheStatsQuery
from products.serializers import ASIN_IN_PATH, Place, PlaceQuery


class CacheStats(APIView):
    """What lookups find kept."""

    permission_classes = [*APIView.permission_classes, IsOperator]

    @extend_schema(
        operation_id="products_cache_stats",
        parameters=[CacheStatsQuery],
        responses=CacheStatsOutput,
        extensions=FOR_OPERATORS,
    )
    def get(self, request: Request) -> Response:
        """Say how many lookups found their answer kept, where, and who told it. For operators alone.

        The lookups of all callers count, within about a second.
        """
        query = CacheStatsQuery(data=queries.values(request))
        query.is_valid(raise_exception=True)
        return Response({"data": CacheFiguresOfAllOutput(cache_stats.figures(**query.validated_data)).data})


class Cached(APIView):
    """The answer that is kept about a product."""

    permission_classes = [*APIView.permission_classes, IsOperator]

    @extend_schema(
        operation_id="products_forget",
        parameters=[ASIN_IN_PATH, Place],
        request=None,
        responses={204: None},
        extensions=FOR_OPERATORS,
    )
    def delete(self, request: Request, asin: str) -> Response:
        """Forget the last answer about an ASIN, because it is wrong: the next lookup asks an upstream.

        It is not given as a stale answer either; its history stays. To forget it again changes nothing. For
        operators alone.
        """
        query = PlaceQuery(data=queries.values(request, besides={"asin": asin}))
        query.is_valid(raise_exception=True)
        user, _ = caller(request)
        services.forget(**query.validated_data, by=user, client=client_of(request._request))
        return Response(status=status.HTTP_204_NO_CONTENT)
