"""The whole stock, page by page, from a server whose page tokens die after half a minute."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from structlog.testing import capture_logs

from providers.errors import ErrorClass, ProviderError
from providers.http import Patience
from providers.marketplaces import MARKETPLACES
from providers.spapi import inventory
from providers.spapi.inventory import InventoryRow
from providers.spapi.session import RATES, Session
from providers.spapi.tests.amazon import REFUSED, Amazon, amazon
from providers.tests.clocks import Stopped
from providers.tests.loopback import BROKEN, Behaviour, Handler, Query, says

US = MARKETPLACES["US"]
PAGE = 50
TOKEN_SECONDS = 30
EXPIRED = {"errors": [{"code": "InvalidInput", "message": "The nextToken has expired."}]}


def summary(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return what is said of one SKU."""
    return {
        "asin": f"B0{number:08}",
        "fnSku": f"X00{number:07}",
        "sellerSku": f"STRAP-{number}",
        "condition": "NewItem",
        "productName": "Ratchet strap",
        "totalQuantity": 208,
        "lastUpdatedTime": "2026-11-01T10:00:00Z",
        "stores": [],
        "inventoryDetails": {"fulfillableQuantity": 156},
    } | changes


def page(*summaries: Any, token: Any = None, **changes: Any) -> dict[str, Any]:
    """Return a page; the token stands beside the payload."""
    granularity = {"granularityType": "Marketplace", "granularityId": US.id}
    pagination = {} if token is None else {"pagination": {"nextToken": token}}
    return (
        {"payload": {"granularity": granularity, "inventorySummaries": list(summaries)}}
        | pagination
        | changes
    )


@dataclass
class Stock:
    """So many pages of stock. A token is good for half a minute by this clock, and may be made to age."""

    stopped: Stopped
    pages: int
    aged: list[float] = field(default_factory=list)  # how old the next tokens are when they arrive

    def __call__(self, handler: Handler, query: Query) -> None:
        number, _, made = query.get("nextToken", "0 ").partition(" ")
        if made and self.stopped.now - float(made) > TOKEN_SECONDS:
            says(EXPIRED, status=400)(handler, query)
            return
        first = int(number) * PAGE
        is_last = int(number) + 1 == self.pages
        made_at = self.stopped.now - (self.aged.pop(0) if self.aged else 0)
        token = None if is_last else f"{int(number) + 1} {made_at}"
        says(page(*map(summary, range(first, first + PAGE)), token=token))(handler, query)


@pytest.fixture
def stopped() -> Stopped:
    return Stopped()


@pytest.fixture
def upstream() -> Iterator[Amazon]:
    with amazon(says(page(summary()))) as running:
        yield running


@pytest.fixture
def session(upstream: Amazon, stopped: Stopped) -> Session:
    patient = Patience(connect=1, read=5, total=10, wait_initial=0.001, wait_max=2)
    return Session(**upstream.options | {"patience": patient}, clock=stopped.clock)


def rows(session: Session, **options: Any) -> list[InventoryRow]:
    return list(inventory.summaries(session, US, **options))


