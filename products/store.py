"""Where answers are kept between calls: Redis first, the row in PostgreSQL second.

Redis away means slower, not wrong: the row answers. What Redis has lost is put back when next asked for.
"""

import re
from functools import lru_cache

import structlog
from django.conf import settings
from django.db import DatabaseError
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from accounts.caching import outage
from products.connections import give_back_connection
from products.memory import recall, remember
from providers.base import StoredProduct
from providers.codec import dump, load
from providers.turns import turns

NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")  # as JSON spells the one character that jsonb cannot hold
log = structlog.stdlib.get_logger("pallet.products")


class RedisThenPostgres:
    """The `ProductStore` of this install. Without state, so one serves all threads."""

    def get(self, asin: str, marketplace: str) -> StoredProduct | None:
        """Return the last answer kept, however old, without its history; None when there is none."""
        give_back_connection()  # nobody waits for a turn, or an upstream, with a connection in hand
        raw = read_cache(asin, marketplace)
        stored = None if raw is None else loaded(raw)
        if stored is not None:
            return stored
        with turns.taken():
            raw = recall(asin, marketplace)
        give_back_connection()  # the gateway looks here once more right before it asks upstream
        stored = None if raw is None else loaded(raw)
        if raw is not None and stored is not None:
            write_cache(asin, marketplace, raw, seconds=settings.PRODUCT_FRESH_SECONDS)
        return stored

    def put(self, stored: StoredProduct, *, keep_seconds: int) -> None:
        """Keep this answer: its history as observations, the rest in Redis for so long and as a row."""
        raw = NUL.sub(rb"\1", dump(stored, history=False))
        write_cache(stored.asin, stored.marketplace, raw, seconds=keep_seconds)
        try:
            remember(stored, raw)
        except DatabaseError:  # the answer is good all the same, and whoever waits for it shall have it
            log.exception("answer could not be kept", asin=stored.asin, marketplace=stored.marketplace)


@lru_cache(maxsize=256)
def loaded(raw: bytes) -> StoredProduct | None:
    """Return what was kept. The same bytes are read once: what they say does not change."""
    return load(raw)


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


def write_cache(asin: str, marketplace: str, raw: bytes, *, seconds: int) -> None:
    """Put an answer into Redis for so long; when Redis is away, the row has to do."""
    if outage.is_on():
        return
    try:
        get_redis_connection("default").set(cache_key(asin, marketplace), raw, ex=seconds)
    except RedisError as error:
        away(error)


def away(error: RedisError) -> None:
    """Do without Redis for a moment: one that hangs would else cost its time-out at each step."""
    outage.begin()
    log.warning("product cache is away", error=str(error))
