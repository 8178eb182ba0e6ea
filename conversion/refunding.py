"""Giving back what a wrong answer cost: once, never more than was charged, and not without a limit.

Of the paid answers of 30 days an account is refunded a few, and a share beside. Where others who get answers
from the same sources reject more of them, the sources are bad, and the share grows with theirs. What is
beyond is withheld until an operator gives it.
"""

from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from statistics import median
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from conversion.ids import PREFIX, shown
from conversion.models import Conversion, Feedback, Purchase
from credits.errors import RefundExceedsCharge
from credits.services import refund

WINDOW = timedelta(days=30)
PEERS = 3  # accounts, at least, whose rejections say something of the sources
PEER_ANSWERS = 10  # paid answers, at least, that a peer was given
PEER_SAMPLE = 10_000  # the latest paid answers that are looked at
PEER_FACTOR = 1.5  # an account is unlucky or attentive, and rejects more than the middle one


def is_within_limit(user: User, conversion: Conversion) -> bool:
    """Whether one more refund for feedback can be given unseen."""
    since = timezone.now() - WINDOW
    paid = Conversion.objects.for_user(user).filter(created_at__gte=since).exclude(charge="").count()
    refunds = Feedback.objects.by(user).filter(created_at__gte=since, refunded__gt=0, withheld="").count()
    free, share = settings.FEEDBACK["free_refunds"], settings.FEEDBACK["refund_share"]
    if refunds + 1 <= free + share * paid:
        return True
    return bool(refunds + 1 <= free + _rejected_by_peers(user, conversion, since) * paid)


def _rejected_by_peers(user: User, conversion: Conversion, since: datetime) -> float:
    """Return the share of paid answers that others reject who hear the same sources, with allowance for luck.

    Each account is one voice: the middle one counts. New accounts have none, since anyone can open some.
    """
    paid = Conversion.objects.filter(created_at__gte=since).exclude(charge="").exclude(user=user)
    latest = paid.order_by("-created_at").values("pk")[:PEER_SAMPLE]
    wrong = Feedback.objects.filter(conversion=OuterRef("pk"), is_correct=False, is_believed=True)
    peers = (
        Conversion.objects.filter(_hears_alike(conversion), pk__in=latest, user__date_joined__lt=since)
        .values("user")
        .annotate(paid=Count("pk"), rejected=Count("pk", filter=Exists(wrong)))
        .filter(paid__gte=PEER_ANSWERS)
    )
    shares = [peer["rejected"] / peer["paid"] for peer in peers]
    return min(1.0, PEER_FACTOR * median(shares)) if len(shares) >= PEERS else 0.0


def _hears_alike(conversion: Conversion) -> Q:
    """Return the condition that an answer heard one of the sources that named the ASIN of this one."""
    claims = conversion.heard.get("claims", ())
    sources = sorted({claim["source"] for claim in claims if claim["asin"] == conversion.asin})
    heard = [Q(heard__claims__contains=[{"source": name}]) for name in sources]
    return reduce(or_, heard, Q(pk=None))


def give_back(conversion: Conversion, **note: Any) -> int:
    """Refund the answer, and let the pair be bought again; 0 if all was given back before.

    Under one key for each conversion, so never twice. The order of locks is that of buying: pair, wallet.
    """
    bought = Purchase.objects.filter(
        user=conversion.user_id, code=conversion.code, asin=conversion.asin, charge=conversion.charge
    )
    bought.select_for_update().first()
    credits = _refund(conversion, note)
    if credits:
        bought.delete()
    return credits


def _refund(conversion: Conversion, note: dict[str, Any]) -> int:
    name = shown(conversion.pk)
    terms: dict[str, Any] = {
        "key": f"feedback_{name.removeprefix(PREFIX)}",
        "metadata": {"conversion": name, **note},
    }
    try:
        return refund(conversion.charge, conversion.credits, **terms).amount
    except RefundExceedsCharge as refusal:
        left = refusal.refundable
    return refund(conversion.charge, left, **terms).amount if left else 0
