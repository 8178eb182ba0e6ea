"""What the calls about jobs take and give."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.serializers import ListQuery, StrictSerializer
from api.bulk import Outcome
from jobs.export import FORMATS
from jobs.intake import Order, Quote
from jobs.models import Job
from jobs.operations import operation
from jobs.reading.given import MOST_REF
from jobs.results import STATUSES
from jobs.telling import PRIORITIES

MOST_CREDITS = 100_000_000
REJECT, PARTIAL = "reject", "partial"


class JobOptions(StrictSerializer):
    """What can be said about a job besides its rows and what is asked about them."""

    strict_types = False
    name = serializers.CharField(
        default="", allow_blank=True, max_length=200, help_text="What you call the job."
    )
    column = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=200,
        help_text="Which column holds the codes: its header, its letter or its number. Else it is found.",
    )
    ref_column = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=200,
        help_text="Which column holds your own reference of each row, to be given back with its result.",
    )
    priority = serializers.ChoiceField(
        choices=list(PRIORITIES), default="normal", help_text="Among your own jobs."
    )
    on_insufficient = serializers.ChoiceField(
        choices=[REJECT, PARTIAL],
        default=REJECT,
        help_text="When the credits do not reach for all: refuse the job, or leave out the last rows.",
    )
    max_credits = serializers.IntegerField(
        default=None,
        min_value=0,
        max_value=MOST_CREDITS,
        help_text="Refuse, for nothing, what may cost more.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Say what it would cost, and do nothing.")


@extend_schema_field(
    {
        "type": "array",
        "minItems": 1,
        "items": {
            "anyOf": [
                {"type": "string", "maxLength": 4096},
                {
                    "type": "object",
                    "required": ["code"],
                    "additionalProperties": False,
                    "properties": {
                        "code": {"type": "string", "maxLength": 4096},
                        "ref": {"type": "string", "maxLength": MOST_REF},
                    },
                },
            ]
        },
    }
)
class ItemsField(serializers.Field[list[Any], Any, Any, Any]):
    """Codes, alone or each with its reference; what is in the list is read by `jobs.parsing`."""

    def to_internal_value(self, data: Any) -> list[Any]:
        """Return the list."""
        if not isinstance(data, list):
            raise serializers.ValidationError("This must be a list.", code="invalid")
        return data


class Rows(StrictSerializer):
    """The rows of a job in the body of the call: one of `items` and `text`."""

    items = ItemsField(required=False, help_text="Codes, or objects with `code` and `ref`.")
    text = serializers.CharField(
        required=False,
        max_length=16_000_000,
        trim_whitespace=False,
        help_text="What was pasted: one code in a line, or the columns of a spreadsheet.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both and neither."""
        attrs = super().validate(attrs)
        if ("items" in attrs) == ("text" in attrs):
            why = ErrorDetail("Give either items or text.", code="one_of")
            raise serializers.ValidationError({"items": [why]})
        return attrs


def options_form(name: str) -> type[StrictSerializer]:
    """Return the form of a query beside a file: a job's options, and those of its operation."""
    made = type(f"{_camel(name)}BulkOptions", (operation(name).form, JobOptions), {"strict_types": False})
    made.__doc__ = "What can be said about a job whose rows are a file, in the query."
    return made


def body_form(name: str) -> type[StrictSerializer]:
    """Return the form of a body: the same, and the rows."""
    made = type(f"{_camel(name)}BulkInput", (Rows, operation(name).form, JobOptions), {"strict_types": True})
    made.__doc__ = "Which rows are to be answered, and how."
    return made


def _camel(name: str) -> str:
    return "".join(word.title() for word in name.split("."))


def order_of(name: str, given: Mapping[str, Any], *, file: str = "") -> Order:
    """Return what a checked form asks for."""
    return Order(
        operation=name,
        options=operation(name).asked(given),
        name=given["name"] or file,
        priority=PRIORITIES[given["priority"]],
        is_partial=given["on_insufficient"] == PARTIAL,
        max_credits=given["max_credits"],
    )


class CreditsOutput(serializers.Serializer[Any]):
    """What a job costs."""

    quoted = serializers.IntegerField(help_text="What it could cost at most when it was sent.")
    held = serializers.IntegerField(help_text="Still set aside.")
    captured = serializers.IntegerField(help_text="Taken for what was delivered.")
    released = serializers.IntegerField(help_text="Set aside and let go again.")


class StatusesOutput(serializers.Serializer[Any]):
    """Rows by status."""

    pending = serializers.IntegerField()
    running = serializers.IntegerField()
    done = serializers.IntegerField(help_text="Delivered.")
    failed = serializers.IntegerField(help_text="Everything else; `outcomes` says what.")


class InputOutput(serializers.Serializer[Any]):
    """How the input was read."""

    format = serializers.CharField()
    encoding = serializers.CharField(allow_blank=True)
    delimiter = serializers.CharField(allow_blank=True)
    column = serializers.CharField(
        allow_blank=True, help_text="In which the codes were found; empty for a list."
    )
    ref_column = serializers.CharField(allow_blank=True)
    kinds = serializers.DictField(child=serializers.IntegerField(), help_text="Rows by kind of code.")
    warnings = serializers.ListField(child=serializers.CharField())


