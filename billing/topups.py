"""Automatic top-ups: agreed to by a person, bought with a saved card, one at a time for each account.

The order is committed before Stripe hears of it, which is asked for it once. Where no answer comes, Stripe's
list of payments tells whether there was one, and nothing else is bought before that is known.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import stripe
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils import timezone

from accounts.audit import record
from accounts.client_address import Client
from accounts.models import User
from api.connections import give_back_connection
from billing.cards import Card, card_of, cards_of
from billing.checkout import new_order
from billing.client import client, told_by
from billing.customers import known_customer
from billing.errors import ConsentMissing, TopUpsNotOffered, Unmatched
from billing.models import AutoTopUp, CreditOrder
from billing.packages import Package, packages
from billing.reading import Hints, id_of
from billing.settling import call_off, settle
from billing.wording import money

log = logging.getLogger(__name__)
ATTEMPTS_LAST = timedelta(minutes=1)  # at most
NOTHING_AFTER = timedelta(minutes=3)  # what Stripe does not list by then it never heard of
IN_DOUBT = timedelta(days=1)  # so long a payment may turn up of which there was nothing then
PAUSE = timedelta(hours=1)  # after Stripe has refused us, and not the card
A_FEW = 3
AT_ONCE = 20  # begun by a sweep
Reason = AutoTopUp.OffReason


# --- agreeing to it ---


def turn_on(
    *,
    user: User,
    package: Package,
    threshold: int,
    monthly_ceiling: int,
    payment_method: str = "",
    consent_text: str = "",
    client: Client | None = None,
) -> AutoTopUp:
    """Switch automatic top-ups on, or on other terms.

    `consent_text`: what the owner was shown and has agreed to. If that is not these terms with this card,
    ConsentMissing has what to agree to. Raises TopUpsNotOffered, NoSavedCard, UnknownCard,
    CheckoutNotOffered, PaymentsUnavailable.
    """
    if not settings.AUTO_TOP_UPS:
        raise TopUpsNotOffered
    card = card_of(user, payment_method)
    text = what_is_agreed_to(package, threshold, monthly_ceiling, card)
    if consent_text != text:
        raise ConsentMissing(text)
    terms = {
        "threshold": threshold,
        "package": package.id,
        "credits": package.credits,
        "amount": package.amount,
        "currency": package.currency,
        "monthly_ceiling": monthly_ceiling,
        "payment_method_id": card.id,
        "card_brand": card.brand,
        "card_last4": card.last4,
    }
    agreed = terms | {
        "is_on": True,
        "livemode": settings.STRIPE_LIVE_MODE,
        "consented_at": timezone.now(),
        "consent_text": text,
        "paused_until": None,
        "off_reason": Reason.NONE,
        "off_order": None,
        "off_at": None,
    }
    with transaction.atomic():
        plan: AutoTopUp = AutoTopUp.objects.update_or_create(user=user, defaults=agreed)[0]
        record(user, "auto_top_up:turn_on", plan, client=client, **terms)
    return plan


def what_is_agreed_to(package: Package, threshold: int, monthly_ceiling: int, card: Card) -> str:
    """Return what the owner agrees to, in words."""
    price, most = (money(amount, package.currency) for amount in (package.amount, monthly_ceiling))
    return (
        f"Whenever I have fewer than {threshold:,} credits to spend, {settings.PUBLIC_URL} may charge my "
        f"saved card ({card.brand} ending in {card.last4}) {price} for {package.credits:,} credits, without "
        f"asking me again, and at most {most} in a calendar month (UTC). I can switch this off at any time."
    )


def turn_off(*, user: User, client: Client | None = None) -> None:
    """Switch automatic top-ups off. What is being paid already is still paid. Twice changes nothing."""
    with transaction.atomic():
        if AutoTopUp.objects.filter(user=user).switch_off(Reason.OWNER):
            record(user, "auto_top_up:turn_off", f"autotopup:{user.pk}", client=client)


# --- buying ---


def due(now: datetime) -> QuerySet[AutoTopUp]:
    """Return the top-ups for which it is time: credits are low, and none is under way."""
    if not settings.AUTO_TOP_UPS:
        return AutoTopUp.objects.none()
    under_way = CreditOrder.objects.open_top_ups().filter(user=OuterRef("pk"))
    found: QuerySet[AutoTopUp] = AutoTopUp.objects.low(now).exclude(Exists(under_way))
    return found


def next_ones(now: datetime) -> list[UUID]:
    """Return whose top-up is begun next: of few, and of one while it is not known how others end."""
    is_silent = unknown(now).filter(created_at__gt=now - PAUSE).exists()
    at_once = 1 if is_silent else AT_ONCE
    return list(due(now).values_list("pk", flat=True)[:at_once])


def top_up(user_id: UUID) -> CreditOrder | None:
    """Buy credits for an account if it is time; the order as it is then, None if there is nothing to do.

    Safe as often and as many at once as one likes. Raises what `settle` raises; the order is then open, and
    `resume` goes on with it.
    """
    order = begin(user_id, timezone.now())
    return pay(order) if order else None


def begin(user_id: UUID, now: datetime) -> CreditOrder | None:
    """Return the order that is to be paid now, if one is.

    The lock comes first: the next statements then see all that whoever had it before has done.
    """
    with transaction.atomic():
        plan = AutoTopUp.objects.select_for_update(of=("self",)).filter(pk=user_id).first()
        if plan is None or not due(now).filter(pk=user_id).exists():
            return None
        package = packages().get(plan.package)
        if package != Package(plan.package, plan.credits, plan.amount, plan.currency):
            AutoTopUp.objects.filter(pk=user_id).switch_off(Reason.PRICE_CHANGED)
            return None
        if pause := pause_of(plan, now):
            plan.paused_until = pause
            plan.save(update_fields=["paused_until"])
            return None
        return opened(plan, package)


def pause_of(plan: AutoTopUp, now: datetime) -> datetime | None:
    """Return until when the month's ceiling lets nothing through; None if it does.

    What was given up within a day counts, for its payment may still turn up; then it is looked at anew soon.
    """
    left = plan.monthly_ceiling - plan.amount - spent_in_month(plan, now)
    if left < 0:
        return next_month(now)
    lost = CreditOrder.objects.for_user(plan.user).lost_since(now - IN_DOUBT).aggregate(sum=Sum("amount"))
    return now + PAUSE if left < (lost["sum"] or 0) else None


def opened(plan: AutoTopUp, package: Package) -> CreditOrder | None:
    """Return a new order; None if there is an open one after all."""
    try:
        with transaction.atomic():
            return new_order(
                plan.user,
                package,
                kind=CreditOrder.Kind.AUTO_TOPUP,
                payment_method_id=plan.payment_method_id,
            )
    except IntegrityError:
        return None


def spent_in_month(plan: AutoTopUp, now: datetime) -> int:
    """Return how much was charged in this calendar month, in the currency's smallest unit."""
    month = CreditOrder.objects.for_user(plan.user).topped_up_since(month_of(now), currency=plan.currency)
    return int(month.aggregate(sum=Sum("amount"))["sum"] or 0)


