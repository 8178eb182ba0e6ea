"""Answers are kept in Redis and as a row, and either alone is enough."""

from datetime import timedelta

import orjson
import pytest
from django.core.cache import cache
from django.db import connection
from django_redis import get_redis_connection
from pytest_django import DjangoAssertNumQueries
from structlog.testing import capture_logs

from products.kept import Kept
from products.models import Observation, Product
from products.store import RedisThenPostgres, cache_key
from products.tests.factories import ASIN, NOON, a_product, kept_answer
from providers.base import StoredProduct
from providers.codec import load

pytestmark = pytest.mark.django_db
store = RedisThenPostgres()


def stored(kept: Kept | None) -> StoredProduct | None:
    """The same as it was put."""
    return load(kept.document) if kept else None


def test_what_was_put_is_got(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    kept = kept_answer()
    store.put(kept, keep_seconds=60)
    with django_assert_num_queries(0):
        assert stored(store.get(ASIN, "US")) == kept


def test_nothing_is_known_of_what_was_never_put() -> None:
    store.put(kept_answer(), keep_seconds=60)
    assert store.get(ASIN, "DE") is None
    assert store.get("B000000000", "US") is None


def test_what_is_looked_for_twice_in_one_call_is_looked_for_in_the_database_once(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    of_this_call = RedisThenPostgres()
    with django_assert_num_queries(1):
        assert of_this_call.get(ASIN, "US") is None
        assert of_this_call.get(ASIN, "US") is None
    store.put(kept := kept_answer(), keep_seconds=60)
    with django_assert_num_queries(0):
        assert stored(of_this_call.get(ASIN, "US")) == kept


def test_without_redis_what_another_process_found_meanwhile_is_in_the_database(redis_away: None) -> None:
    of_this_call = RedisThenPostgres()
    assert of_this_call.get(ASIN, "US") is None
    store.put(kept := kept_answer(), keep_seconds=60)
    assert stored(of_this_call.get(ASIN, "US")) == kept


def test_redis_keeps_it_for_as_long_as_asked() -> None:
    store.put(kept_answer(), keep_seconds=600)
    assert 590 < get_redis_connection("default").ttl(cache_key(ASIN, "US")) <= 600


def test_the_row_answers_when_redis_has_forgotten_and_redis_learns_it_again(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    kept = kept_answer()
    store.put(kept, keep_seconds=60)
    cache.clear()
    with django_assert_num_queries(1):
        assert stored(store.get(ASIN, "US")) == kept
    with django_assert_num_queries(0):
        assert stored(store.get(ASIN, "US")) == kept


def test_the_row_answers_when_redis_is_away(redis_away: None) -> None:
    kept = kept_answer()
    store.put(kept, keep_seconds=60)
    assert stored(store.get(ASIN, "US")) == kept


def test_a_redis_that_is_away_is_waited_for_once_and_not_at_each_step(redis_away: None) -> None:
    with capture_logs() as lines:
        store.put(kept_answer(), keep_seconds=60)
        store.get(ASIN, "US")
        store.get(ASIN, "DE")
    assert [line["event"] for line in lines] == ["product cache is away"]


def test_that_there_is_no_such_product_is_kept_too() -> None:
    store.put(kept_answer(product=None), keep_seconds=60)
    cache.clear()
    kept = store.get(ASIN, "US")
    assert kept is not None
    assert kept.product is None
    assert Product.objects.get().is_not_found


def test_the_last_answer_replaces_the_one_before() -> None:
    store.put(kept_answer(product__title="Old"), keep_seconds=60)
    store.put(kept_answer(product__title="New", fetched_at=NOON + timedelta(hours=1)), keep_seconds=60)
    row = Product.objects.get()
    assert (row.title, row.fetched_at, row.providers) == ("New", NOON + timedelta(hours=1), "first")


def test_a_late_answer_does_not_replace_a_newer_one() -> None:
    store.put(kept_answer(product__title="New"), keep_seconds=60)
    store.put(kept_answer(product__title="Old", fetched_at=NOON - timedelta(hours=1)), keep_seconds=60)
    assert Product.objects.get().title == "New"


def test_an_entry_of_another_version_is_a_miss() -> None:
    get_redis_connection("default").set(cache_key(ASIN, "US"), b'{"v": 0}')
    assert store.get(ASIN, "US") is None
    Product.objects.create(asin=ASIN, marketplace="US", document={"v": 0}, fetched_at=NOON)
    assert store.get(ASIN, "US") is None


@pytest.mark.parametrize("title", ["a\0b", "\0", "C:\\u0000", "C:\\\0", "\\\\\0\0"])
def test_a_nul_character_from_an_upstream_spoils_nothing(title: str) -> None:
    store.put(kept_answer(product__title=title), keep_seconds=60)
    cache.clear()
    kept = store.get(ASIN, "US")
    assert kept is not None
    assert kept.product is not None
    assert kept.product.title == title.replace("\0", "")


def test_an_answer_that_no_row_can_hold_is_kept_in_redis_and_raises_nothing() -> None:
    product = a_product(marketplace="TOOLONG")
    store.put(kept_answer(marketplace="TOOLONG", product=product), keep_seconds=60)
    assert store.get(ASIN, "TOOLONG") is not None
    assert not Product.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_keeping_an_answer_takes_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        store.put(kept_answer(), keep_seconds=60)
    assert Observation.objects.count() == 2


def test_the_document_can_be_read_in_the_database() -> None:
    store.put(kept_answer(), keep_seconds=60)
    with connection.cursor() as cursor:
        cursor.execute("SELECT document->'product'->'price' FROM products_product")
        assert orjson.loads(cursor.fetchone()[0]) == {"amount": "12.90", "currency": "USD"}
