"""The calls under /api/v1/webhooks: where an account wants to be told of events, and how telling went."""

from uuid import UUID

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import checked
from accounts.authentication import caller
from accounts.client_address import client_of
from accounts.serializers import ListQuery, NoInput
from api import queries
from webhooks import ids, services
from webhooks.errors import UnknownDelivery, UnknownEndpoint
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.serializers import (
    DeliveriesQuery,
    DeliveryAnswer,
    DeliveryOutput,
    EndpointAnswer,
    EndpointChanges,
    EndpointOutput,
    NewEndpoint,
    NewEndpointAnswer,
)

READ, WRITE = "webhooks:read", "webhooks:write"
ATTEMPTS_SHOWN = 20  # of each delivery
ENDPOINT_IN_PATH = OpenApiParameter("id", str, OpenApiParameter.PATH, description="`whe_…`")
DELIVERY_IN_PATH = OpenApiParameter("id", str, OpenApiParameter.PATH, description="`whd_…`")


class Endpoints(GenericAPIView[Endpoint]):
    """The caller's webhooks."""

    scope = WRITE
    serializer_class = EndpointOutput
    cursor_fields = ("-created_at", "-id")

    @extend_schema(operation_id="webhooks_list", responses=EndpointOutput(many=True))
    def get(self, request: Request) -> Response:
        """List your webhooks, newest first."""
        ListQuery(data=queries.values(request)).is_valid(raise_exception=True)
        page = self.paginate_queryset(Endpoint.objects.for_user(caller(request)[0]))
        return self.get_paginated_response(EndpointOutput(page or [], many=True).data)

    @extend_schema(operation_id="webhooks_create", request=NewEndpoint, responses={201: NewEndpointAnswer})
    def post(self, request: Request) -> Response:
        """Have a URL of yours told of events. The answer is the only place where its secret is shown."""
        queries.refuse_all(request)
        endpoint, secret = services.create_endpoint(
            user=caller(request)[0], client=client_of(request._request), **checked(NewEndpoint, request)
        )
        where = f"{request.path}/{ids.shown(ids.ENDPOINT, endpoint.pk)}"
        return with_secret(endpoint, secret, status=status.HTTP_201_CREATED, headers={"Location": where})


