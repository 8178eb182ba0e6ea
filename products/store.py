"""Where answers are kept between calls: Redis first, the row in PostgreSQL second.

Redis away means slower, not wrong: the row answers. What Redis has lost is put back when next asked for.
"""

import re

import structlog
from django.conf import settings
from django.db import DatabaseError
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from accounts.caching import outage
from api.connections import give_back_connection
from products.kept import Kept, document_in, pack, unpack
from products.memory import recall, remember
from products.models import Product
from providers.base import StoredProduct
from providers.codec import load
from providers.turns import turns

FORGOTTEN = b""  # stands where an answer stood: whoever has just read its row does not put it back
FORGOTTEN_SECONDS = 60  # longer than anybody takes from reading a row to putting it into Redis
NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")  # as JSON spells the one character that jsonb cannot hold
log = structlog.stdlib.get_logger("pallet.products")


class RedisThenPostgres:
    """The `ProductStore` of this install, for one call. `found`: what Redis was already seen to keep.

    `asked`: of what this call has an answer because it asked an upstream itself.
    """

    def __init__(self, found: bytes | None = None) -> None:
        self.found = found
        self.asked: set[tuple[str, str]] = set()
        self.unknown: set[tuple[str, str]] = set()  # of what there was no row

    def get(self, asin: str, marketplace: str) -> Kept | None:
        """Return the last answer kept, however old, without its history; None when there is none.

        Looked for a second time, it is looked for in Redis only, where whoever found it meanwhile has put it.
        """
        raw, self.found = self.found, None  # once: whoever looks again wants to know what has come meanwhile
        if raw is None:
            raw = read_cache(asin, marketplace)
        kept = None if raw is None else unpack(raw)
        if kept or ((asin, marketplace) in self.unknown and not outage.is_on()):
            return kept
        return self.remembered(asin, marketplace, is_missing=not raw)

    def remembered(self, asin: str, marketplace: str, *, is_missing: bool) -> Kept | None:
        """Return what the row says, and let Redis know it again.

        `is_missing`: Redis had nothing; what stands there by now is newer, or was forgotten meanwhile.
        """
        give_back_connection()  # nobody waits for a turn with a connection in hand
        with turns.taken():
            document = recall(asin, marketplace)
        give_back_connection()  # the gateway looks here once more right before it asks upstream
        stored = None if document is None else load(document)
        if stored is None:
            self.unknown.add((asin, marketplace))
            return None
        raw = packed(stored)
        seconds = settings.PRODUCT_FRESH_SECONDS
        write_cache(asin, marketplace, raw, seconds=seconds, only_if_missing=is_missing)
        return unpack(raw)

    def put(self, stored: StoredProduct, *, keep_seconds: int) -> None:
        """Keep this answer: its history as observations, the rest in Redis for so long and as a row."""
        self.unknown.discard((stored.asin, stored.marketplace))
        self.asked.add((stored.asin, stored.marketplace))
        raw = packed(stored)
        write_cache(stored.asin, stored.marketplace, raw, seconds=keep_seconds)
        try:
            remember(stored, document_in(raw))
        except DatabaseError:  # the answer is good all the same, and whoever waits for it shall have it
            log.exception("answer could not be kept", asin=stored.asin, marketplace=stored.marketplace)


def packed(stored: StoredProduct) -> bytes:
    """Return what Redis keeps of an answer, without the character that PostgreSQL cannot keep."""
    raw = pack(stored)
    return NUL.sub(rb"\1", raw) if b"\\u0000" in raw else raw  # the search alone takes longer than all else


def cache_key(asin: str, marketplace: str) -> str:
    """Return the name of an answer in Redis."""
    return f"pallet:product:{marketplace}:{asin}"


def read_cache(asin: str, marketplace: str) -> bytes | None:
    """Return the answer Redis keeps; None when it keeps none or does not answer."""
    if outage.is_on():
        return None
    try:
        raw: bytes | None = get_redis_connection("default").get(cache_key(asin, marketplace))
    except RedisError as error:
        away(error)
        return None
    return raw


def write_cache(
    asin: str, marketplace: str, raw: bytes, *, seconds: int, only_if_missing: bool = False
) -> None:
    """Put an answer into Redis for so long; when Redis is away, the row has to do."""
    if outage.is_on():
        return
    name = cache_key(asin, marketplace)
    try:
        get_redis_connection("default").set(name, raw, ex=seconds, nx=only_if_missing)
    except RedisError as error:
        away(error)


def forget(asin: str, marketplace: str) -> bool:
    """Take the last answer away, so that it is given to nobody again; say whether there was one.

    What was observed stays. Raises RedisError when Redis does not answer: there it may still be kept.
    """
    count, _ = Product.objects.filter(asin=asin, marketplace=marketplace).delete()
    redis = get_redis_connection("default")
    was_cached = redis.set(cache_key(asin, marketplace), FORGOTTEN, ex=FORGOTTEN_SECONDS, get=True)
    return bool(count or was_cached)


def away(error: RedisError) -> None:
    """Do without Redis for a moment: one that hangs would else cost its time-out at each step."""
    outage.begin()
    log.warning("product cache is away", error=str(error))
