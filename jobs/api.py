"""The calls about jobs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import checked
from accounts.authentication import caller
from accounts.serializers import NoInput
from api import parsers, queries
from api.connections import give_back_connection
from api.errors import BodyTooLarge
from api.ids import charge_key, uuid_of
from api.uploads import FIELD, FORM, Upload, uploaded
from credits.caps import spendable
from jobs import ids, services
from jobs.errors import UnknownJob
from jobs.export import FORMATS, stream
from jobs.models import Job
from jobs.parsing import InputRefused, Parsed, read, read_list, read_text
from jobs.serializers import (
    BulkDryRunAnswer,
    JobAnswer,
    JobOutput,
    JobsQuery,
    ResultsAnswer,
    ResultsOptions,
    body_form,
    options_form,
    order_of,
    quote_data,
)
from jobs.tasks import wake
from jobs.telling import job_data, results_head

JSON = "application/json"
XLSX = FORMATS["xlsx"].media_type
TYPES = ("text/csv", "text/tab-separated-values", "text/plain", XLSX, "application/octet-stream")
BINARY = {"type": "string", "format": "binary"}
A_FORM = {"type": "object", "required": [FIELD], "properties": {FIELD: BINARY}, "additionalProperties": False}
ID_IN_PATH = OpenApiParameter(
    "id", str, OpenApiParameter.PATH, description="Such as job_01M7WFKV43SJVE1JF5CSSDCCV6."
)
TAKEN = PolymorphicProxySerializer(
    component_name="BulkAnswer", serializers=[JobAnswer, BulkDryRunAnswer], resource_type_field_name=None
)


class Bulk(APIView):
    """Many codes in one call. `media_types` says that a file may be the body; so may JSON."""

    operation: ClassVar[str]
    media_types: ClassVar = (JSON, *TYPES)

    @property
    def max_body_bytes(self) -> int:
        """How large a file may be."""
        return int(settings.BULK["max_bytes"])

    def answer(self, request: Request) -> Response:
        """Take what is sent as a job, or say what it would cost."""
        with uploaded(request._request, limit=self.max_body_bytes, types=self.media_types) as sent:
            is_json = sent.media_type == JSON
            given = self.in_body(request, sent) if is_json else self.in_query(request)
            with refusals():
                parsed = rows_of(given) if is_json else rows_in(sent, given)
                order = order_of(self.operation, given, file=sent.name)
                return (
                    self.quoted(request, parsed, order)
                    if given["dry_run"]
                    else self.taken(request, parsed, order)
                )

    def in_body(self, request: Request, sent: Upload) -> dict[str, Any]:
        """Return what a JSON body asks for. Raises ValidationError, MalformedBody, BodyTooLarge."""
        refuse_query(request)
        most = settings.BULK["max_json_bytes"]
        body = sent.file.read(most + 1)
        if len(body) > most:
            raise BodyTooLarge(most)
        form = body_form(self.operation)(data=parsers.loads(body))
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def in_query(self, request: Request) -> dict[str, Any]:
        """Return what the query beside a file asks for. Raises ValidationError."""
        form = options_form(self.operation)(data=queries.values(request))
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def quoted(self, request: Request, parsed: Parsed, order: services.Order) -> Response:
        """Say what the job would cost, and whether there is enough."""
        user, credential = caller(request)
        quote = services.quote(parsed, order, user=user, credential=credential, id=ids.new())
        data = quote_data(self.operation, quote, spendable(user, credential.cap))
        return Response({"credits_used": 0, "dry_run": True, "data": data})

    def taken(self, request: Request, parsed: Parsed, order: services.Order) -> Response:
        """Keep the job, and have workers begin. Repeated under its Idempotency-Key, it is the same job."""
        user, credential = caller(request)
        number = uuid_of(charge_key(request).replace("chg_", "req_", 1))
        return accepted(services.submit(parsed, order, user=user, credential=credential, id=number))


def refuse_query(request: Request) -> None:
    """Refuse options in the query beside a JSON body, which has them itself. Raises ValidationError."""
    if request.query_params:
        why = [ErrorDetail("Beside a JSON body, say this in the body.", code="belongs_in_body")]
        raise ValidationError(dict.fromkeys(request.query_params, why))


def accepted(job: Job) -> Response:
    """Answer 202, and where to look for what becomes of it; then have workers begin."""
    where = f"/api/v1/jobs/{ids.shown(job.pk)}"
    data = job_data(services.progress([job])[job.pk])  # as it is before anybody has begun
    wake(job)
    return Response(
        {"credits_used": job.captured, "data": data},
        status=status.HTTP_202_ACCEPTED,
        headers={"Location": where, "Retry-After": "1"},
    )


def rows_of(given: dict[str, Any]) -> Parsed:
    """Return the rows of a JSON body. Raises InputRefused."""
    most = settings.BULK["max_rows"]
    if "items" in given:
        return read_list(given["items"], most_rows=most)
    return read_text(given["text"], most_rows=most, column=given["column"], ref_column=given["ref_column"])


def rows_in(sent: Upload, given: dict[str, Any]) -> Parsed:
    """Return the rows of a file. Raises InputRefused."""
    return read(
        sent.file,
        media_type=sent.media_type,
        name=sent.name,
        charset=sent.charset,
        column=given["column"],
        ref_column=given["ref_column"],
        most_rows=settings.BULK["max_rows"],
    )


@contextmanager
def refusals() -> Iterator[None]:
    """Tell what is wrong with the input as a problem of the field it came in."""
    try:
        yield
    except InputRefused as refused:
        raise ValidationError({refused.field: [ErrorDetail(refused.detail, code="unreadable")]}) from None


def described(name: str, operation_id: str) -> Any:
    """Describe a call that takes many codes."""
    return extend_schema(
        operation_id=operation_id,
        parameters=[options_form(name)],
        request={JSON: body_form(name), **dict.fromkeys(TYPES, BINARY), FORM: A_FORM},
        responses={202: JobAnswer, 200: BulkDryRunAnswer},
    )


class ProductsBulk(Bulk):
    """Look up many products."""

    scope = "products:read"
    operation = "product.lookup"

    @described("product.lookup", "products_bulk")  # type: ignore[untyped-decorator]
    def post(self, request: Request) -> Response:
        """Look up many ASINs, 50,000 at most, as a job. FNSKUs among them are converted, with their product.

        The rows are `items` or `text` of a JSON body; or a file (CSV, TSV, XLSX, text; options in the query).
        The credits it can cost at most are set aside, and taken piece by piece for what is delivered.
        """
        return self.answer(request)


class ConversionBulk(Bulk):
    """Convert many codes."""

    scope = "conversion:read"
    operation = "conversion.fnsku"

    @described("conversion.fnsku", "conversion_bulk")  # type: ignore[untyped-decorator]
    def post(self, request: Request) -> Response:
        """Convert many FNSKUs, 50,000 at most, as a job. What is an ASIN already is free.

        The rows are `items` or `text` of a JSON body; or a file (CSV, TSV, XLSX, text; options in the query).
        The credits it can cost at most are set aside, and taken piece by piece for what is delivered.
        """
        return self.answer(request)


class Jobs(GenericAPIView[Job]):
    """The account's jobs."""

    scope = "jobs:read"
    serializer_class = JobOutput
    queryset = Job.objects.none()
    cursor_fields = ("-id",)

    @extend_schema(operation_id="jobs_list", parameters=[JobsQuery], responses=JobOutput(many=True))
    def get(self, request: Request) -> Response:
        """List your jobs, newest first."""
        query = JobsQuery(data=queries.values(request))
        query.is_valid(raise_exception=True)
        found: QuerySet[Job] = Job.objects.for_user(caller(request)[0])
        if "status" in query.validated_data:
            found = found.filter(status=query.validated_data["status"])
        page = self.paginate_queryset(found) or []
        told = services.progress(page)
        return self.get_paginated_response([job_data(told[job.pk]) for job in page])