def month_of(now: datetime) -> datetime:
    """Return the first moment of a month (UTC)."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(now: datetime) -> datetime:
    """Return the first moment of the month after."""
    return month_of(month_of(now) + timedelta(days=32))


def pay(order: CreditOrder) -> CreditOrder:
    """Have Stripe charge the saved card, once, and let credits follow.

    What Stripe refuses fails the order. Without an answer it stays open, for nobody knows; so does one that
    was left lying, which may be given up at any moment.
    """
    if not is_under_way(order):
        return order
    params = intent_params(order)
    give_back_connection()
    try:
        intent = client().v1.payment_intents.create(
            params,  # type: ignore[arg-type]  # the fake checks it against the SDK's type
            {"idempotency_key": f"order:{order.pk}"},
        )
    except stripe.CardError as error:
        log.warning("top-up %s was declined: %s", order.pk, told_by(error))
        declined = intent_in(error)
        return settle(order.pk, Hints(intent=declined)) if declined else call_off(order.pk, error.code or "")
    except stripe.InvalidRequestError as error:
        log.warning("top-up %s was not taken: %s", order.pk, told_by(error))
        return not_taken(order)
    except stripe.StripeError as error:
        log.warning("top-up %s: it is not known what became of it: %s", order.pk, told_by(error))
        return order
    return settle(order.pk, Hints(intent=intent.id))


def not_taken(order: CreditOrder) -> CreditOrder:
    """End an order that Stripe did not take: because the card is gone, or because of us.

    In the second case the owner can do nothing, so that it is tried again after a while. Raises StripeError.
    """
    customer = known_customer(order.user) if order.user else None
    give_back_connection()
    if order.payment_method_id not in [card.id for card in (cards_of(customer) if customer else [])]:
        return call_off(order.pk, Reason.CARD_REMOVED)
    log.error("top-up %s needs attention: Stripe takes the card, and not the call", order.pk)
    AutoTopUp.objects.filter(user=order.user_id).update(paused_until=timezone.now() + PAUSE)
    return given_up(order, "not_taken")


def given_up(order: CreditOrder, code: str) -> CreditOrder:
    """Return an order that never came to a payment, failed if it was open; `code` says why."""
    CreditOrder.objects.filter(pk=order.pk).never_begun(code)
    order.refresh_from_db()
    return order


def intent_params(order: CreditOrder) -> dict[str, Any]:
    """Return what Stripe is told: who pays what, for which order, with nobody there to confirm anything."""
    return {
        "amount": order.amount,
        "currency": order.currency.lower(),
        "customer": known_customer(order.user) if order.user else None,
        "payment_method": order.payment_method_id,
        "payment_method_types": ["card"],  # with others Stripe wants an address to send the buyer to
        "off_session": True,
        "confirm": True,
        "metadata": {"order": str(order.pk)},
        "description": f"{order.credits:,} Pallet credits, automatic top-up",
    }


def intent_in(error: stripe.CardError) -> str:
    """Return the id of the payment that was declined, empty if Stripe does not say."""
    body = cast(dict[str, Any], error.json_body or {})
    return id_of(body.get("error", {}).get("payment_intent"))


# --- finding out ---


def unknown(now: datetime) -> QuerySet[CreditOrder]:
    """Return the top-ups that are open for longer than an attempt takes, the oldest first.

    Not those that wait for a person.
    """
    old: QuerySet[CreditOrder] = CreditOrder.objects.open_top_ups().filter(
        created_at__lt=now - ATTEMPTS_LAST, problem=""
    )
    return old.order_by("created_at")


def is_under_way(order: CreditOrder) -> bool:
    """Whether Stripe may be at it at this moment."""
    return order.status == CreditOrder.Status.PENDING and timezone.now() - order.created_at < ATTEMPTS_LAST


def resume(order_id: UUID) -> CreditOrder:
    """Find out what became of a top-up. Raises what `settle` raises.

    Of which Stripe knows nothing after a while, that is given up and never asked for again: if it is still
    time, another is begun, which is held anew against what the owner agrees to.
    """
    try:
        return settle(order_id, Hints())
    except Unmatched:
        order: CreditOrder = CreditOrder.objects.get(pk=order_id)
    if timezone.now() - order.created_at < NOTHING_AFTER:
        return order
    order = given_up(order, "not_begun")
    slow_down(order)
    return order


def slow_down(order: CreditOrder) -> None:
    """Let the next attempt wait the longer the more were lost within a day, the first not at all."""
    now = timezone.now()
    lost = CreditOrder.objects.filter(user=order.user_id).lost_since(now - IN_DOUBT).count()
    log.log(
        logging.ERROR if lost > A_FEW else logging.WARNING,
        "top-up %s came to nothing, as %s of this account within a day%s",
        order.pk,
        lost,
        ": needs attention" if lost > A_FEW else "",
    )
    if lost > 1:
        pause = now + min(PAUSE, (lost - 1) * timedelta(minutes=10))
        AutoTopUp.objects.filter(user=order.user_id, is_on=True).update(paused_until=pause)
