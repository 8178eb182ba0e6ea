"""Places to keep answers that tests can look into: a dictionary, and Redis as several processes share it."""

from django_redis import get_redis_connection

from providers import codec
from providers.base import StoredProduct


class DictStore:
    """Keeps answers in this process, for as long as it lives."""

    def __init__(self, *stored: StoredProduct) -> None:
        self.kept = {(one.asin, one.marketplace): one for one in stored}
        self.keep_seconds: list[int] = []

    def get(self, asin: str, marketplace: str) -> StoredProduct | None:
        return self.kept.get((asin, marketplace))

    def put(self, stored: StoredProduct, *, keep_seconds: int) -> None:
        self.kept[stored.asin, stored.marketplace] = stored
        self.keep_seconds.append(keep_seconds)


class RedisStore:
    """Keeps answers where other processes find them."""

    def get(self, asin: str, marketplace: str) -> StoredProduct | None:
        data = get_redis_connection("default").get(f"test:product:{marketplace}:{asin}")
        return None if data is None else codec.load(data)

    def put(self, stored: StoredProduct, *, keep_seconds: int) -> None:
        name = f"test:product:{stored.marketplace}:{stored.asin}"
        get_redis_connection("default").set(name, codec.dump(stored), ex=keep_seconds)
