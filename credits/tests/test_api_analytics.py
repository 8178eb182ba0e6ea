"""GET credits/analytics: what was spent and what came in."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.urls import reverse as url_of
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from credits.models import LedgerEntry
from credits.services import charge, refund
from credits.tests.factories import user_with
from credits.tests.sums import dated, fold_everything

KEY = "0199f3a2-0000-7000-8000-000000000001"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOON.date()
ANALYTICS = url_of("credits:analytics")


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """It is noon: no day ends between what is spent and the question."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def user(request: pytest.FixtureRequest, transactional_db: None) -> Any:
    """Someone with charges today, ten days and forty days ago, and a refund."""
    user = user_with(100)
    for number, (amount, days) in enumerate([(1, 0), (2, 10), (4, 40)]):
        metadata = {"key": KEY} if number else None
        charge(user, amount, operation="product.lookup", key=f"chg_{number}", metadata=metadata)
        dated(f"chg_{number}", NOON - timedelta(days=days))
    charge(user, 8, operation="conversion.fnsku", key="chg_3")
    refund("chg_1", 1, key="ref_1")
    for key in ("chg_3", "ref_1"):
        dated(key, NOON)
    dated(LedgerEntry.objects.for_user(user).of_kind("grant").get().key, NOON - timedelta(days=40))
    return user


@pytest.fixture(params=["live", "folded"])
def is_folded(request: pytest.FixtureRequest, user: Any) -> None:
    """Before and after what there is was added up by day."""
    if request.param == "folded":
        fold_everything()


def ask(user: Any, /, **query: Any) -> Any:
    """The answer."""
    client = APIClient()
    client.force_authenticate(user)
    return client.get(f"{ANALYTICS}?{urlencode(query)}")


def sums(spent: int = 0, received: int = 0, entries: int = 0) -> dict[str, int]:
    """How a sum is written."""
    return {"spent": spent, "received": received, "entries": entries}


@pytest.mark.usefixtures("is_folded")
class TestFigures:
    def test_are_of_the_last_30_days_beside_the_30_before(self, user: Any) -> None:
        data = ask(user).json()["data"]
        assert (data["from"], data["to"]) == (str(TODAY - timedelta(days=29)), str(TODAY))
        assert data["totals"] == sums(11, 1, 4)
        assert data["previous"] == {
            "from": str(TODAY - timedelta(days=59)),
            "to": str(TODAY - timedelta(days=30)),
            "totals": sums(4, 100, 2),
        }
        assert data["change"] == {"spent": 175.0, "received": -99.0, "entries": 100.0}

    def test_by_day_have_every_day_beside_the_one_as_many_days_before(self, user: Any) -> None:
        groups = ask(user).json()["data"]["groups"]
        assert [group["group"] for group in groups] == [
            str(TODAY - timedelta(days=age)) for age in range(29, -1, -1)
        ]
        assert groups[-1] == {"group": str(TODAY), **sums(9, 1, 3), "previous": sums()}
        assert groups[-11] == {
            "group": str(TODAY - timedelta(days=10)),
            **sums(2, 0, 1),
            "previous": sums(4, 100, 2),
        }
        assert groups[0] == {"group": str(TODAY - timedelta(days=29)), **sums(), "previous": sums()}

    @pytest.mark.parametrize(
        ("group_by", "expected"),
        [
            (
                "operation",
                [
                    ("conversion.fnsku", sums(8, 0, 1), sums()),
                    ("product.lookup", sums(3, 1, 3), sums(4, 0, 1)),
                    ("pack", sums(), sums(0, 100, 1)),
                ],
            ),
            (
                "kind",
                [
                    ("charge", sums(11, 0, 3), sums(4, 0, 1)),
                    ("grant", sums(), sums(0, 100, 1)),
                    ("refund", sums(0, 1, 1), sums()),
                ],
            ),
            ("key", [(None, sums(9, 0, 2), sums(0, 100, 1)), (KEY, sums(2, 1, 2), sums(4, 0, 1))]),
        ],
    )
    def test_by_anything_else_begin_with_who_spent_most(
        self, user: Any, group_by: str, expected: list[Any]
    ) -> None:
        data = ask(user, group_by=group_by).json()["data"]
        assert data["group_by"] == group_by
        assert data["groups"] == [
            {"group": group, **now, "previous": previous} for group, now, previous in expected
        ]

    def test_are_of_the_days_asked_for(self, user: Any) -> None:
        day = str(TODAY - timedelta(days=10))
        data = ask(user, **{"from": day, "to": day}).json()["data"]
        assert data["totals"] == sums(2, 0, 1)
        assert data["previous"]["totals"] == sums()
        assert data["change"] == {"spent": None, "received": None, "entries": None}
        assert len(data["groups"]) == 1

    def test_are_nobody_elses(self, user: Any) -> None:
        data = ask(user_with(0)).json()["data"]
        assert data["totals"] == data["previous"]["totals"] == sums()


@pytest.mark.django_db
class TestAsking:
    def test_one_day_alone_gives_the_other(self) -> None:
        someone = user_with(1)
        data = ask(someone, to="2026-03-31").json()["data"]
        assert (data["from"], data["to"]) == ("2026-03-02", "2026-03-31")
        data = ask(someone, **{"from": str(TODAY)}).json()["data"]
        assert (data["from"], data["to"]) == (str(TODAY), str(TODAY))

    def test_a_period_has_at_most_366_days(self) -> None:
        someone = user_with(1)
        first = date(2023, 3, 1)
        answers = [
            ask(someone, **{"from": first, "to": first + timedelta(days=365 + more)}) for more in (0, 1)
        ]
        assert [answer.status_code for answer in answers] == [200, 422]
        assert len(answers[0].json()["data"]["groups"]) == 366

    def test_the_ends_of_the_calendar_can_be_asked_for(self) -> None:
        someone = user_with(1)
        assert ask(someone, **{"from": "2000-01-01", "to": "2000-01-02"}).status_code == 200
        assert ask(someone, to="9999-12-31").status_code == 200
        assert ask(someone, **{"from": "9999-12-31"}).status_code == 200
        assert ask(someone, to="2000-01-02").json()["data"]["from"] == "2000-01-01"

    @pytest.mark.parametrize(
        ("query", "field", "code"),
        [
            ({"from": "2026-11-21", "to": "2026-11-20"}, "from", "invalid"),
            ({"from": "yesterday"}, "from", "invalid"),
            ({"from": "20261120"}, "from", "invalid"),
            ({"to": "2026-02-30"}, "to", "invalid"),
            ({"to": "2026-02-03T00:00:00Z"}, "to", "invalid"),
            ({"from": "1999-12-31"}, "from", "out_of_range"),
            ({"to": "0001-01-01"}, "to", "out_of_range"),
            ({"group_by": "user"}, "group_by", "invalid_choice"),
            ({"user": "someone"}, "user", "unknown_field"),
        ],
    )
    def test_what_it_does_not_understand_is_refused(
        self, query: dict[str, str], field: str, code: str
    ) -> None:
        answer = ask(user_with(1), **query)
        assert answer.status_code == 422
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
            (f"#/{field}", code)
        ]

    def test_two_queries_however_long_the_period(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        someone = user_with(1)
        with django_assert_num_queries(2):
            ask(someone, **{"from": TODAY - timedelta(days=365)})

    def test_is_for_who_has_a_credential(self) -> None:
        assert APIClient().get(ANALYTICS).status_code == 401
