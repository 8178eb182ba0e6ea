"""The way to an answer: store, providers in order, merge, stale and not found."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from providers.ages import Ages
from providers.base import (
    FIELDS,
    Answer,
    Freshness,
    Money,
    OfferData,
    Part,
    ProductData,
    ProductProvider,
    ReviewData,
    StoredProduct,
)
from providers.errors import ErrorClass, MarketplaceNotServed, ProviderError, UpstreamUnavailable
from providers.flights import Flights
from providers.gateway import Gateway
from providers.lease import Lease
from providers.tests.stand_ins import ASIN, DOWN, EMPTY, Mute, StandIn, full
from providers.tests.stores import DictStore

AGES = Ages(fresh=3600, stale=86400, not_found=600)
OFFERS = (OfferData(seller_id="A1"),)
REVIEWS = (ReviewData(title="Holds"),)


class Before:
    """Counts how often before_upstream was called."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1


def ask(
    providers: Iterable[ProductProvider],
    store: DictStore | None = None,
    *parts: Part,
    before: Before | None = None,
    marketplace: str = "US",
) -> Answer:
    gateway = Gateway([*providers], DictStore() if store is None else store, flights=Flights(), ages=AGES)
    return gateway.product(ASIN, marketplace=marketplace, parts=parts, before_upstream=before or Before())


def stored(product: ProductData | None, *asked: Part, age: float = 0) -> StoredProduct:
    at = datetime.now(UTC) - timedelta(seconds=age)
    return StoredProduct(
        asin=ASIN,
        marketplace="US",
        product=product,
        asked=dict.fromkeys((Part.CORE, *asked), at),
        fetched_at=at,
    )


# --- the store --------------------------------------------------------------------------------------------


def test_a_fresh_answer_comes_from_the_store_and_nobody_is_asked() -> None:
    provider, before = StandIn(full()), Before()
    answer = ask([provider], DictStore(stored(full(), age=3590)), before=before)
    assert (answer.freshness, answer.product) == (Freshness.CACHED, full())
    assert answer.parts == {Part.CORE}
    assert (provider.asked, before.calls) == ([], 0)


def test_an_answer_past_its_hour_is_asked_for_again() -> None:
    provider, before = StandIn(full(title="New")), Before()
    answer = ask([provider], DictStore(stored(full(), age=3601)), before=before)
    assert answer.freshness is Freshness.UPSTREAM
    assert answer.product is not None
    assert answer.product.title == "New"
    assert before.calls == 1


def test_an_answer_from_far_in_the_future_is_not_fresh() -> None:
    assert ask([StandIn(full())], DictStore(stored(full(), age=-7200))).freshness is Freshness.UPSTREAM


def test_an_answer_is_kept_for_a_day() -> None:
    store = DictStore()
    answer = ask([StandIn(full())], store)
    kept = store.kept[ASIN, "US"]
    assert kept.product == answer.product
    assert kept.fetched_at == kept.asked[Part.CORE] == answer.fetched_at
    assert store.keep_seconds == [86400]


def test_an_answer_that_cannot_be_kept_is_given_all_the_same() -> None:
    class Full(DictStore):
        def put(self, *stored: StoredProduct, keep_seconds: int) -> None:
            raise OSError("no space left")

    assert ask([StandIn(full())], Full()).product is not None


def test_the_hold_is_taken_before_anyone_is_asked() -> None:
    order: list[str] = []

    def says(parts: frozenset[Part]) -> ProductData:
        order.append("asked")
        return full()

    gateway = Gateway([StandIn(says)], DictStore(), flights=Flights(), ages=AGES)
    gateway.product(ASIN, marketplace="US", parts=[], before_upstream=lambda: order.append("held"))
    assert order == ["held", "asked"]


def test_who_cannot_pay_is_refused_before_anyone_is_asked() -> None:
    provider = StandIn(full())

    def refuse() -> None:
        raise PermissionError("no credits")

    gateway = Gateway([provider], DictStore(), flights=Flights(), ages=AGES)
    with pytest.raises(PermissionError):
        gateway.product(ASIN, marketplace="US", parts=[], before_upstream=refuse)
    assert provider.asked == []


def test_ages_come_from_the_settings() -> None:
    assert Ages.configured() == AGES


# --- parts ------------------------------------------------------------------------------------------------


def test_a_fresh_answer_without_the_wanted_part_is_asked_for_again() -> None:
    provider = StandIn(full(offers=OFFERS))
    answer = ask([provider], DictStore(stored(full())), Part.OFFERS)
    assert answer.freshness is Freshness.UPSTREAM
    assert answer.parts == {Part.CORE, Part.OFFERS}
    assert provider.asked == [{Part.CORE, Part.OFFERS}]


def test_a_part_that_nobody_has_is_not_asked_for_again_while_fresh() -> None:
    provider, store = StandIn(full()), DictStore()
    first = ask([provider], store, Part.REVIEWS)
    second = ask([provider], store, Part.REVIEWS)
    assert first.parts == second.parts == {Part.CORE}
    assert second.freshness is Freshness.CACHED
    assert len(provider.asked) == 1