def failure(session: Session, **options: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        next(inventory.summaries(session, US, **options))
    return caught.value


def numbers(found: list[InventoryRow]) -> list[int]:
    return [int(row.asin[2:]) for row in found]


def test_reads_what_is_said_of_a_sku(session: Session) -> None:
    assert rows(session) == [
        InventoryRow(
            sku="STRAP-1",
            fnsku="X000000001",
            asin="B000000001",
            title="Ratchet strap",
            condition="new",
            quantity=208,
            updated_at=datetime(2026, 11, 1, 10, tzinfo=UTC),
        )
    ]


def test_asks_for_the_whole_marketplace(session: Session, upstream: Amazon) -> None:
    rows(session)
    [call] = upstream.calls
    assert (call.method, call.path) == ("GET", "/fba/inventory/v1/summaries")
    assert call.query == {
        "details": "true", "granularityType": "Marketplace", "granularityId": US.id, "marketplaceIds": US.id,
    }  # fmt: skip
    assert inventory.OPERATION in RATES


def test_follows_the_pages(session: Session, upstream: Amazon, stopped: Stopped) -> None:
    upstream.usually = Stock(stopped, pages=7)
    assert numbers(rows(session)) == list(range(7 * PAGE))


def test_the_start_time_is_sent_again_with_every_token(session: Session, upstream: Amazon) -> None:
    upstream.script = [says(page(summary(1), token="a+/= b")), says(page(summary(2)))]
    since = datetime(2026, 10, 31, 23, 30, 5, 999, tzinfo=timezone(timedelta(hours=-2)))
    assert numbers(rows(session, since=since)) == [1, 2]
    asked = [(call.query["startDateTime"], call.query.get("nextToken")) for call in upstream.calls]
    assert asked == [("2026-11-01T01:30:05Z", None), ("2026-11-01T01:30:05Z", "a+/= b")]
    assert {call.query["details"] for call in upstream.calls} == {"true"}


def test_a_slow_user_of_the_rows_does_not_lose_the_run(
    session: Session, upstream: Amazon, stopped: Stopped
) -> None:
    upstream.usually = Stock(stopped, pages=6)
    found = []
    for row in inventory.summaries(session, US):
        found.append(row)
        if len(found) % PAGE == 0:
            stopped.passes(45)
    assert numbers(found) == list(range(6 * PAGE))
    assert len(upstream.calls) == 6


def test_a_token_that_died_on_the_way_begins_the_run_anew_without_repeating_rows(
    session: Session, upstream: Amazon, stopped: Stopped
) -> None:
    upstream.usually = Stock(stopped, pages=4, aged=[0, 31])
    assert numbers(rows(session)) == list(range(4 * PAGE))
    assert [call.query.get("nextToken", "0")[0] for call in upstream.calls] == list("0120123")


def test_tokens_that_always_die_end_the_run(session: Session, upstream: Amazon, stopped: Stopped) -> None:
    upstream.usually = Stock(stopped, pages=2, aged=[31] * 9)
    assert failure(session).reason is ErrorClass.INVALID_REQUEST
    assert len(upstream.calls) == 2 * inventory.RUNS


def test_what_is_refused_without_a_token_is_not_asked_again(session: Session, upstream: Amazon) -> None:
    upstream.usually = says(EXPIRED, status=400)
    assert failure(session).reason is ErrorClass.INVALID_REQUEST
    assert len(upstream.calls) == 1


def test_nothing_is_handed_out_of_a_run_that_fails(session: Session, upstream: Amazon) -> None:
    upstream.script = [says(page(summary(), token="2")), says({}, status=403), says({}, status=403)]
    assert failure(session).reason is ErrorClass.NOT_ENTITLED


def test_much_stock_is_kept_on_disk_and_comes_back_whole(session: Session, upstream: Amazon) -> None:
    long = "Strap " * 10_000
    upstream.script = [
        says(
            page(
                *(summary(number, productName=long) for number in range(start, start + PAGE)),
                token=str(start),
            )
        )
        for start in (0, PAGE)
    ]
    found = rows(session)
    assert numbers(found) == [*range(2 * PAGE), 1]
    assert found[60].title == long.strip()


def loops(*tokens: str) -> Behaviour:
    """Lead from each of these tokens to the next, and from the last to the first."""
    ways = dict(zip(("", *tokens), (*tokens, tokens[0]), strict=True))
    return lambda handler, query: says(page(summary(), token=ways[query.get("nextToken", "")]))(
        handler, query
    )


@pytest.mark.parametrize("tokens", ["a", "abc"])
def test_pages_that_lead_back_are_left(session: Session, upstream: Amazon, tokens: str) -> None:
    upstream.usually = loops(*tokens)
    assert failure(session).reason is ErrorClass.INVALID_ANSWER
    assert len(upstream.calls) == len(tokens) + 1


def test_pages_without_end_are_left(session: Session, upstream: Amazon, stopped: Stopped) -> None:
    upstream.usually = Stock(stopped, pages=10**6)
    assert failure(session, most_pages=5).reason is ErrorClass.INVALID_ANSWER
    assert len(upstream.calls) == 5


@pytest.mark.parametrize("pagination", [None, [], {"nextToken": None}, {"nextToken": 7}, {"nextToken": ""}])
def test_without_a_token_it_is_the_last_page(session: Session, upstream: Amazon, pagination: Any) -> None:
    upstream.usually = says(page(summary(), pagination=pagination))
    assert len(rows(session)) == 1
    assert len(upstream.calls) == 1


def test_a_token_within_the_payload_is_none(session: Session, upstream: Amazon) -> None:
    body = page(summary())
    body["payload"]["pagination"] = {"nextToken": "x"}
    upstream.usually = says(body)
    assert len(rows(session)) == 1


@pytest.mark.parametrize(
    ("code", "reason", "retryable"),
    [
        ("QuotaExceeded", ErrorClass.RATE_LIMITED, True),
        ("InternalFailure", ErrorClass.UPSTREAM_DOWN, True),
        ("ServiceUnavailable", ErrorClass.UPSTREAM_DOWN, True),
        ("InvalidInput", ErrorClass.INVALID_REQUEST, False),
        ("Unauthorized", ErrorClass.NOT_ENTITLED, False),
        ("Unheard", ErrorClass.PARTIAL, False),
        (None, ErrorClass.PARTIAL, False),
    ],
)
def test_an_error_beside_the_payload_ends_the_run(
    session: Session, upstream: Amazon, code: Any, reason: ErrorClass, retryable: bool
) -> None:
    upstream.usually = says(page(summary(), errors=[{"code": code, "message": "secret words"}]))
    error = failure(session)
    assert (error.reason, error.retryable) == (reason, retryable)
    assert "secret words" not in str(error)


def test_an_error_that_is_no_object_is_an_error(session: Session, upstream: Amazon) -> None:
    upstream.usually = says(page(summary(), errors=["text"]))
    assert failure(session).reason is ErrorClass.PARTIAL


@pytest.mark.parametrize("errors", [None, [], {}])
def test_no_error_beside_the_payload_is_none(session: Session, upstream: Amazon, errors: Any) -> None:
    upstream.usually = says(page(summary(), errors=errors))
    assert len(rows(session)) == 1


def test_the_asin_in_the_place_of_the_fnsku_is_a_good_row(session: Session, upstream: Amazon) -> None:
    upstream.usually = says(page(summary(asin="B0PALLET01", fnSku="B0PALLET01")))
    [row] = rows(session)
    assert (row.fnsku, row.asin) == ("B0PALLET01", "B0PALLET01")


@pytest.mark.parametrize(
    "changes",
    [
        {"asin": None}, {"asin": ""}, {"asin": "X000000001"}, {"asin": 7}, {"fnSku": None}, {"fnSku": ""},
        {"fnSku": "B0PALLET09"}, {"fnSku": "4006381333931"}, {"fnSku": ["X000000001"]},
    ],
)  # fmt: skip
def test_a_sku_that_names_no_pair_is_passed_over_and_counted(
    session: Session, upstream: Amazon, changes: dict[str, Any]
) -> None:
    upstream.usually = says(page(summary(1, **changes), None, "text", summary(2)))
    with capture_logs() as told:
        assert numbers(rows(session)) == [2]
    assert [entry["count"] for entry in told if entry["event"] == "upstream_doubted"] == [1]


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("sellerSku", 7, lambda row: row.sku),
        ("productName", ["x"], lambda row: row.title),
        ("condition", "Unheard", lambda row: row.condition),
        ("totalQuantity", -1, lambda row: row.quantity),
        ("totalQuantity", True, lambda row: row.quantity),
        ("totalQuantity", 2**31, lambda row: row.quantity),
        ("totalQuantity", "7", lambda row: row.quantity),
        ("lastUpdatedTime", "yesterday", lambda row: row.updated_at),
        ("lastUpdatedTime", "2026-11-01T10:00:00", lambda row: row.updated_at),
        ("lastUpdatedTime", "0001-01-01T00:00:00+05:00", lambda row: row.updated_at),
        ("lastUpdatedTime", 7, lambda row: row.updated_at),
    ],
)
def test_what_cannot_be_meant_is_unknown(
    name: str, value: Any, read: Callable[[InventoryRow], object]
) -> None:
    row = inventory.row(summary(**{name: value}))
    assert row is not None
    assert read(row) is None


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (says({}), ErrorClass.INVALID_ANSWER),
        (says({"payload": []}), ErrorClass.INVALID_ANSWER),
        (says({"payload": {"inventorySummaries": {}}}), ErrorClass.INVALID_ANSWER),
        (says(REFUSED, status=403), ErrorClass.NOT_ENTITLED),
        (says({"errors": [{"code": "QuotaExceeded"}]}, status=429), ErrorClass.RATE_LIMITED),
        *BROKEN,
    ],
)
def test_names_every_failure(
    session: Session, upstream: Amazon, behaviour: Behaviour, reason: ErrorClass
) -> None:
    upstream.usually = behaviour
    assert failure(session).reason is reason
