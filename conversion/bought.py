"""Which pairs an account has paid for: each is paid for once in a year, whatever happens at once."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import User
from conversion.models import Purchase

FREE_FOR = timedelta(days=365)
Pair = tuple[str, str]  # a code and its ASIN

# The pairs that are paid for now, by this charge; whoever else buys one of them at once waits here. In one
# order, so that two who buy the same pairs never wait for each other in a circle.
BUY = """
    INSERT INTO conversion_purchase AS known (user_id, code, asin, charge, paid_at)
    SELECT %(user)s, code, asin, %(charge)s, %(now)s
    FROM unnest(%(codes)s::text[], %(asins)s::text[]) AS pair (code, asin) ORDER BY code, asin
    ON CONFLICT (user_id, code, asin) DO UPDATE SET charge = excluded.charge, paid_at = excluded.paid_at
    WHERE known.charge = excluded.charge OR known.paid_at <= %(long_ago)s
    RETURNING code, asin
"""


def buy(pairs: Collection[Pair], user: User, charge: str) -> set[Pair]:
    """Buy the pairs, and return those for which this charge pays: not those another has within the year."""
    if not pairs:
        return set()
    now = timezone.now()
    columns: dict[str, Any] = {
        "user": user.pk,
        "charge": charge,
        "now": now,
        "long_ago": now - FREE_FOR,
        "codes": [code for code, _ in pairs],
        "asins": [asin for _, asin in pairs],
    }
    with connection.cursor() as cursor:
        cursor.execute(BUY, columns)
        return {(code, asin) for code, asin in cursor.fetchall()}


def pairs(codes: Sequence[str], user: User) -> set[Pair]:
    """Return the pairs of these codes that the account has paid for within the year: one indexed query."""
    recent = timezone.now() - FREE_FOR
    found = Purchase.objects.filter(user=user, code__in=codes, paid_at__gt=recent)
    return set(found.values_list("code", "asin"))