def test_a_part_whose_provider_failed_is_asked_for_again() -> None:
    critic = StandIn(DOWN, name="critic", delivers=frozenset({"reviews"}))
    store = DictStore()
    assert ask([StandIn(full()), critic], store, Part.REVIEWS).parts == {Part.CORE}
    assert ask([StandIn(full()), critic], store, Part.REVIEWS).freshness is Freshness.UPSTREAM
    assert len(critic.asked) == 2
    assert ask([StandIn(full())], store).freshness is Freshness.CACHED


def test_only_what_was_asked_for_counts_as_delivered() -> None:
    store = DictStore(stored(full(offers=OFFERS), Part.OFFERS))
    assert ask([StandIn()], store).parts == {Part.CORE}
    assert ask([StandIn()], store, Part.OFFERS).parts == {Part.CORE, Part.OFFERS}


def test_a_fresh_part_outlives_an_answer_without_it() -> None:
    store = DictStore(stored(full(offers=OFFERS, title="Old"), Part.OFFERS, age=600))
    critic = StandIn(full(title="New", reviews=REVIEWS), delivers=FIELDS)
    answer = ask([critic], store, Part.REVIEWS)
    assert answer.product is not None
    assert (answer.product.title, answer.product.offers) == ("New", OFFERS)
    assert answer.parts == {Part.CORE, Part.REVIEWS}
    kept = store.kept[ASIN, "US"].asked
    assert kept[Part.REVIEWS] - kept[Part.OFFERS] > timedelta(seconds=590)


def test_an_old_part_is_dropped_with_the_old_answer() -> None:
    store = DictStore(stored(full(offers=OFFERS), Part.OFFERS, age=4000))
    answer = ask([StandIn(full())], store)
    assert answer.product is not None
    assert answer.product.offers is None
    assert set(store.kept[ASIN, "US"].asked) == {Part.CORE}


def test_an_old_answer_adds_nothing_to_not_found() -> None:
    store = DictStore(stored(full(offers=OFFERS), Part.OFFERS, age=600))
    assert ask([StandIn(None)], store, Part.REVIEWS).product is None


# --- single flight ----------------------------------------------------------------------------------------


def test_what_another_process_has_found_meanwhile_is_the_answer() -> None:
    provider, before = StandIn(full(title="Asked twice")), threading.Event()
    theirs = Lease(f"US:{ASIN}:core", seconds=30)
    assert theirs.take() is None
    store, answers = DictStore(), list[Answer]()
    gateway = Gateway([provider], store, flights=Flights(), ages=AGES)
    thread = threading.Thread(
        target=lambda: answers.append(
            gateway.product(ASIN, marketplace="US", parts=[], before_upstream=before.set)
        )
    )
    with theirs.held():
        thread.start()
        assert before.wait(30)
        store.put(stored(full(title="Theirs")), keep_seconds=1)
    thread.join(30)
    assert [(one.freshness, one.product and one.product.title) for one in answers] == [
        (Freshness.UPSTREAM, "Theirs")
    ]
    assert provider.asked == []


def test_the_configured_gateway_asks_the_configured_providers(settings: Any) -> None:
    settings.PROVIDERS = settings.KNOWN_PROVIDERS["sample"]
    answer = Gateway.configured(DictStore()).product(ASIN, marketplace="JP", before_upstream=Before())
    assert answer.product is not None
    assert answer.product.is_sample


# --- several providers ------------------------------------------------------------------------------------


def test_the_next_provider_fills_what_the_first_left_open() -> None:
    first = StandIn(full(price=None, rating=None))
    second = StandIn(full(price=Money(Decimal(20), "USD"), title="Other"), name="second")
    product = ask([first, second]).product
    assert product is not None
    assert product.title == "Ratchet Strap"
    assert product.price == Money(Decimal(20), "USD")
    assert product.provenance["title"].provider == "first"
    assert product.provenance["price"].provider == "second"


def test_every_known_field_has_its_source_and_no_other_has() -> None:
    started = datetime.now(UTC)
    product = ask([StandIn(full())]).product
    assert product is not None
    assert set(product.provenance) == {name for name in FIELDS if getattr(product, name) is not None}
    assert all(source.provider == "first" for source in product.provenance.values())
    assert all(started <= source.fetched_at <= datetime.now(UTC) for source in product.provenance.values())


def test_nobody_is_asked_for_what_they_do_not_deliver() -> None:
    second = StandIn(full(), name="second", delivers=frozenset({"title", "history", "parent_asin"}))
    ask([StandIn(full()), second])
    assert second.asked == []


def test_the_next_provider_is_asked_only_for_the_parts_that_are_missing() -> None:
    first = StandIn(full(offers=OFFERS))
    second = StandIn(full(reviews=REVIEWS), name="second", delivers=FIELDS)
    answer = ask([first, second], None, Part.OFFERS, Part.REVIEWS)
    assert answer.parts == set(Part)
    assert first.asked == [{Part.CORE, Part.OFFERS}]
    assert second.asked == [{Part.CORE, Part.REVIEWS}]


