"""The calls about codes that are no ASINs yet."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversion.serializers import ValidateInput, ValidateOutput
from providers.kinds import Kind, shown
from providers.recognition import recognise


class Validate(APIView):
    """What codes are. Asks nobody, keeps nothing, costs nothing."""

    scope = "conversion:read"

    @extend_schema(operation_id="conversion_validate", request=ValidateInput, responses=ValidateOutput)
    def post(self, request: Request) -> Response:
        """Return what each code is: ASIN, FNSKU, barcode, label, or what is wrong with it. Free."""
        query = ValidateInput(data=request.data)
        query.is_valid(raise_exception=True)
        return Response(
            {"credits_used": 0, "data": {"codes": list(map(described, query.validated_data["codes"]))}}
        )


def described(code: str) -> dict[str, Any]:
    """Return what there is to say of a code, as `RecognisedOutput` has it."""
    found = recognise(code)
    return {
        "code": shown(code),
        "kind": found.kind,
        "normal": None if found.kind is Kind.UNKNOWN else found.normal,
        "valid": found.is_usable,
        "repaired": found.repaired,
        "suggestions": found.suggestions,
        "flaw": found.flaw,
        "gtin": found.gtin,
        "sentence": found.sentence,
    }
