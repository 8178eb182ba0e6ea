"""What the calls of this app take and give."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.serializers import StrictSerializer
from providers.kinds import MAX_LENGTH, Flaw, Kind

MOST_CODES = 1_000


@extend_schema_field({"type": "string", "maxLength": MAX_LENGTH})
class CodeField(serializers.Field[str, Any, str, Any]):
    """A code as it was typed, scanned or pasted: any text, since what is wrong with it is the answer."""

    default_error_messages = {
        "invalid": "This must be a text.",
        "max_length": f"At most {MAX_LENGTH} characters.",
    }

    def to_internal_value(self, data: Any) -> str:
        """Return the text as it is."""
        if not isinstance(data, str):
            self.fail("invalid")
        if len(data) > MAX_LENGTH:
            self.fail("max_length")
        return data


class ValidateInput(StrictSerializer):
    """Codes of any kind, damaged ones too."""

    codes = serializers.ListField(child=CodeField(), min_length=1, max_length=MOST_CODES)


class RecognisedOutput(serializers.Serializer[Any]):
    """What one code is."""

    code = serializers.CharField(allow_blank=True, help_text="What was sent, shortened to 40 characters.")
    kind = serializers.ChoiceField([kind.value for kind in Kind])
    normal = serializers.CharField(allow_null=True, help_text="The code as it should be written.")
    valid = serializers.BooleanField(help_text="A product can be found by it: looked up, or converted.")
    repaired = serializers.ListField(child=serializers.CharField(), help_text="What was mended.")
    suggestions = serializers.ListField(
        child=serializers.CharField(), help_text="Other readings that may have been meant, at most 4."
    )
    flaw = serializers.ChoiceField(
        [flaw.value for flaw in Flaw], allow_null=True, help_text="What is wrong with it, for programs."
    )
    gtin = serializers.CharField(
        allow_null=True, help_text="The 14 digits of the barcode that it is or carries."
    )
    sentence = serializers.CharField(help_text="What it is, for people.")


class CodesOutput(serializers.Serializer[Any]):
    """What the codes are, in the order in which they were sent."""

    codes = RecognisedOutput(many=True)


class ValidateOutput(serializers.Serializer[Any]):
    """The answer."""

    status = serializers.ChoiceField(["success"])
    credits_used = serializers.IntegerField(min_value=0, max_value=0)
    data = CodesOutput()  # type: ignore[assignment]  # a property of serializers
    request_id = serializers.CharField()
