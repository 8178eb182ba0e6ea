"""Places to keep answers that tests can look into: a dictionary, and Redis as several processes share it."""

from collections.abc import Sequence

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

    def get_many(self, asins: Sequence[str], marketplace: str) -> dict[str, StoredProduct]:
        return {asin: self.kept[asin, marketplace] for asin in asins if (asin, marketplace) in self.kept}

    def put(self, *stored: StoredProduct, keep_seconds: int) -> None:
        for one in stored:
            self.kept[one.asin, one.marketplace] = one
        self.keep_seconds.append(keep_seconds)


class RedisStore:
    """Keeps answers where other processes find them."""

    def get(self, asin: str, marketplace: str) -> StoredProduct | None:
        data = get_redis_connection("default").get(f"test:product:{marketplace}:{asin}")
        return None if data is None else codec.load(data)

    def get_many(self, asins: Sequence[str], marketplace: str) -> dict[str, StoredProduct]:
        found = {asin: self.get(asin, marketplace) for asin in asins}
        return {asin: stored for asin, stored in found.items() if stored is not None}

    def put(self, *stored: StoredProduct, keep_seconds: int) -> None:
        for one in stored:
            name = f"test:product:{one.marketplace}:{one.asin}"
            get_redis_connection("default").set(name, codec.dump(one), ex=keep_seconds)
