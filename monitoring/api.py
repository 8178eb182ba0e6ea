"""What operators see of the upstreams."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import FOR_OPERATORS, IsOperator
from api import queries
from monitoring.scoreboard import scoreboard, units
from monitoring.serializers import PerformanceOutput, PerformanceQuery


class Performance(APIView):
    """How the upstreams do. States no scope: no key may ask, only an operator who is logged in."""

    permission_classes = [*APIView.permission_classes, IsOperator]

    @extend_schema(
        operation_id="analytics_performance",
        parameters=[PerformanceQuery],
        responses=PerformanceOutput,
        extensions=FOR_OPERATORS,
    )
    def get(self, request: Request) -> Response:
        """Compare the upstreams: how often they answered, how fast, at what cost. For operators alone."""
        query = PerformanceQuery(data=queries.values(request))
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        found = {
            "from": asked["since"],
            "to": asked["until"],
            "by": asked["by"],
            "data": scoreboard(asked["since"], asked["until"], by=asked["by"]),
        }
        return Response(PerformanceOutput(found, context={"units": units()}).data)
