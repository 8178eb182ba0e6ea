"""The calls about an ASIN."""

from contextlib import suppress
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import caller
from api import admission, conditional
from api.answers import delivered
from api.ids import charge_key, is_again
from credits.caps import spendable
from credits.errors import MaxCreditsExceeded
from credits.services import payment
from products import catalogue, kept, questions, receipt, services
from products.outputs import DryRunOutput, LookupOutput
from products.questions import Question
from products.serializers import ASIN_IN_PATH, LookupInput, LookupOptions
from products.shapes import complete
from products.store import cache_key
from providers.base import Freshness

LOOKED_UP = PolymorphicProxySerializer(
    component_name="LookupAnswer",
    serializers=[LookupOutput, DryRunOutput],
    resource_type_field_name=None,
)


class Lookup(APIView):
    """One product, paid for when it is delivered. No HEAD: it would pay for what is not sent."""

    scope = "products:read"
    http_method_names = ["get", "post", "options"]
    operation = services.LOOKUP

    def answer(self, request: Request, asked: Question) -> HttpResponseBase:
        """Look up what is asked, and charge what was delivered of it."""
        price = services.price(asked.shape.parts)
        if asked.max_credits is not None and price > asked.max_credits:
            raise MaxCreditsExceeded(price, asked.max_credits)
        if asked.dry_run:
            return self.quote(request, asked, price)
        user, credential = caller(request)
        key = charge_key(request)
        with payment(
            user,
            price,
            operation=services.LOOKUP,
            key=key,
            reference=asked.asin,
            cap=credential.cap,
            is_again=is_again(request),
        ) as due:
            answer = services.lookup(
                asin=asked.asin,
                marketplace=asked.marketplace,
                parts=asked.shape.parts,
                max_age=asked.max_age,
                only_if_cached=asked.only_if_cached,
                before_upstream=due.authorise,
                found=admission.found(request, cache_key(asked.asin, asked.marketplace)),
            )
            shown, tag = kept.shown(answer, asked.shape)
            # What this call has asked for can be nobody's already, though `*` would say so.
            is_known = answer.freshness is not Freshness.UPSTREAM and conditional.is_known(request, tag)
            due.amount = 0 if is_known else services.due(answer, asked.shape.parts)
            due.metadata = receipt.note(answer, asked.shape.parts, credential)
        headers = {"ETag": tag, **receipt.headers(answer, due, key)}
        if is_known:
            return HttpResponse(status=304, content_type="application/json", headers=headers)
        data = complete(shown, answer.freshness, answer.age)
        return delivered(request, data, credits_used=due.charged, headers=headers)

    def quote(self, request: Request, asked: Question, price: int) -> Response:
        """Say what the lookup would cost, and whether there is enough."""
        user, credential = caller(request)
        available = spendable(user, credential.cap)
        data = {
            "operation": services.LOOKUP,
            "asin": asked.asin,
            "marketplace": asked.marketplace,
            "quoted": price,
            "available": available,
            "is_affordable": available >= price,
        }
        return Response({"credits_used": 0, "dry_run": True, "data": data})


class LookupByBody(Lookup):
    """Look up a product named in the body."""

    @extend_schema(operation_id="products_lookup", request=LookupInput, responses=LOOKED_UP)
    def post(self, request: Request) -> HttpResponseBase:
        """Return what is known about an ASIN. Costs 1 credit, with offers 1 more, with reviews 1 more."""
        return self.answer(request, questions.in_body(request))

    def kept_as(self, request: Request) -> str:
        """Name what Redis keeps about the product, if the body is short and plain."""
        asked = questions.guessed(request._request)
        return cache_key(*asked) if asked else ""


class LookupByPath(Lookup):
    """Look up a product named in the path."""

    @extend_schema(operation_id="products_get", parameters=[ASIN_IN_PATH, LookupOptions], responses=LOOKED_UP)
    def get(self, request: Request, asin: str) -> HttpResponseBase:
        """Return what is known about an ASIN. Costs 1 credit, with offers 1 more, with reviews 1 more."""
        return self.answer(request, questions.in_path(request, asin))

    def kept_as(self, request: Request) -> str:
        """Name what Redis keeps about the product."""
        with suppress(APIException, SuspiciousOperation):  # what is wrong is said to who may ask
            asked = questions.in_path(request, self.kwargs["asin"])
            return cache_key(asked.asin, asked.marketplace)
        return ""


class Public(APIView):
    """A page of facts that needs no credentials and may be kept for an hour."""

    authentication_classes = ()
    permission_classes = ()

    def kept(self, body: dict[str, Any]) -> Response:
        """Return facts that change with a release only."""
        return Response(body, headers={"Cache-Control": "public, max-age=3600"})


class Marketplaces(Public):
    """Where products can be looked up."""

    @extend_schema(operation_id="marketplaces", responses=catalogue.MarketplacesOutput)
    def get(self, request: Request) -> Response:
        """Return the 23 marketplaces."""
        return self.kept({"data": catalogue.marketplaces()})


class Pricing(Public):
    """What things cost."""

    @extend_schema(operation_id="pricing", responses=catalogue.PricingOutput)
    def get(self, request: Request) -> Response:
        """Return what each operation costs in credits, what a pack of credits costs, and what is free."""
        return self.kept({"data": catalogue.pricing()})