class OneJob(APIView):
    """One of the account's jobs."""

    scope = "jobs:read"

    @extend_schema(operation_id="jobs_get", parameters=[ID_IN_PATH], responses=JobAnswer)
    def get(self, request: Request, id: str) -> Response:
        """Say how far a job has come: rows by outcome, credits, how fast it goes, how long it takes."""
        job = job_of(request, id)
        return Response({"credits_used": 0, "data": job_data(services.progress([job])[job.pk])})


class Results(APIView):
    """What became of each row."""

    scope = "jobs:read"
    http_method_names = ["get", "options"]

    @extend_schema(
        operation_id="jobs_results",
        parameters=[ID_IN_PATH, ResultsOptions],
        responses={
            (200, JSON): ResultsAnswer,
            **{(200, one.media_type): BINARY for one in FORMATS.values() if one.media_type != JSON},
        },
    )
    def get(self, request: Request, id: str) -> StreamingHttpResponse:
        """Give the rows in the order of the input, each with its outcome, reason, credits and answer.

        While the job runs, these are the results so far. They are kept for 30 days after its end.
        """
        query = ResultsOptions(data=queries.values(request))
        query.is_valid(raise_exception=True)
        job = job_of(request, id)
        form = FORMATS[query.validated_data["format"]]
        head = results_head(job) | {"request_id": request._request.id}  # type: ignore[attr-defined]
        give_back_connection()
        rows = services.results(job, status=query.validated_data.get("status", ""))
        answer = StreamingHttpResponse(
            stream(query.validated_data["format"], rows, head=head), content_type=form.media_type
        )
        answer["Content-Disposition"] = f'attachment; filename="{id}.{form.extension}"'
        answer["Cache-Control"] = "private, no-store"
        return answer


class Cancel(APIView):
    """An end before the end."""

    scope = "jobs:write"

    @extend_schema(operation_id="jobs_cancel", parameters=[ID_IN_PATH], request=None, responses=JobAnswer)
    def post(self, request: Request, id: str) -> Response:
        """Cancel a job: its credits are let go at once, but for rows in flight, which still count."""
        queries.refuse_all(request)
        checked(NoInput, request)
        job = services.cancel(number_of(id), user=caller(request)[0])
        return Response({"credits_used": 0, "data": job_data(services.progress([job])[job.pk])})


class RetryFailed(APIView):
    """Another try."""

    scope = "jobs:write"

    @extend_schema(
        operation_id="jobs_retry_failed", parameters=[ID_IN_PATH], request=None, responses={202: JobAnswer}
    )
    def post(self, request: Request, id: str) -> Response:
        """Send the rows of an ended job to work again that failed, were left out or never reached."""
        queries.refuse_all(request)
        checked(NoInput, request)
        user, credential = caller(request)
        return accepted(services.retry_failed(number_of(id), user=user, credential=credential))


def number_of(id: str) -> Any:
    """Return the number of a job that a caller names. Raises UnknownJob."""
    try:
        return ids.read(id)
    except ValueError:
        raise UnknownJob from None


def job_of(request: Request, id: str) -> Job:
    """Return a job of this account. Raises UnknownJob."""
    job: Job | None = Job.objects.for_user(caller(request)[0]).filter(pk=number_of(id)).first()
    if job is None:
        raise UnknownJob
    return job
