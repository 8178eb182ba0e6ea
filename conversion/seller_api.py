"""The calls about a connected seller account, whose stock is fetched from Amazon once a day. All free."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import checked
from accounts.authentication import caller
from accounts.client_address import client_of
from accounts.serializers import NoInput
from conversion import seller_accounts
from conversion.inventory_api import SCOPE
from conversion.inventory_serializers import SellerAccountAnswer, SellerAccountInput, SellerAccountOutput
from conversion.models import SellerAccount


class Connection(APIView):
    """The account's credentials at Amazon."""

    scope = SCOPE

    @extend_schema(operation_id="conversion_seller_account_get", responses=SellerAccountAnswer)
    def get(self, request: Request) -> Response:
        """Say which seller account is connected, and how its stock was fetched last."""
        return answer(seller_accounts.connected(caller(request)[0]))

    @extend_schema(
        operation_id="conversion_seller_account_connect",
        request=SellerAccountInput,
        responses=SellerAccountAnswer,
    )
    def put(self, request: Request) -> Response:
        """Connect a seller account in place of any former one. The refresh token is never shown again."""
        told = checked(SellerAccountInput, request)
        user, client = caller(request)[0], client_of(request._request)
        return answer(seller_accounts.connect(user=user, client=client, **told))

    @extend_schema(operation_id="conversion_seller_account_disconnect", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Forget the credentials, and the stock that was fetched with them."""
        seller_accounts.disconnect(user=caller(request)[0], client=client_of(request._request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Sync(APIView):
    """Fetching the stock at once."""

    scope = SCOPE

    @extend_schema(
        operation_id="conversion_seller_account_sync", request=NoInput, responses={202: SellerAccountAnswer}
    )
    def post(self, request: Request) -> Response:
        """Have the stock fetched now. It is fetched once a day by itself."""
        checked(NoInput, request)
        account = seller_accounts.start(user=caller(request)[0], client=client_of(request._request))
        return answer(account, status=status.HTTP_202_ACCEPTED)


def answer(account: SellerAccount, *, status: int = status.HTTP_200_OK) -> Response:
    """Return what may be seen of a seller account."""
    return Response({"data": SellerAccountOutput(account).data}, status=status)