class JobOutput(serializers.Serializer[Any]):
    """A job and how far it has come."""

    id = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    operation = serializers.CharField()
    options = serializers.DictField(child=serializers.JSONField())
    status = serializers.ChoiceField(choices=Job.Status.choices)
    is_expired = serializers.BooleanField(help_text="Its time ran out before all was answered.")
    priority = serializers.ChoiceField(choices=list(PRIORITIES))
    rows = serializers.IntegerField()
    statuses = StatusesOutput()
    outcomes = serializers.DictField(
        child=serializers.IntegerField(),
        help_text=f"Rows by what became of them: {', '.join(Outcome)}.",
    )
    credits = CreditsOutput()
    rate_per_minute = serializers.FloatField(allow_null=True, help_text="Rows settled in a minute.")
    eta_seconds = serializers.IntegerField(allow_null=True, help_text="Until the rest is settled, about.")
    input = InputOutput()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(help_text="Then it ends, answered or not.")


class BulkQuoteOutput(serializers.Serializer[Any]):
    """What a job would cost."""

    operation = serializers.CharField()
    rows = serializers.IntegerField()
    to_answer = serializers.IntegerField(help_text="Rows whose code can be answered.")
    invalid = serializers.IntegerField(help_text="Rows whose code cannot, free.")
    quoted = serializers.IntegerField(help_text="The most that the job takes, in credits.")
    available = serializers.IntegerField(help_text="Credits you can spend now, with this key.")
    is_affordable = serializers.BooleanField()
    input = InputOutput()


def quote_data(name: str, quote: Quote, available: int) -> dict[str, Any]:
    """Return a quote as it is told."""
    return {
        "operation": name,
        "rows": quote.count,
        "to_answer": quote.rows.get("", 0),
        "invalid": quote.rows.get(Outcome.INVALID, 0),
        "quoted": quote.credits,
        "available": available,
        "is_affordable": available >= quote.credits,
        "input": quote.source,
    }


class JobAnswer(serializers.Serializer[Any]):
    """A job that was taken, and what it has cost so far."""

    status = serializers.ChoiceField(["success"])
    credits_used = serializers.IntegerField()
    data = JobOutput()  # type: ignore[assignment]  # the name of a property of serializers
    request_id = serializers.CharField()


class BulkDryRunAnswer(serializers.Serializer[Any]):
    """The answer to a dry run, which costs nothing and asks no upstream."""

    status = serializers.ChoiceField(["success"])
    credits_used = serializers.IntegerField(min_value=0, max_value=0)
    dry_run = serializers.BooleanField(help_text="Always true.")
    data = BulkQuoteOutput()  # type: ignore[assignment]  # the name of a property of serializers
    request_id = serializers.CharField()


class ResultOutput(serializers.Serializer[Any]):
    """What became of a row."""

    row = serializers.IntegerField(help_text="As it is counted in what was sent, from 1.")
    ref = serializers.CharField(allow_blank=True, help_text="Your own reference.")
    given = serializers.CharField(allow_blank=True, help_text="The code as it was given.")
    code = serializers.CharField(
        allow_blank=True, help_text="In its normal form; empty where it can be no code."
    )
    kind = serializers.CharField(help_text="asin, fnsku, gtin, lpn and the like.")
    status = serializers.ChoiceField(choices=STATUSES)
    outcome = serializers.ChoiceField(choices=["", *Outcome], help_text="Empty until it is settled.")
    reason = serializers.CharField(allow_blank=True, help_text="Why it was not delivered.")
    credits = serializers.IntegerField(help_text="Taken for it.")
    is_duplicate = serializers.BooleanField()
    duplicate_of = serializers.IntegerField(allow_null=True, help_text="The row that was answered for it.")
    asin = serializers.CharField(allow_blank=True)
    confidence = serializers.FloatField(allow_null=True, help_text="Of a conversion.")
    providers = serializers.ListField(child=serializers.CharField())
    age_seconds = serializers.IntegerField(allow_null=True, help_text="How old the answer was.")
    data = serializers.DictField(  # type: ignore[assignment]  # the name of a property of serializers
        child=serializers.JSONField(),
        allow_null=True,
        help_text="The answer, as a lookup or a conversion gives it.",
    )


class ResultsJobOutput(serializers.Serializer[Any]):
    """Whose results these are."""

    id = serializers.CharField()
    status = serializers.ChoiceField(choices=Job.Status.choices)
    rows = serializers.IntegerField()
    captured = serializers.IntegerField(help_text="Credits taken so far.")


class ResultsAnswer(serializers.Serializer[Any]):
    """The rows of a job, as far as it has come."""

    status = serializers.ChoiceField(["success"])
    job = ResultsJobOutput()
    told_at = serializers.DateTimeField()
    request_id = serializers.CharField()
    data = ResultOutput(many=True)  # type: ignore[assignment]  # the name of a property of serializers


class JobsQuery(ListQuery):
    """Which jobs are wanted."""

    status = serializers.ChoiceField(choices=Job.Status.choices, required=False)


class ResultsOptions(StrictSerializer):
    """How results are wanted, and which."""

    strict_types = False
    format = serializers.ChoiceField(choices=list(FORMATS), default="json")
    status = serializers.ChoiceField(
        choices=[*STATUSES], required=False, help_text="Only rows of this status."
    )
