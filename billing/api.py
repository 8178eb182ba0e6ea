"""The calls about money: begin a purchase, and see how it stands."""

import stripe
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import limits
from accounts.authentication import caller
from api import queries
from billing import services
from billing.errors import PaymentsUnavailable, StillChanging, Unmatched
from billing.serializers import CheckoutInput, CheckoutOutput, PurchaseAnswer, PurchaseOutput


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


class CheckoutSession(APIView):
    """A purchase, found by the session that the buyer comes back with."""

    scope = "credits:read"

    @extend_schema(operation_id="credits_checkout_session_status", responses={200: PurchaseAnswer})
    def get(self, request: Request, id: str) -> Response:
        """Say how a purchase stands. What is paid is granted by then; some banks take days to pay."""
        queries.refuse_all(request)
        try:
            order = services.fulfil(id, user=caller(request)[0])
        except (stripe.StripeError, StillChanging, Unmatched):
            raise PaymentsUnavailable from None
        return Response({"data": PurchaseOutput(order).data})
