"""The calls under /api/v1/credits/: what I have, where it went, what more would cost."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credits.models import LedgerEntry, Wallet
from credits.prices import packages
from credits.queries import NoQuery
from credits.querysets import LedgerEntryQuerySet
from credits.rollup import span
from credits.serializers import BalanceOutput, EntryOutput, HistoryQuery, PackagesOutput

LAST = 10  # movements beside the balance
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


class Balance(APIView):
    """What the caller has."""

    scope = "credits:read"

    @extend_schema(operation_id="credits_balance", responses={200: BalanceOutput})
    def get(self, request: Request) -> Response:
        """Say how many credits there are, how many can be spent, and the last ten movements."""
        NoQuery.read(request)
        wallet = Wallet.objects.for_user(request.user).first() or Wallet()
        entries = LedgerEntry.objects.for_user(request.user).newest_first()[:LAST]
        return Response(
            {
                "balance": wallet.balance,
                "held": wallet.held,
                "available": wallet.available,
                "transactions": EntryOutput(entries, many=True).data,
            }
        )


class History(ListAPIView[LedgerEntry]):
    """The caller's ledger."""

    scope = "credits:read"
    serializer_class = EntryOutput
    cursor_fields = ("-id",)

    @extend_schema(operation_id="credits_history", parameters=[HistoryQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List every movement of credits, newest first, page by page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> LedgerEntryQuerySet:
        """The caller's entries, as narrow as the query asks."""
        wanted = HistoryQuery.read(self.request)
        entries: LedgerEntryQuerySet = LedgerEntry.objects.for_user(self.request.user)
        found = entries.matching(**wanted)
        if "from" in wanted or "to" in wanted:
            begins, ends = wanted.get("from", EARLIEST), wanted.get("to", LATEST)
            found = found.filter(pk__range=span(self.request.user.pk, begins, ends))
        return found


class Packages(APIView):
    """What credits cost."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="credits_packages", responses={200: PackagesOutput})
    def get(self, request: Request) -> Response:
        """List the packs of credits for sale; prices are in the smallest unit of the currency."""
        return Response({"data": packages()})
