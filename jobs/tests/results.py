"""Results of jobs, as they are exported."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from jobs.export import ResultRow, stream

HEAD = {"id": "job_1", "rows": 2}

PRODUCT: dict[str, Any] = {
    "asin": "B0PALLET01",
    "marketplace": "US",
    "title": "Bottle, 750 ml",
    "brand": "Pallet",
    "manufacturer": "Pallet Ltd",
    "price": {"amount": "19.90", "currency": "USD"},
    "list_price": {"amount": "24.99", "currency": "USD"},
    "availability": "in_stock",
    "rating": "4.5",
    "rating_count": 1234,
    "rank": {"rank": 17, "category": "Kitchen", "category_id": "284507"},
    "offer_count": 4,
    "url": "https://www.amazon.com/dp/B0PALLET01",
    "images": [{"url": "https://images.example/1.jpg"}, {"url": "https://images.example/2.jpg"}],
    "identifiers": {"eans": ["0012345678905"], "upcs": ["012345678905", "036000291452"]},
    "sample": False,
}

CONVERSION: dict[str, Any] = {
    "fnsku": "X0001ABCDE",
    "asin": "B0PALLET01",
    "confidence": 0.83,
    "alternatives": [
        {"asin": "B0PALLET02", "confidence": 0.12},
        {"asin": "B0PALLET03", "confidence": 0.05},
    ],
    "verified_marketplace": "US",
    "is_repeat": True,
    "sample": True,
    "product": PRODUCT,
}


def result(data: Any = None, **changes: Any) -> ResultRow:
    """Return a row that was delivered, with this answer."""
    row = ResultRow(
        row=1,
        ref="shelf 4",
        given=" b0pallet01",
        code="B0PALLET01",
        kind="asin",
        status="done",
        outcome="delivered",
        reason="",
        credits=1,
        is_duplicate=False,
        duplicate_of=None,
        asin="B0PALLET01",
        confidence=None,
        providers=["spapi", "keepa"],
        age_seconds=12,
        data="" if data is None else json.dumps(data),
    )
    return {**row, **changes}  # type: ignore[typeddict-item]  # a test may say what it likes


def exported(format: str, rows: Iterable[ResultRow]) -> bytes:
    """Return the whole file."""
    return b"".join(stream(format, rows, head=HEAD))


def many(count: int, *, size: int = 4096) -> Iterator[ResultRow]:
    """Give so many rows, no two alike, each with `size` bytes of data."""
    plain = len(json.dumps({**PRODUCT, "description": ""}))
    for row in range(1, count + 1):
        yield result({**PRODUCT, "description": f"{row:0>{size - plain}}"}, row=row)