class OneEndpoint(APIView):
    """One of the caller's webhooks."""

    scope = WRITE

    @extend_schema(operation_id="webhooks_get", parameters=[ENDPOINT_IN_PATH], responses=EndpointAnswer)
    def get(self, request: Request, id: str) -> Response:
        """Return one webhook."""
        return Response({"data": EndpointOutput(own(request, id)).data})

    @extend_schema(
        operation_id="webhooks_update",
        parameters=[ENDPOINT_IN_PATH],
        request=EndpointChanges,
        responses=EndpointAnswer,
    )
    def patch(self, request: Request, id: str) -> Response:
        """Change a webhook, or switch it on or off. What is left out stays."""
        queries.refuse_all(request)
        endpoint = services.change_endpoint(
            user=caller(request)[0],
            endpoint_id=endpoint_id(id),
            changes=checked(EndpointChanges, request),
            client=client_of(request._request),
        )
        return Response({"data": EndpointOutput(endpoint).data})

    @extend_schema(
        operation_id="webhooks_delete", parameters=[ENDPOINT_IN_PATH], request=None, responses={204: None}
    )
    def delete(self, request: Request, id: str) -> Response:
        """Delete a webhook, and the log of what was sent to it."""
        services.delete_endpoint(
            user=caller(request)[0], endpoint_id=endpoint_id(id), client=client_of(request._request)
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotateSecret(APIView):
    """Another secret for a webhook."""

    scope = WRITE

    @extend_schema(
        operation_id="webhooks_rotate_secret",
        parameters=[ENDPOINT_IN_PATH],
        request=NoInput,
        responses=NewEndpointAnswer,
    )
    def post(self, request: Request, id: str) -> Response:
        """Give a webhook a new secret, shown in this answer only. The old one signs as well for 24 hours."""
        queries.refuse_all(request)
        checked(NoInput, request)
        endpoint, secret = services.rotate_secret(
            user=caller(request)[0], endpoint_id=endpoint_id(id), client=client_of(request._request)
        )
        return with_secret(endpoint, secret)


class Test(APIView):
    """An event that says nothing."""

    scope = WRITE

    @extend_schema(
        operation_id="webhooks_test",
        parameters=[ENDPOINT_IN_PATH],
        request=NoInput,
        responses={202: DeliveryAnswer},
    )
    def post(self, request: Request, id: str) -> Response:
        """Send the event `webhook.test`, once. The webhook's deliveries say how it went."""
        queries.refuse_all(request)
        checked(NoInput, request)
        return accepted(services.send_test(user=caller(request)[0], endpoint_id=endpoint_id(id)))


class Deliveries(GenericAPIView[Delivery]):
    """What was sent to one of the caller's webhooks."""

    scope = READ
    serializer_class = DeliveryOutput
    cursor_fields = ("-created_at", "-id")

    @extend_schema(
        operation_id="webhooks_deliveries",
        parameters=[ENDPOINT_IN_PATH, DeliveriesQuery],
        responses=DeliveryOutput(many=True),
    )
    def get(self, request: Request, id: str) -> Response:
        """List what was sent to a webhook, newest first, with each attempt and how it ended."""
        query = DeliveriesQuery(data=queries.values(request))
        query.is_valid(raise_exception=True)
        found = own(request, id).deliveries.all()
        if state := query.validated_data.get("status"):
            found = found.filter(status=state)
        page = self.paginate_queryset(with_attempts(found))
        return self.get_paginated_response(DeliveryOutput(page or [], many=True).data)


class Replay(APIView):
    """A delivery once more."""

    scope = WRITE

    @extend_schema(
        operation_id="webhooks_replay",
        parameters=[DELIVERY_IN_PATH],
        request=NoInput,
        responses={202: DeliveryAnswer},
    )
    def post(self, request: Request, id: str) -> Response:
        """Send an event again, under the same `webhook-id`, with all attempts before it."""
        queries.refuse_all(request)
        checked(NoInput, request)
        return accepted(services.replay(user=caller(request)[0], delivery_id=delivery_id(id)))


def own(request: Request, text: str) -> Endpoint:
    """Return the caller's webhook that the path names. Raises UnknownEndpoint."""
    return services.own_endpoint(caller(request)[0], endpoint_id(text))


def endpoint_id(text: str) -> UUID:
    """Return the id in a path. Raises UnknownEndpoint for what never was one."""
    try:
        return ids.read(ids.ENDPOINT, text)
    except ValueError:
        raise UnknownEndpoint from None


def delivery_id(text: str) -> UUID:
    """Return the id in a path. Raises UnknownDelivery for what never was one."""
    try:
        return ids.read(ids.DELIVERY, text)
    except ValueError:
        raise UnknownDelivery from None


def with_attempts(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Return these deliveries as DeliveryOutput needs them, each with its newest attempts."""
    attempts = Attempt.objects.order_by("-at", "-id")[:ATTEMPTS_SHOWN]
    newest = Prefetch("attempts", queryset=attempts, to_attr="newest_attempts")
    return deliveries.select_related("event").prefetch_related(newest)


def accepted(delivery: Delivery) -> Response:
    """Return a delivery that workers will see to."""
    row = with_attempts(Delivery.objects.filter(pk=delivery.pk)).get()
    return Response({"data": DeliveryOutput(row).data}, status=status.HTTP_202_ACCEPTED)


def with_secret(
    endpoint: Endpoint,
    secret: str,
    *,
    status: int = status.HTTP_200_OK,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return a webhook with its secret, for no cache to keep."""
    data = {"secret": secret, **EndpointOutput(endpoint).data}
    return Response({"data": data}, status=status, headers={"Cache-Control": "no-store", **(headers or {})})
