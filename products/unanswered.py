"""Charges that stand although their call was answered with a failure of ours.

PostgreSQL may carry out a charge after its caller was told that PostgreSQL does not answer. The charge bears
the id of that one call, so nobody else can have paid with it, unless the call came under an Idempotency-Key:
then it may be sent again, and the next attempt is what was paid for.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from api.ids import charge_key_of, first_of, request_id_of
from api.models import APICall, IdempotentRequest
from credits.errors import DuplicateEntry, RefundExceedsCharge
from credits.models import LedgerEntry
from credits.services import refund
from providers.batches import cut

LOOK_BACK = timedelta(
    days=1
)  # shorter than answers are kept, so that a call under a key still has its record
BATCH = 500


def give_back() -> int:
    """Refund what was charged for calls that failed; how many. Safe to run twice, also at once."""
    first = first_of(timezone.now() - LOOK_BACK)
    calls = list(APICall.objects.failed().filter(pk__gte=first).values_list("pk", flat=True))
    return sum(refunded(charge) for batch in cut(calls, BATCH) for charge in charges_of(batch))


def charges_of(calls: Sequence[UUID]) -> list[str]:
    """Return the keys of the charges that these calls left, but for calls that may be sent again."""
    requests = {charge_key_of(request): request for request in map(request_id_of, calls)}
    standing = LedgerEntry.objects.of_kind("charge").filter(key__in=list(requests), refunds=None)
    keys = list(standing.values_list("key", flat=True))
    if not keys:
        return []
    kept = IdempotentRequest.objects.filter(request_id__in=[requests[key] for key in keys])
    repeatable = set(kept.values_list("request_id", flat=True))
    return [key for key in keys if requests[key] not in repeatable]


def refunded(charge: str) -> bool:
    """Refund a charge, and say whether it was for us to do."""
    with suppress(DuplicateEntry, RefundExceedsCharge):  # someone was quicker
        refund(
            charge, key=f"{charge}_unanswered", metadata={"reason": "the call was answered with a failure"}
        )
        return True
    return False
