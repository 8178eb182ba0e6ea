"""The calls about an ASIN."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import caller
from api import queries
from api.ids import charge_key
from api.renderers import written
from credits.services import Payment, payment
from products import catalogue, services
from products.models import Observation
from products.outputs import LookupOutput, ObservationOutput, ProductOutput, age
from products.serializers import HistoryOptions, HistoryQuery, LookupInput, LookupOptions, LookupQuery

ASIN_IN_PATH = OpenApiParameter("asin", str, OpenApiParameter.PATH, description="Such as B07ZPKCJ6X.")


class Lookup(APIView):
    """One product, paid for when it is delivered. No HEAD: it would pay for what is not sent."""

    scope = "products:read"
    http_method_names = ["get", "post", "options"]

    def answer(self, request: Request, query: LookupInput) -> Response:
        """Look up what the query asks for, and charge what was delivered of it."""
        query.is_valid(raise_exception=True)
        asked = dict(query.validated_data)
        context = {"images": asked.pop("include_images"), "parts": asked["parts"]}
        user, credential = caller(request)
        price, key = services.price(asked["parts"]), charge_key(request)
        with payment(
            user, price, operation=services.LOOKUP, key=key, reference=asked["asin"], cap=credential.cap
        ) as due:
            answer = services.lookup(**asked, before_upstream=due.authorise)
            due.amount = services.due(answer, asked["parts"])
            data = written(ProductOutput(answer, context=context).data)  # an answer that fails is not charged
        headers = {"Age": str(age(answer)), **receipt(due, key)}
        return Response({"credits_used": due.charged, "data": data}, headers=headers)


class LookupByBody(Lookup):
    """Look up a product named in the body."""

    @extend_schema(operation_id="products_lookup", request=LookupInput, responses=LookupOutput)
    def post(self, request: Request) -> Response:
        """Return what is known about an ASIN. Costs 1 credit, with offers 1 more, with reviews 1 more."""
        queries.refuse_all(request)
        return self.answer(request, LookupInput(data=request.data))


class LookupByPath(Lookup):
    """Look up a product named in the path."""

    @extend_schema(
        operation_id="products_get", parameters=[ASIN_IN_PATH, LookupOptions], responses=LookupOutput
    )
    def get(self, request: Request, asin: str) -> Response:
        """Return what is known about an ASIN. Costs 1 credit, with offers 1 more, with reviews 1 more."""
        return self.answer(request, LookupQuery(data=queries.values(request, besides={"asin": asin})))


class History(ListAPIView[Observation]):
    """How price, rank and rating of a product moved, the newest first. Free."""

    scope = "products:read"
    serializer_class = ObservationOutput
    queryset = Observation.objects.none()
    cursor_fields = ("-observed_at", "-id")

    def get_queryset(self) -> QuerySet[Observation]:
        """Return the observations asked for."""
        query = HistoryQuery(data=queries.values(self.request, besides={"asin": self.kwargs["asin"]}))
        query.is_valid(raise_exception=True)
        return services.history(**query.validated_data)

    @extend_schema(operation_id="products_history", parameters=[ASIN_IN_PATH, HistoryOptions])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return what was observed of an ASIN, by us or by the upstreams."""
        return super().get(request, *args, **kwargs)


def receipt(due: Payment, key: str) -> dict[str, str]:
    """Return the headers that say what a finished payment took."""
    facts = {
        "X-Credits-Charged": due.charged,
        "X-Credits-Remaining": due.available,
        "X-Charge-Id": key if due.charged else None,
    }
    return {name: str(fact) for name, fact in facts.items() if fact is not None}


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
