"""Once an hour: what Stripe lists of the last two days is held against the orders, events lost or not."""

import logging
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Q

from api.connections import give_back_connection
from billing.client import client, plain
from billing.models import CreditOrder
from billing.reading import WITH_CHARGE, Facts, Hints, Object, hints_of, uuid_or_none
from billing.settling import settle
from billing.standing import UNDECIDED, has_paid, unpaid_status
from billing.topups import is_under_way

log = logging.getLogger(__name__)
SECONDS = 48 * 3600
PAGE = 100


def reconcile() -> int:
    """Settle every order of which Stripe tells something else than we know; how many."""
    wanted: dict[UUID, Hints] = {}
    since = {"gte": int(time.time()) - SECONDS}
    for page in pages(sessions(since)):
        wanted |= {order.pk: hints_of(session) for order, session in matched(page) if differs(order, session)}
    for page in pages(top_ups(since)):
        wanted |= {order.pk: hints_of(intent) for order, intent in matched(page) if differs(order, intent)}
    for page in pages(movements(since)):
        wanted |= {order.pk: hints_of(moved) for order, moved in matched(page)}
    wanted |= {order.pk: Hints() for order in disputed()}
    return sum(settled(order_id, hints) for order_id, hints in wanted.items())


def sessions(since: dict[str, int]) -> Iterator[Object]:
    """Yield the sessions made since then."""
    params: Any = {"created": since, "limit": PAGE, "expand": [f"data.{WITH_CHARGE}"]}
    yield from (plain(one) for one in client().v1.checkout.sessions.list(params).auto_paging_iter())


def top_ups(since: dict[str, int]) -> Iterator[Object]:
    """Yield the payments made since then, where some may be top-ups: these have no session."""
    first = datetime.fromtimestamp(since["gte"], UTC)
    if CreditOrder.objects.filter(kind=CreditOrder.Kind.AUTO_TOPUP, created_at__gte=first).exists():
        give_back_connection()
        params: Any = {"created": since, "limit": PAGE, "expand": ["data.latest_charge"]}
        yield from (plain(one) for one in client().v1.payment_intents.list(params).auto_paging_iter())


def movements(since: dict[str, int]) -> Iterator[Object]:
    """Yield the refunds and disputes made since then."""
    params: Any = {"created": since, "limit": PAGE}
    yield from (plain(one) for one in client().v1.refunds.list(params).auto_paging_iter())
    yield from (plain(one) for one in client().v1.disputes.list(params).auto_paging_iter())


def pages(found: Iterable[Object]) -> Iterator[list[Object]]:
    """Yield what is found in lists of a page, with no database connection kept while Stripe answers."""
    iterator = iter(found)
    give_back_connection()
    while page := list(islice(iterator, PAGE)):
        yield page
        give_back_connection()


def matched(page: list[Object]) -> Iterator[tuple[CreditOrder, Object]]:
    """Yield each object with its order; those of other business of the same account have none."""
    hints = [hints_of(one) for one in page]
    orders = by_any_id(hints)
    for one, named in zip(page, hints, strict=True):
        ids = (named.order, named.session, named.intent, named.charge)
        if order := next((orders[one_id] for one_id in ids if one_id in orders), None):
            yield order, one


def by_any_id(hints: list[Hints]) -> dict[str, CreditOrder]:
    """Return the orders that are named, by every id that they are known under."""
    found = CreditOrder.objects.filter(
        Q(pk__in=[order_id for named in hints if (order_id := uuid_or_none(named.order))])
        | Q(session_id__in=[named.session for named in hints])
        | Q(payment_intent_id__in=[named.intent for named in hints])
        | Q(charge_id__in=[named.charge for named in hints])
    )
    ids = ("pk", "session_id", "payment_intent_id", "charge_id")
    return {str(getattr(order, name)): order for order in found for name in ids if getattr(order, name)}


def differs(order: CreditOrder, found: Object) -> bool:
    """Whether a session, or the payment of a top-up, tells something that the order does not know yet."""
    if order.is_top_up != (found["object"] == "payment_intent"):
        return False  # the payment of a session is told of with the session
    if order.is_top_up and is_under_way(order):
        return False  # what Stripe is just doing looks like what has failed
    intent = (found if order.is_top_up else found.get("payment_intent")) or {}
    charge = intent.get("latest_charge") or {}
    facts = Facts(found, intent)
    return (
        has_paid(order, facts) != order.is_paid
        or (order.status == "pending" != unpaid_status(order, facts))
        or charge.get("amount_refunded", 0) != order.amount_refunded
        or (charge.get("disputed", False) and not order.dispute_status)
    )


def disputed() -> Iterable[CreditOrder]:
    """Return the orders over which a bank has still to decide, which may take months."""
    found: Iterable[CreditOrder] = CreditOrder.objects.filter(dispute_status__in=UNDECIDED)
    return found


def settled(order_id: UUID, hints: Hints) -> bool:
    """Settle one order; whether that went well. One that cannot be settled does not hold up the others."""
    try:
        settle(order_id, hints)
    except Exception:
        log.exception("order %s could not be reconciled", order_id)
        return False
    return True
