"""POST webhooks/stripe: where Stripe tells what has happened. Verified, stored, answered; worked later."""

from typing import IO, cast

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.parsers import read
from billing import inbox
from billing.tasks import soon, work_event

MOST_BYTES = 512 * 1024


@extend_schema(exclude=True)
class StripeWebhook(APIView):
    """The inbox. The signature says who sends; nobody is counted, for Stripe is busy at times."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()

    def post(self, request: Request) -> Response:
        """Take an event. Whatever becomes of it, Stripe need not send it again."""
        sent = request._request
        length = int(sent.META.get("CONTENT_LENGTH") or 0)
        body = read(cast(IO[bytes], sent), declared=length, limit=MOST_BYTES)
        row = inbox.receive(body, sent.META.get("HTTP_STRIPE_SIGNATURE", ""))
        if row is not None:
            soon(work_event, row.pk)
        return Response({"received": True})
