"""How far an account is believed: by what others say of the same codes, and by what its own stock says.

Only words that may be told to others are heard (`Statement.counts`): nobody's private data decides about
another account. The latest answers of a year are looked at, and so many at most that this stays quick.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from conversion.models import Feedback, Mapping
from conversion.testimony import Record, Statement, record, words

PERIOD = timedelta(days=365)
MOST_OWN = 200  # of the account's latest words
MOST_OF_OTHERS = 5000  # words about the same codes
STOCK = ("inventory", "listing", "inbound", "returns")  # sources that show the goods themselves, of late


def record_of(user: User) -> Record:
    """Return how what this account said has fared."""
    given = Feedback.objects.by(user).filter(created_at__gte=timezone.now() - PERIOD)
    own = statements(given, MOST_OWN)
    codes = {one.code for one in own}
    if not codes:
        return Record()
    others = Feedback.objects.filter(conversion__code__in=codes).exclude(conversion__user=user)
    return record(own, words(statements(others, MOST_OF_OTHERS)), _stock(user, codes))


def statements(feedback: QuerySet[Feedback], most: int) -> Sequence[Statement]:
    """Return what was said, in the order it was; of more than `most` the latest."""
    rows = feedback.order_by("-created_at").values_list(
        "conversion__user_id",
        "conversion__code",
        "conversion__asin",
        "is_correct",
        "asin",
        "is_believed",
        "is_private",
    )
    return [
        Statement(account, code, asin, is_correct, instead, is_believed and not is_private)
        for account, code, asin, is_correct, instead, is_believed, is_private in reversed(rows[:most])
    ]


def _stock(user: User, codes: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the ASINs by code that the account's own stock names."""
    owned = Mapping.objects.filter(owner=user, source__in=STOCK, code__in=codes)
    named: dict[str, frozenset[str]] = {}
    for code, asin in owned.values_list("code", "asin"):
        named[code] = named.get(code, frozenset()) | {asin}
    return named
