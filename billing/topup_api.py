"""The calls about saved cards and automatic top-ups. No API key makes them: a person's card is charged."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import limits
from accounts.api import checked
from accounts.authentication import caller
from accounts.client_address import client_of
from accounts.models import User
from api import queries
from billing import services
from billing.models import AutoTopUp, CreditOrder
from billing.topup_serializers import (
    AutoTopUpAnswer,
    AutoTopUpInput,
    AutoTopUpOutput,
    CardOutput,
    CardsAnswer,
    PortalInput,
    PortalOutput,
)


class PaymentMethods(APIView):
    """The saved cards."""

    @extend_schema(operation_id="credits_payment_methods", responses=CardsAnswer)
    def get(self, request: Request) -> Response:
        """List your saved cards, the newest first. They are saved with a purchase, or in the portal."""
        queries.refuse_all(request)
        cards = services.saved_cards(asking_stripe(request))
        return Response({"data": CardOutput(cards, many=True).data})


class PortalSessions(APIView):
    """Where cards are managed."""

    @extend_schema(operation_id="credits_portal_session", request=PortalInput, responses={201: PortalOutput})
    def post(self, request: Request) -> Response:
        """Get the address of Stripe's portal, where you add and remove cards. It is good for minutes."""
        told = checked(PortalInput, request)
        address = services.open_portal(asking_stripe(request), **told)
        return Response({"portal_url": address}, status=status.HTTP_201_CREATED)


class TopUps(APIView):
    """The automatic top-up."""

    @extend_schema(operation_id="credits_auto_top_up_get", responses=AutoTopUpAnswer)
    def get(self, request: Request) -> Response:
        """Say whether credits are bought automatically, when and how many; if not, why not."""
        queries.refuse_all(request)
        return answer(caller(request)[0])

    @extend_schema(operation_id="credits_auto_top_up_set", request=AutoTopUpInput, responses=AutoTopUpAnswer)
    def put(self, request: Request) -> Response:
        """Have credits bought with a saved card whenever few are left; or change when and how many.

        Without `consent_text` the answer (`consent_missing`) has it: show it to the card's owner.
        """
        told = checked(AutoTopUpInput, request)
        user = asking_stripe(request)
        services.turn_on(user=user, client=client_of(request._request), **told)
        return answer(user)

    @extend_schema(operation_id="credits_auto_top_up_unset", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Buy nothing automatically any more. What is being paid at this moment is still paid."""
        services.turn_off(user=caller(request)[0], client=client_of(request._request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def asking_stripe(request: Request) -> User:
    """Return the caller, counted: each of these calls is one to Stripe. Raises RateLimited."""
    user = caller(request)[0]
    limits.spend("credits.cards", address="", email=user.email)
    return user


def answer(user: User) -> Response:
    """Return how the top-up of an account stands."""
    plan = AutoTopUp.objects.filter(user=user).select_related("user", "off_order").first()
    return Response({"data": shown(plan) if plan and plan.livemode == settings.STRIPE_LIVE_MODE else NONE})


def shown(plan: AutoTopUp) -> dict[str, Any]:
    """Return a top-up as the API gives it."""
    plan.spent_this_month = services.spent_in_month(plan, timezone.now())  # type: ignore[attr-defined]
    plan.under_way = CreditOrder.objects.for_user(plan.user).open_top_ups().exists()  # type: ignore[attr-defined]
    return dict(AutoTopUpOutput(plan).data)


NONE: dict[str, Any] = dict.fromkeys(AutoTopUpOutput.Meta.fields) | {"enabled": False}
