"""What stays: the rows of the last answers, and observations: one statement for any number of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from decimal import Decimal
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any

import orjson
from django.db import connection, transaction

from providers.base import HistoryPoint, ProductData, StoredProduct

PRICED = ("buy_box", "new", "amazon")  # what a price is made of, as providers make that of now

# A later answer never gives way to an earlier one that took longer to arrive. Upstreams repeat years of
# history in every answer: of a series only what is new is kept. MATERIALIZED, or the planner may look for the
# last known point ten thousand times.
KEEP = """
    WITH answer AS MATERIALIZED (
        SELECT asin, marketplace, document::jsonb, title, is_not_found, is_sample, providers, fetched_at
        FROM ROWS FROM (unnest(%(asins)s::text[]), unnest(%(marketplaces)s::text[]),
            json_array_elements(%(documents)s::json), unnest(%(titles)s::text[]),
            unnest(%(are_not_found)s::boolean[]), unnest(%(are_samples)s::boolean[]),
            unnest(%(providers)s::text[]), unnest(%(fetched_at)s::timestamptz[]))
            AS a (asin, marketplace, document, title, is_not_found, is_sample, providers, fetched_at)
    ), kept AS (
        INSERT INTO products_product
            (asin, marketplace, document, title, is_not_found, is_sample, providers, fetched_at, created_at)
        SELECT *, now() FROM answer
        ON CONFLICT (asin, marketplace) DO UPDATE SET
            document = excluded.document, title = excluded.title, is_not_found = excluded.is_not_found,
            is_sample = excluded.is_sample, providers = excluded.providers, fetched_at = excluded.fetched_at
        WHERE products_product.fetched_at <= excluded.fetched_at
    ), told AS MATERIALIZED (
        SELECT asin, marketplace, point->>0 AS series, point->>1 AS provider,
            (point->>2)::timestamptz AS observed_at, (point->>3)::numeric AS value, point->>4 AS currency
        FROM ROWS FROM (unnest(%(asins)s::text[]), unnest(%(marketplaces)s::text[]),
            json_array_elements(%(points)s::json))
            AS a (asin, marketplace, points), json_array_elements(points) AS point
    ), known AS MATERIALIZED (
        SELECT asin, marketplace, series, provider, max(observed_at) AS until
        FROM products_observation
        WHERE (asin, marketplace) IN (SELECT asin, marketplace FROM answer)
        GROUP BY asin, marketplace, series, provider
    )
    INSERT INTO products_observation (asin, marketplace, series, provider, observed_at, value, currency)
    SELECT asin, marketplace, series, provider, observed_at, value, currency
    FROM told LEFT JOIN known USING (asin, marketplace, series, provider)
    WHERE until IS NULL OR observed_at > until
    ON CONFLICT DO NOTHING
"""


def remember(answers: Iterable[tuple[StoredProduct, bytes]]) -> None:
    """Keep answers, each with its document, as rows, and their figures as observations."""
    # What is JSON is sent as one text: in an array of texts each of its quotation marks is escaped by Python.
    rows = [row_of(stored, document) for stored, document in answers]
    # In one order, so that processes that keep the same products wait for each other and never in a circle.
    rows.sort(key=itemgetter("asins", "marketplaces"))
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    columns |= {name: f"[{','.join(columns[name])}]" for name in ("documents", "points")}
    is_within = connection.in_atomic_block  # a transaction that shall go on, whatever becomes of this
    with transaction.atomic() if is_within else nullcontext(), connection.cursor() as cursor:
        cursor.execute(KEEP, columns)


def row_of(stored: StoredProduct, document: bytes) -> dict[str, Any]:
    """Return what KEEP wants of one answer."""
    product = stored.product
    points = observed(product, stored.fetched_at) if product else []
    return {
        "asins": stored.asin,
        "marketplaces": stored.marketplace,
        "documents": document.decode(),
        "titles": (product.title or "").replace("\0", "") if product else "",
        "are_not_found": product is None,
        "are_samples": product is not None and product.is_sample,
        "providers": ", ".join(stored.providers)[:200],
        "fetched_at": stored.fetched_at,
        "points": orjson.dumps(points, default=str).decode(),
    }


def recall(asins: Sequence[str], marketplace: str) -> dict[str, bytes]:
    """Return the documents of the last answers; none for what was never asked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT asin, document::text FROM products_product WHERE asin = ANY(%s) AND marketplace = %s",
            [list(asins), marketplace],
        )
        return {asin: document.encode() for asin, document in cursor.fetchall()}


def observed(product: ProductData, at: datetime) -> list[tuple[str, str, datetime, Decimal | None, str]]:
    """Return every figure in the answer as (series, provider, time, value, currency).

    What the upstream tells as history is taken from there; of the rest, what it says now.
    """
    history = product.history or ()
    told = {point.series for point in history}
    now = [point for point in figures(product, at) if point.series not in told]
    if "price" not in told:
        history = (*history, *prices(history))
    past_source = product.provenance.get("history")
    past = past_source.provider if past_source else ""
    return [
        *((p.series, past, p.at, p.value, p.currency or "") for p in changes(history)),
        *((p.series, provider_of(product, p.series), p.at, p.value, p.currency or "") for p in now),
    ]


def prices(history: Iterable[HistoryPoint]) -> Iterator[HistoryPoint]:
    """Yield how the price moved, as far as these series tell: what a buyer paid, one after the other.

    At each time it is what the buy box said, where that said nothing the lowest new offer, else Amazon's own:
    the first of PRICED that had a value then.
    """
    standing: dict[str, HistoryPoint] = {}
    found: dict[datetime, HistoryPoint] = {}
    for point in sorted((point for point in history if point.series in PRICED), key=attrgetter("at")):
        standing[point.series] = point
        best = _best(standing)
        found[point.at] = HistoryPoint("price", point.at, best.value, best.currency)
    yield from found.values()


def _best(standing: Mapping[str, HistoryPoint]) -> HistoryPoint:
    """Return the first of PRICED that has a value, else the first there is."""
    offers = [standing[name] for name in PRICED if name in standing]
    return next((point for point in offers if point.value is not None), offers[0])


def changes(history: Iterable[HistoryPoint]) -> Iterator[HistoryPoint]:
    """Leave out the points of a history that repeat what the series was at already.

    A value holds until the next point, so nothing is lost. The last point of a series stays in any case: it
    says until when that was so.
    """
    lines: dict[str, list[HistoryPoint]] = {}
    for point in sorted(history, key=attrgetter("at")):
        line = lines.setdefault(point.series, [])
        if len(line) > 1 and line[-1].value == line[-2].value:
            line.pop()
        line.append(point)
    return chain.from_iterable(lines.values())


def figures(product: ProductData, at: datetime) -> list[HistoryPoint]:
    """Return the figures an answer gives for now. A figure nobody told is left out."""
    money: dict[str, Any] = {"price": product.price, "list_price": product.list_price}
    counts: dict[str, Any] = {
        "rank": product.rank and product.rank.rank,
        "rating": product.rating,
        "review_count": product.rating_count,
        "offer_count": product.offer_count,
    }
    return [
        *(HistoryPoint(name, at, value.amount, value.currency) for name, value in money.items() if value),
        *(HistoryPoint(name, at, Decimal(value)) for name, value in counts.items() if value is not None),
    ]


def provider_of(product: ProductData, series: str) -> str:
    """Return who told a figure."""
    source = product.provenance.get("rating_count" if series == "review_count" else series)
    return source.provider if source else ""
