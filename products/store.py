"""Where answers are kept between calls: Redis first, the row in PostgreSQL second.

Redis away means slower, not wrong: the row answers. What Redis has lost is put back when next asked for.
"""

import re
from collections.abc import Mapping, Sequence, Set
from contextlib import nullcontext

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
        kept = None if raw is None else unpack(raw)
        return kept or self.get_many([asin], marketplace).get(asin)

    def get_many(self, asins: Sequence[str], marketplace: str) -> dict[str, Kept]:
        """Return what is kept about each: one trip to Redis, one statement for what Redis has lost."""
        found = read_cache(asins, marketplace)
        kept = {asin: read for asin, raw in found.items() if (read := unpack(raw)) is not None}
        lost = [
            asin
            for asin in asins
            if asin not in kept and ((asin, marketplace) not in self.unknown or outage.is_on())
        ]
        missing = {asin for asin in lost if not found.get(asin)}
        return kept | self.remembered(lost, marketplace, missing) if lost else kept

    def remembered(self, asins: Sequence[str], marketplace: str, missing: Set[str]) -> dict[str, Kept]:
        """Return what the rows say, and let Redis know it again.

        `missing`: of these Redis had nothing; what stands there by now is newer, or was forgotten meanwhile.
        """
        give_back_connection()  # nobody waits for a turn with a connection in hand
        with turns.taken():
            documents = recall(asins, marketplace)
        give_back_connection()  # the gateway looks here once more right before it asks upstream
        stored = {asin: one for asin, document in documents.items() if (one := load(document)) is not None}
        self.unknown |= {(asin, marketplace) for asin in asins if asin not in stored}
        raws = {asin: packed(one) for asin, one in stored.items()}
        write_cache(raws, marketplace, seconds=settings.PRODUCT_FRESH_SECONDS, only_if_missing=missing)
        return {asin: kept for asin, raw in raws.items() if (kept := unpack(raw)) is not None}

    def put(self, *stored: StoredProduct, keep_seconds: int) -> None:
        """Keep these answers, all of one marketplace: in Redis for so long, as rows and as observations."""
        raws = {one.asin: packed(one) for one in stored}
        marketplace = stored[0].marketplace
        self.asked |= {(asin, marketplace) for asin in raws}
        self.unknown -= self.asked
        write_cache(raws, marketplace, seconds=keep_seconds)
        try:
            # The database works long on many: whoever has an answer to read may do so meanwhile.
            with turns.given_back() if len(stored) > 1 else nullcontext():
                remember([(one, document_in(raws[one.asin])) for one in stored])
        except DatabaseError:  # the answers are good all the same, and whoever waits for them shall have them
            log.exception("answers could not be kept", asins=list(raws)[:10], marketplace=marketplace)


def packed(stored: StoredProduct) -> bytes:
    """Return what Redis keeps of an answer, without the character that PostgreSQL cannot keep."""
    raw = pack(stored)
    return NUL.sub(rb"\1", raw) if b"\\u0000" in raw else raw  # the search alone takes longer than all else


def cache_key(asin: str, marketplace: str) -> str:
    """Return the name of an answer in Redis."""
    return f"pallet:product:{marketplace}:{asin}"


def read_cache(asins: Sequence[str], marketplace: str) -> dict[str, bytes]:
    """Return the answers Redis keeps; none when it does not answer."""
    if outage.is_on():
        return {}
    try:
        raws = get_redis_connection("default").mget([cache_key(asin, marketplace) for asin in asins])
    except RedisError as error:
        away(error)
        return {}
    return {asin: raw for asin, raw in zip(asins, raws, strict=True) if raw is not None}


def write_cache(
    raws: Mapping[str, bytes], marketplace: str, *, seconds: int, only_if_missing: Set[str] = frozenset()
) -> None:
    """Put answers into Redis for so long; when Redis is away, the rows have to do."""
    if outage.is_on() or not raws:
        return
    try:
        with get_redis_connection("default").pipeline(transaction=False) as pipe:
            for asin, raw in raws.items():
                pipe.set(cache_key(asin, marketplace), raw, ex=seconds, nx=asin in only_if_missing)
            pipe.execute()
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
