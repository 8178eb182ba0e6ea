"""POST conversion/{id}/feedback: what its caller says of an answer."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import caller
from api import queries
from conversion.convert_api import ID_IN_PATH, row_of
from conversion.errors import SameASIN
from conversion.feedback import give_feedback
from conversion.feedback_serializers import FeedbackAnswer, FeedbackInput, FeedbackOutput


class GiveFeedback(APIView):
    """Say whether an answer was right: once for each conversion."""

    scope = "conversion:read"

    @extend_schema(
        operation_id="conversion_feedback",
        parameters=[ID_IN_PATH],
        request=FeedbackInput,
        responses={201: FeedbackAnswer},
    )
    def post(self, request: Request, id: str) -> Response:
        """Confirm or reject an answer. Free; a wrong answer that was paid for is refunded."""
        queries.refuse_all(request)
        row = row_of(id, caller(request)[0])
        form = FeedbackInput(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        try:
            feedback = give_feedback(
                user=row.user, conversion_id=row.pk, is_correct=said["correct"], asin=said["asin"]
            )
        except SameASIN as error:
            raise ValidationError({"asin": [ErrorDetail(str(error), code="same_asin")]}) from None
        return Response({"data": FeedbackOutput(feedback).data}, status=status.HTTP_201_CREATED)
