"""What the calls of this app take and give."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.serializers import ListQuery, StrictSerializer
from api.fields import ReadField
from conversion import ids
from conversion.models import Conversion
from conversion.output import PLACES
from conversion.services import Question
from conversion.sources import FREE_KINDS
from providers.identifiers import fnsku as read_fnsku
from providers.kinds import Recognised
from providers.marketplaces import MARKETPLACES, USUAL
from providers.marketplaces import marketplace as read_marketplace
from providers.recognition import recognise

MOST_CREDITS = 1_000_000


def read_code(text: str) -> Recognised:
    """Return the FNSKU in the text, or the ASIN that needs no conversion; raises InvalidFNSKU."""
    found = recognise(text)
    if found.kind not in FREE_KINDS:
        read_fnsku(text)
    return found


@extend_schema_field({"type": "string", "enum": [*MARKETPLACES, "GB"]})
class MarketplaceField(ReadField):
    """A marketplace's code (GB is UK), id or domain; the value is the code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(lambda text: read_marketplace(text).code, code="unknown_marketplace", **kwargs)


class FNSKUField(ReadField):
    """An FNSKU in any spelling; the value is what was recognised."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_code, code="invalid_fnsku", **kwargs)


class ConvertOptions(StrictSerializer):
    """How a code is to be converted, or many are."""

    marketplace = MarketplaceField(default=USUAL, max_length=40, help_text="Where the ASIN is looked for.")
    min_confidence = serializers.FloatField(
        default=0.0, min_value=0, max_value=1, help_text="A less sure answer is not given, and free."
    )
    include_product = serializers.BooleanField(
        default=False, help_text="The product behind the ASIN as well, for 1 credit more."
    )


class ConvertInput(ConvertOptions):
    """Which code is to be converted, and how."""

    fnsku = FNSKUField(max_length=4096, help_text="The code on the label, X00 and seven more.")
    max_credits = serializers.IntegerField(
        default=None,
        min_value=0,
        max_value=MOST_CREDITS,
        help_text="Refuse, for nothing, what may cost more.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Say what it would cost, and do nothing.")
    label_title = serializers.CharField(
        default=None, max_length=500, help_text="The title printed below the code: it makes the answer surer."
    )
    label_condition = serializers.CharField(
        default=None, max_length=100, help_text="The condition printed there, such as New."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the question, and what concerns its price."""
        names = ("marketplace", "min_confidence", "include_product", "label_title", "label_condition")
        question = Question(code=attrs["fnsku"], **{name: attrs[name] for name in names})
        return {"question": question, "max_credits": attrs["max_credits"], "dry_run": attrs["dry_run"]}


class EvidenceOutput(serializers.Serializer[Any]):
    """Somebody's claim."""

    source = serializers.CharField(  # type: ignore[assignment]  # the name of a property of fields
        help_text="Whose claim it is; docs/conversion lists them."
    )
    asin = serializers.CharField()
    weight = serializers.FloatField(help_text="The part of its ASIN's confidence that this claim carries.")
    observed_at = serializers.DateTimeField()


class AlternativeOutput(serializers.Serializer[Any]):
    """What it may be instead."""

    asin = serializers.CharField()
    confidence = serializers.FloatField()


class ConversionFields(serializers.Serializer[Any]):
    """Which ASIN a code means, how surely, and on whose word. While it is pending only the first four."""

    id = serializers.CharField()
    status = serializers.ChoiceField(["found", "pending", "not_found"])
    fnsku = serializers.CharField()
    marketplace = serializers.CharField()
    asin = serializers.CharField(required=False)
    confidence = serializers.FloatField(
        required=False, help_text="How probable it is, 0 to 1: of answers with 0.9 nine in ten are right."
    )
    evidence = EvidenceOutput(many=True, required=False)
    alternatives = AlternativeOutput(many=True, required=False)
    is_conflict = serializers.BooleanField(required=False, help_text="Somebody names other ASINs only.")
    verified_marketplace = serializers.CharField(
        allow_null=True,
        required=False,
        help_text="Where the catalogue has the ASIN; null: not found, or not looked for.",
    )
    is_own = serializers.BooleanField(required=False, help_text="Your own data says so: free.")
    is_repeat = serializers.BooleanField(required=False, help_text="You have paid for it before: free.")
    is_asin_already = serializers.BooleanField(required=False, help_text="The code was an ASIN: free.")
    sample = serializers.BooleanField(required=False, help_text="Invented by the built-in stand-in.")
    notes = serializers.ListField(child=serializers.CharField(), required=False)
    checked_at = serializers.DateTimeField(required=False)
    product = serializers.DictField(allow_null=True, required=False, help_text="As a lookup tells it.")


class ConvertOutput(serializers.Serializer[Any]):
    """The answer and what it cost."""

    status = serializers.ChoiceField(["success"])
    credits_used = serializers.IntegerField(help_text="Credits taken for this answer.")
    data = ConversionFields()  # type: ignore[assignment]  # the name of a property of serializers
    request_id = serializers.CharField()


class QuoteFields(serializers.Serializer[Any]):
    """What a conversion would cost."""

    operation = serializers.CharField()
    fnsku = serializers.CharField()
    marketplace = serializers.CharField()
    quoted = serializers.IntegerField(help_text="The most that this conversion takes, in credits.")
    available = serializers.IntegerField(help_text="Credits you can spend now, with this key.")
    is_affordable = serializers.BooleanField()


class ConvertDryRunOutput(serializers.Serializer[Any]):
    """The answer to a dry run, which costs nothing and asks no upstream."""

    status = serializers.ChoiceField(["success"])
    credits_used = serializers.IntegerField(min_value=0, max_value=0)
    dry_run = serializers.BooleanField(help_text="Always true.")
    data = QuoteFields()  # type: ignore[assignment]  # the name of a property of serializers
    request_id = serializers.CharField()


class ProbabilityField(serializers.FloatField):
    """A probability, told with as many digits as answers have."""

    def to_representation(self, value: Any) -> Any:
        """Return it rounded."""
        return round(float(value), PLACES)


class HistoryOutput(serializers.ModelSerializer[Conversion]):
    """A conversion of the past."""

    id = serializers.SerializerMethodField()
    fnsku = serializers.CharField(source="code")
    asin = serializers.SerializerMethodField(help_text="Null while it is pending.")
    confidence = ProbabilityField(allow_null=True)

    class Meta:
        model = Conversion
        fields = (
            "id",
            "status",
            "fnsku",
            "asin",
            "marketplace",
            "confidence",
            "is_own",
            "credits",
            "created_at",
        )

    def get_id(self, row: Conversion) -> str:
        """Return the id as it is shown."""
        return ids.shown(row.id)

    def get_asin(self, row: Conversion) -> str | None:
        """Return the ASIN that was answered."""
        return row.asin or None


class HistoryQuery(ListQuery):
    """Which conversions are wanted."""

    fnsku = FNSKUField(default=None, max_length=4096, help_text="Only of this code.")
