"""POST conversion/fnsku-to-asin, and what it answered before."""

import re
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import caller
from api import queries
from api.ids import charge_key, is_again
from conversion import ids, services
from conversion.convert_serializers import (
    ConvertDryRunOutput,
    ConvertInput,
    ConvertOutput,
    HistoryOutput,
    HistoryQuery,
)
from conversion.errors import NoMatch, NotSureEnough, UnknownConversion
from conversion.models import Conversion
from conversion.purchases import Delivered, deliver
from conversion.services import CONVERT, Question
from credits.caps import spendable
from credits.errors import MaxCreditsExceeded
from providers.recognition import recognise

USUAL_WAIT, LONGEST_WAIT = 10, 60  # seconds
_WAIT = re.compile(r"(?:^|,)\s*wait\s*=\s*(\d{1,4})\s*(?:,|;|$)", re.IGNORECASE)
CONVERTED = PolymorphicProxySerializer(
    component_name="ConvertAnswer",
    serializers=[ConvertOutput, ConvertDryRunOutput],
    resource_type_field_name=None,
)
PREFER = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description="`wait=n`: wait n seconds (0 to 60, else 10) for a source that needs time, then answer 202.",
)
ID_IN_PATH = OpenApiParameter(
    "id", str, OpenApiParameter.PATH, description="Such as cnv_01M7WFKV43SJVE1JF5CSSDCCV6."
)


class Convert(APIView):
    """From an FNSKU to its ASIN, paid for when it is delivered."""

    scope = "conversion:read"
    operation = CONVERT

    @extend_schema(
        operation_id="conversion_convert",
        request=ConvertInput,
        parameters=[PREFER],
        responses={200: CONVERTED, 202: ConvertOutput},
    )
    def post(self, request: Request) -> Response:
        """Return which ASIN an FNSKU means, with a confidence that is a probability. Costs 2 credits."""
        queries.refuse_all(request)
        form = ConvertInput(data=request.data)
        form.is_valid(raise_exception=True)
        question: Question = form.validated_data["question"]
        price = services.price(include_product=question.include_product)
        most = form.validated_data["max_credits"]
        if most is not None and price > most:
            raise MaxCreditsExceeded(price, most)
        if form.validated_data["dry_run"]:
            return self.quote(request, question, price)
        user, credential = caller(request)
        key = charge_key(request)
        delivered = deliver(
            question,
            user=user,
            credential=credential,
            key=key,
            is_again=is_again(request),
            wait=wanted_wait(request),
        )
        return answer(request, delivered, key)

    def quote(self, request: Request, question: Question, price: int) -> Response:
        """Say what the conversion would cost, and whether there is enough."""
        user, credential = caller(request)
        credits = spendable(user, credential.cap)
        data = {
            "operation": CONVERT,
            "fnsku": question.code.normal,
            "marketplace": question.marketplace,
            "quoted": price,
            "available": credits,
            "is_affordable": credits >= price,
        }
        return Response({"credits_used": 0, "dry_run": True, "data": data})


class Detail(APIView):
    """One conversion; one that was pending is tried again, and paid for when it is delivered."""

    scope = "conversion:read"
    http_method_names = ["get", "options"]  # no HEAD: it would pay for what is not sent
    operation = CONVERT

    @extend_schema(
        operation_id="conversion_get",
        parameters=[ID_IN_PATH, PREFER],
        responses={200: ConvertOutput, 202: ConvertOutput},
    )
    def get(self, request: Request, id: str) -> Response:
        """Return what was answered; of one that was pending, what is known now, for 2 credits once it is."""
        user, credential = caller(request)
        row = row_of(id, user)
        if row.status != Conversion.Status.PENDING:
            return Response({"credits_used": 0, "data": row.answer or outline(row)})
        question = Question(code=recognise(row.code), marketplace=row.marketplace, **row.asked)
        key = f"chg_{ids.shown(row.id).removeprefix(ids.PREFIX)}"
        try:
            delivered = deliver(
                question,
                user=user,
                credential=credential,
                key=key,
                is_again=False,
                wait=wanted_wait(request),
                row=row,
            )
        except (NoMatch, NotSureEnough):
            Conversion.objects.filter(pk=row.pk, status=row.status).update(status=Conversion.Status.NOT_FOUND)
            raise
        return answer(request, delivered, key)


class History(ListAPIView[Conversion]):
    """What was converted, the newest first."""

    scope = "conversion:read"
    serializer_class = HistoryOutput
    queryset = Conversion.objects.none()
    cursor_fields = ("-created_at", "-id")

    def get_queryset(self) -> QuerySet[Conversion]:
        """Return the conversions asked for."""
        query = HistoryQuery(data=queries.values(self.request))
        query.is_valid(raise_exception=True)
        found = Conversion.objects.for_user(caller(self.request)[0])
        code = query.validated_data["fnsku"]
        return found.filter(code=code.normal) if code else found

    @extend_schema(operation_id="conversion_history", parameters=[HistoryQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return your own conversions. Free."""
        return super().get(request, *args, **kwargs)


def wanted_wait(request: Request) -> int:
    """Return how many seconds the caller waits for a source that needs time (RFC 7240)."""
    found = _WAIT.search(request.META.get("HTTP_PREFER", ""))
    return min(int(found[1]), LONGEST_WAIT) if found else USUAL_WAIT


def row_of(id: str, user: Any) -> Conversion:
    """Return a conversion of this account; raises UnknownConversion."""
    try:
        row = Conversion.objects.for_user(user).filter(pk=ids.read(id)).first()
    except ValueError:
        row = None
    if row is None:
        raise UnknownConversion
    found: Conversion = row
    return found


def answer(request: Request, delivered: Delivered, key: str) -> Response:
    """Return what was delivered and what it cost, or where to look for it."""
    row, due = delivered.row, delivered.due
    left = spendable(row.user, due.cap) if due.available is None else due.available
    headers = {"X-Credits-Charged": str(due.charged), "X-Credits-Remaining": str(left)}
    headers["Cache-Control"] = "private, no-cache"
    if due.charged:
        headers["X-Charge-Id"] = key
    if _WAIT.search(request.META.get("HTTP_PREFER", "")):
        headers["Preference-Applied"] = f"wait={wanted_wait(request)}"
    if delivered.retry_after is None:
        return Response({"credits_used": due.charged, "data": row.answer}, headers=headers)
    headers["Location"] = f"/api/v1/conversion/{ids.shown(row.id)}"
    headers["Retry-After"] = str(max(1, round(delivered.retry_after)))
    return Response({"credits_used": 0, "data": outline(row)}, status=202, headers=headers)


def outline(row: Conversion) -> dict[str, Any]:
    """Return what is said of a conversion without an answer."""
    return {
        "id": ids.shown(row.id),
        "status": row.status,
        "fnsku": row.code,
        "marketplace": row.marketplace,
    }
