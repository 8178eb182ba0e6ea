"""A key's spending cap, from the call that sets it to the lookup it refuses."""

import threading
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from accounts.tests.factories import bearing, logged_in, manager
from credits.models import LedgerEntry
from products.tests.factories import ASIN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("surroundings")]
KEYS = "/api/v1/keys"
LOOKUP = f"/api/v1/products/{ASIN}"


class Owned:
    """A key of Alice's with a cap, and what she does with it."""

    def __init__(self, user: User, **cap: Any) -> None:
        self.owner = bearing(logged_in(user).access_token)
        made = self.owner.post(KEYS, {"cap": cap}, format="json").json()["data"]
        self.secret, self.url = made["key"], f"{KEYS}/{made['id']}"
        self.id = made["id"]

    def look_up(self, secret: str = "") -> Any:
        return bearing(secret or self.secret).get(LOOKUP)

    def change(self, **body: Any) -> Any:
        return self.owner.patch(self.url, body, format="json").json()["data"]

    def spent(self) -> int:
        return int(self.owner.get(self.url).json()["data"]["cap"]["spent"])


def test_the_cap_refuses_what_goes_beyond_it_and_says_so(alice: User) -> None:
    key = Owned(alice, limit=2, period="day")
    assert [key.look_up().status_code for _ in range(3)] == [200, 200, 403]
    answer = key.look_up()
    body = answer.json()
    assert (body["code"], body["cap"], body["limit"], body["available"]) == ("key_cap_reached", key.id, 2, 0)
    assert body["resets_at"].endswith("T00:00:00Z")
    assert "X-Credits-Charged" not in answer
    assert (key.spent(), LedgerEntry.objects.filter(kind="charge").count()) == (2, 2)


def test_the_owner_and_other_keys_are_not_capped(alice: User) -> None:
    key = Owned(alice, limit=0, period="total")
    assert key.look_up().json()["resets_at"] is None
    assert key.owner.get(LOOKUP).status_code == 200
    assert manager(alice).get(LOOKUP).status_code == 200


def test_a_raised_cap_lets_the_next_call_through(alice: User) -> None:
    key = Owned(alice, limit=0, period="month")
    assert key.look_up().status_code == 403
    key.change(cap={"limit": 1, "period": "month"})
    assert [key.look_up().status_code for _ in range(2)] == [200, 403]


def test_a_cap_put_on_a_key_in_use_holds_from_the_next_call(alice: User) -> None:
    key = Owned(alice, limit=5, period="total")
    key.change(cap=None)
    assert key.look_up().status_code == 200
    key.change(cap={"limit": 0, "period": "total"})
    assert key.look_up().json()["code"] == "key_cap_reached"


def test_a_reroll_resets_nothing_and_both_secrets_count_together(alice: User) -> None:
    key = Owned(alice, limit=3, period="total")
    assert key.look_up().status_code == 200
    new = key.owner.post(f"{key.url}/reroll", {"grace_seconds": 60}, format="json").json()["data"]
    assert new["cap"]["spent"] == 1
    assert [key.look_up(secret).status_code for secret in (new["key"], key.secret, new["key"])] == [
        200,
        200,
        403,
    ]


def test_a_cap_taken_off_and_set_again_goes_on_counting(alice: User) -> None:
    key = Owned(alice, limit=2, period="day")
    key.look_up()
    assert key.change(cap=None)["cap"] is None
    assert key.change(cap={"limit": 1, "period": "day"})["cap"]["spent"] == 1
    assert key.look_up().json()["code"] == "key_cap_reached"


def test_another_period_counts_anew_and_a_lower_limit_does_not(alice: User) -> None:
    key = Owned(alice, limit=5, period="day")
    for _ in range(3):
        key.look_up()
    assert key.change(cap={"limit": 1, "period": "day"})["cap"]["spent"] == 3
    assert key.change(cap={"limit": 1, "period": "month"})["cap"]["spent"] == 0


@pytest.mark.django_db(transaction=True)
def test_many_calls_at_once_do_not_exceed_the_cap(alice: User) -> None:
    key = Owned(alice, limit=5, period="total")
    key.owner.get(LOOKUP)  # so that the product is known
    statuses: list[int] = []

    def look_up() -> None:
        statuses.append(key.look_up().status_code)
        connection.close()

    threads = [threading.Thread(target=look_up) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(statuses) == [200] * 5 + [403] * 11
    assert key.spent() == 5
