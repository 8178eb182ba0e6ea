"""Who writes a batch of answers down leaves the turn to others: the database works, and this process may."""

import threading

import pytest
from django.db import connection, transaction

from config.tests.waiting import eventually
from products.models import Product
from products.store import RedisThenPostgres
from products.tests.factories import ASIN, kept_answer
from providers.turns import turns

WAITS_FOR_A_ROW = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def is_blocked() -> bool:
    """Whether a statement waits for a row that we have locked."""
    with connection.cursor() as cursor:
        cursor.execute(WAITS_FOR_A_ROW)
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_while_many_answers_are_kept_another_call_has_its_turn() -> None:
    both = [kept_answer(), kept_answer(asin="B000000000", product__asin="B000000000")]
    RedisThenPostgres().put(both[0], keep_seconds=60)
    had_its_turn = threading.Event()

    def keep() -> None:
        with turns.taken():
            RedisThenPostgres().put(*both, keep_seconds=60)
        connection.close()

    def work() -> None:
        with turns.taken():
            had_its_turn.set()

    keeping, working = (threading.Thread(target=one, daemon=True) for one in (keep, work))
    with transaction.atomic():
        Product.objects.select_for_update().get(asin=ASIN)
        keeping.start()
        eventually(is_blocked)
        working.start()
        in_turn = had_its_turn.wait(10)  # half as long as anybody waits before going out of turn
    keeping.join(30)
    working.join(30)
    assert in_turn
