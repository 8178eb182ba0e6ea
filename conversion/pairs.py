"""What feedback tells of pairs: to the account itself at once, to others when enough accounts agree.

An account's own word is a mapping `confirmed` of its own, and its last word on a code takes the place of
those before. A mapping `shared` may answer everybody. It stands while at least FEEDBACK["shared_by"] accounts
say so, and more than deny it. It says nothing but code and ASIN, and the day. Not counted is who is not
believed, and what may rest on an account's own data: a seller's listings, stock, returns, or its own word.
"""

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import User
from conversion.models import Conversion, Feedback, Mapping
from conversion.standing import statements
from conversion.testimony import PUBLIC, agreed, words

CONFIRMED, SHARED = "confirmed", "shared"
MOST_WORDS = 5000  # about one code


def is_private(conversion: Conversion) -> bool:
    """Whether what the account says of this answer may rest on data of its own."""
    sources = {claim["source"] for claim in conversion.heard.get("claims", ())}
    if conversion.is_own or not sources <= PUBLIC:
        return True
    return Mapping.objects.filter(owner_id=conversion.user_id, code=conversion.code).exists()


def remember(user: User, conversion: Conversion, asin: str) -> None:
    """Keep what the code means by this account's last word; empty: not what was answered."""
    own = Mapping.objects.filter(owner=user, code=conversion.code, source=CONFIRMED)
    if not asin:
        own.filter(asin=conversion.asin).delete()
        return
    own.exclude(asin=asin).delete()
    own.update_or_create(
        asin=asin,
        inventory=None,
        defaults={"observed_at": timezone.now(), "marketplace": conversion.marketplace},
        create_defaults={
            "code": conversion.code,
            "owner": user,
            "source": CONFIRMED,
            "observed_at": timezone.now(),
            "marketplace": conversion.marketplace,
        },
    )


def share(code: str) -> None:
    """Let what enough accounts agree on answer everybody, and nothing else. For one caller at a time."""
    _lock(code)
    told = statements(Feedback.objects.filter(conversion__code=code), MOST_WORDS)
    asins = agreed(words(told)[code], settings.FEEDBACK["shared_by"])
    standing = Mapping.objects.filter(code=code, source=SHARED, owner=None)
    standing.exclude(asin__in=asins).delete()
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    Mapping.objects.bulk_create(
        [Mapping(code=code, asin=asin, source=SHARED, observed_at=today) for asin in sorted(asins)],
        update_conflicts=True,
        unique_fields=["code", "source", "asin", "owner", "inventory"],
        update_fields=["observed_at"],
    )


def _lock(code: str) -> None:
    """Wait for whoever counts the same code: the second to come then sees the word of the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"conversion.pairs:{code}"])