@pytest.mark.parametrize("broken", [StandIn(DOWN), StandIn(EMPTY), StandIn(ZeroDivisionError("bug")), Mute()])
def test_a_provider_that_fails_is_passed_over(broken: StandIn) -> None:
    answer = ask([broken, StandIn(full(), name="second")])
    assert answer.product is not None
    assert {source.provider for source in answer.product.provenance.values()} == {"second"}


@pytest.mark.parametrize(
    "nonsense",
    [
        full(asin="B0STRANGER"),
        full(marketplace="DE"),
        full(price=Money(Decimal(-1), "USD")),
        full(price=Money(Decimal("NaN"), "USD")),
    ],
)
def test_what_cannot_be_believed_is_passed_over(nonsense: ProductData) -> None:
    with pytest.raises(UpstreamUnavailable) as caught:
        ask([StandIn(nonsense)])
    assert caught.value.reasons == {"first": ErrorClass.INVALID_ANSWER}


def test_when_all_fail_every_reason_is_named() -> None:
    store = DictStore()
    with pytest.raises(UpstreamUnavailable) as caught:
        ask([StandIn(DOWN), StandIn(EMPTY, name="second"), Mute(name="third")], store)
    assert caught.value.reasons == {
        "first": ErrorClass.UPSTREAM_DOWN,
        "second": ErrorClass.RATE_LIMITED,
        "third": ErrorClass.PARTIAL,
    }
    assert caught.value.retry_after == 40
    assert "second: rate_limited" in str(caught.value)
    assert store.kept == {}


def test_invented_data_is_never_mixed_with_real_data() -> None:
    sample = StandIn(full(is_sample=True), name="sample")
    product = ask([StandIn(full(price=None)), sample]).product
    assert product is not None
    assert product.price is None
    assert not product.is_sample


def test_invented_data_stands_in_for_an_upstream_that_is_down() -> None:
    product = ask([StandIn(DOWN), StandIn(full(is_sample=True), name="sample")]).product
    assert product is not None
    assert product.is_sample


def test_invented_data_does_not_contradict_a_real_not_found() -> None:
    assert ask([StandIn(None), StandIn(full(is_sample=True), name="sample")]).product is None


# --- not found --------------------------------------------------------------------------------------------


def test_not_found_is_an_answer_and_kept_for_minutes() -> None:
    provider, store = StandIn(None), DictStore()
    first, second = ask([provider], store), ask([provider], store)
    assert (first.product, first.parts, first.freshness) == (None, frozenset(), Freshness.UPSTREAM)
    assert (second.product, second.freshness) == (None, Freshness.CACHED)
    assert len(provider.asked) == 1
    assert store.keep_seconds == [600]


def test_not_found_covers_every_part() -> None:
    assert ask([StandIn(full())], DictStore(stored(None)), *Part).freshness is Freshness.CACHED


def test_after_ten_minutes_not_found_is_asked_again() -> None:
    answer = ask([StandIn(full())], DictStore(stored(None, age=601)))
    assert answer.product is not None


def test_what_one_does_not_find_another_may() -> None:
    product = ask([StandIn(None), StandIn(full(), name="second")]).product
    assert product is not None
    assert product.provenance["title"].provider == "second"


@pytest.mark.parametrize("says", [[None, DOWN], [DOWN, None], [None, None]])
def test_one_who_does_not_find_it_is_believed_when_nobody_delivers(says: list[ProviderError | None]) -> None:
    providers = [StandIn(one, name=f"p{place}") for place, one in enumerate(says)]
    assert ask(providers).product is None


# --- stale ------------------------------------------------------------------------------------------------


def test_when_all_fail_the_last_answer_serves_for_a_day() -> None:
    old = stored(full(), age=86390)
    answer = ask([StandIn(DOWN)], DictStore(old))
    assert (answer.freshness, answer.product) == (Freshness.STALE, old.product)
    assert answer.fetched_at == old.fetched_at


def test_after_a_day_it_serves_no_more() -> None:
    with pytest.raises(UpstreamUnavailable):
        ask([StandIn(DOWN)], DictStore(stored(full(), age=86401)))


def test_an_old_not_found_never_serves_as_stale() -> None:
    with pytest.raises(UpstreamUnavailable):
        ask([StandIn(DOWN)], DictStore(stored(None, age=700)))


def test_a_fresh_answer_that_lacks_a_part_nobody_can_give_now_is_marked_as_stale() -> None:
    answer = ask([StandIn(DOWN)], DictStore(stored(full())), Part.OFFERS)
    assert answer.freshness is Freshness.STALE
    assert answer.parts == {Part.CORE}


# --- marketplaces -----------------------------------------------------------------------------------------


def test_nobody_is_asked_about_a_marketplace_they_do_not_serve() -> None:
    class American(StandIn):
        marketplaces = frozenset({"US"})

    american, world = American(full()), StandIn(lambda parts: replace(full(), marketplace="NL"), name="world")
    assert ask([american, world], marketplace="NL").product is not None
    assert american.asked == []
    before = Before()
    with pytest.raises(MarketplaceNotServed, match="NL"):
        ask([american], marketplace="NL", before=before)
    assert before.calls == 0
