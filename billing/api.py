"""The calls about money: begin a purchase, and see how it stands."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import limits
from accounts.authentication import caller
from api import queries
from billing import services
from billing.errors import PaymentsUnavailable
from billing.models import CreditOrder
from billing.payment_output import PaymentOutput
from billing.serializers import (
    CheckoutInput,
    CheckoutOutput,
    PaymentsQuery,
    PurchaseAnswer,
    PurchaseOutput,
)
from billing.settling import UNSETTLED


class CheckoutSessions(APIView):
    """Where purchases begin."""

    scope = "credits:write"

    @extend_schema(
        operation_id="credits_checkout_session", request=CheckoutInput, responses={201: CheckoutOutput}
    )
    def post(self, request: Request) -> Response:
        """Order a package of credits, and get the address of the page on which to pay it."""
        queries.refuse_all(request)
        form = CheckoutInput(data=request.data)
        form.is_valid(raise_exception=True)
        user = caller(request)[0]
        limits.spend("credits.checkout", address="", email=user.email)
        begun = services.start_checkout(user=user, **form.validated_data)
        return Response(
            {"checkout_url": begun.url, "session_id": begun.session_id}, status=status.HTTP_201_CREATED
        )


class Payments(ListAPIView[CreditOrder]):
    """What the account has paid."""

    scope = "credits:read"
    serializer_class = PaymentOutput
    queryset = CreditOrder.objects.none()
    cursor_fields = ("-created_at", "-id")

    def get_queryset(self) -> QuerySet[CreditOrder]:
        """Return the payments asked for."""
        query = PaymentsQuery(data=queries.values(self.request))
        query.is_valid(raise_exception=True)
        found: QuerySet[CreditOrder] = CreditOrder.objects.for_user(caller(self.request)[0]).begun()
        status = query.validated_data.get("status")
        return found.filter(status=status) if status else found

    @extend_schema(operation_id="payments_list", parameters=[PaymentsQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List your payments with their receipts, newest first; pages that were left unpaid are none."""
        return super().get(request, *args, **kwargs)


class CheckoutSession(APIView):
    """A purchase, found by the session that the buyer comes back with."""

    scope = "credits:read"

    @extend_schema(operation_id="credits_checkout_session_status", responses={200: PurchaseAnswer})
    def get(self, request: Request, id: str) -> Response:
        """Say how a purchase stands. What is paid is granted by then; some banks take days to pay."""
        queries.refuse_all(request)
        try:
            order = services.fulfil(id, user=caller(request)[0])
        except UNSETTLED:
            raise PaymentsUnavailable from None
        return Response({"data": PurchaseOutput(order).data})
