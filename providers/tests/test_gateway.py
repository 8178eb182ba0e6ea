"""The way to an answer: store, providers in order, merge, stale and not found."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from providers import attempts
from providers.ages import Ages
from providers.attempts import Attempt
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
from providers.turns import turns

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


def test_a_part_that_could_not_be_had_just_now_is_asked_for_again_and_that_is_not_kept() -> None:
    provider, store = StandIn(full(undelivered=frozenset({Part.OFFERS}))), DictStore()
    assert ask([provider], store, Part.OFFERS).parts == {Part.CORE}
    assert ask([provider], store).freshness is Freshness.CACHED
    kept = store.kept[ASIN, "US"].product
    assert kept is not None
    assert kept.undelivered == frozenset()
    assert ask([provider], store, Part.OFFERS).freshness is Freshness.UPSTREAM
    assert len(provider.asked) == 2


def test_a_part_that_the_next_provider_has_is_delivered_though_the_first_had_it_not_just_now() -> None:
    first, store = StandIn(full(undelivered=frozenset({Part.OFFERS}))), DictStore()
    second = StandIn(full(offers=OFFERS), name="second")
    assert ask([first, second], store, Part.OFFERS).parts == {Part.CORE, Part.OFFERS}
    assert ask([first, second], store, Part.OFFERS).freshness is Freshness.CACHED


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


# --- many at once -----------------------------------------------------------------------------------------


class Library(StandIn):
    """Knows some ASINs, and remembers which were asked for together."""

    def __init__(self, known: dict[str, Any], *, name: str = "first", **options: Any) -> None:
        super().__init__(name=name, **options)
        self.known = known
        self.batches: list[list[str]] = []

    def products(
        self, asins: Sequence[str], *, marketplace: str, parts: frozenset[Part]
    ) -> dict[str, ProductData | None]:
        self.batches.append(list(asins))
        if DOWN in self.known.values():
            raise DOWN
        return {asin: self.known[asin] for asin in asins if asin in self.known}


A, B, C, D = (f"B0PALLET0{letter}" for letter in "ABCD")


def many(
    providers: Sequence[ProductProvider], asins: Sequence[str], store: DictStore | None = None, **options: Any
) -> dict[str, Any]:
    gateway = Gateway(providers, store or DictStore(), flights=options.pop("flights", Flights()), ages=AGES)
    return gateway.products(asins, marketplace="US", **options)


def test_many_are_asked_for_together_and_answered_in_their_order() -> None:
    library = Library({A: full(asin=A), B: None, C: full(asin=C)})
    found = many([library], [C, A, B, A])
    assert library.batches == [[C, A, B]]
    assert list(found) == [C, A, B]
    assert [found[asin].product and found[asin].product.asin for asin in found] == [C, A, None]


def test_only_what_is_not_fresh_is_asked_for() -> None:
    library, before = Library({B: full(asin=B)}), Before()
    kept = replace(stored(full(asin=A)), asin=A)
    found = many([library], [A, B], DictStore(kept), before_upstream=before)
    assert [found[asin].freshness for asin in (A, B)] == [Freshness.CACHED, Freshness.UPSTREAM]
    assert (library.batches, before.calls) == ([[B]], 1)


def test_when_all_are_fresh_nobody_is_asked_and_nothing_held() -> None:
    before = Before()
    many([Library({})], [A], DictStore(replace(stored(full(asin=A)), asin=A)), before_upstream=before)
    assert before.calls == 0


def test_the_next_provider_is_asked_for_those_the_first_left_open() -> None:
    first = Library({A: full(asin=A), B: full(asin=B, price=None)})
    second = Library(
        {B: full(asin=B), C: full(asin=C)}, name="second", delivers=frozenset({"title", "price"})
    )
    found = many([first, second], [A, B, C])
    assert second.batches == [[B, C]]
    assert found[B].product.provenance["price"].provider == "second"
    assert found[C].product.provenance["title"].provider == "second"


def test_what_nobody_answers_has_its_reason_and_the_others_their_answer() -> None:
    old = replace(stored(full(asin=D), age=7200), asin=D)
    found = many([Library({A: full(asin=A), B: full(asin=C)})], [A, B, C, D], DictStore(old))
    assert isinstance(found[A], Answer)
    assert {asin: found[asin].reasons for asin in (B, C)} == {
        B: {"first": ErrorClass.INVALID_ANSWER},
        C: {"first": ErrorClass.PARTIAL},
    }
    assert found[D].freshness is Freshness.STALE


def test_many_are_kept_for_the_next_who_asks() -> None:
    store = DictStore()
    many([Library({A: full(asin=A), B: None})], [A, B], store)
    assert set(store.kept) == {(A, "US"), (B, "US")}
    assert sorted(store.keep_seconds) == [600, 86400]


def test_who_cannot_pay_for_many_has_nobody_asked() -> None:
    library = Library({A: full(asin=A)})

    def refuse() -> None:
        raise PermissionError("no credits")

    with pytest.raises(PermissionError):
        many([library], [A], before_upstream=refuse)
    assert library.batches == []


def test_what_somebody_asks_for_already_is_waited_for_and_not_asked_again() -> None:
    asked, may_end, flights, store = threading.Event(), threading.Event(), Flights[Answer](), DictStore()

    def says(parts: frozenset[Part]) -> ProductData:
        asked.set()
        with turns.given_back():
            assert may_end.wait(30)
        return full(asin=A)

    single = Gateway([StandIn(says)], store, flights=flights, ages=AGES)
    alone = threading.Thread(target=lambda: single.product(A, marketplace="US", before_upstream=Before()))
    alone.start()
    assert asked.wait(30)
    library = Library({B: full(asin=B)})
    found = many([library], [A, B], store, flights=flights, before_upstream=may_end.set)
    alone.join()
    assert library.batches == [[B]]
    assert found[A].product.asin == A


def test_one_who_asks_alone_waits_for_those_who_ask_for_many() -> None:
    asked, may_end, flights = threading.Event(), threading.Event(), Flights[Answer]()

    class Slow(Library):
        def products(self, asins: Sequence[str], **options: Any) -> dict[str, ProductData | None]:
            asked.set()
            with turns.given_back():
                assert may_end.wait(30)
            return super().products(asins, **options)

    slow, single = Slow({A: full(asin=A), B: full(asin=B)}), StandIn(full(asin=A))
    crowd = threading.Thread(target=lambda: many([slow], [A, B], flights=flights))
    crowd.start()
    assert asked.wait(30)
    gateway = Gateway([single], DictStore(), flights=flights, ages=AGES)
    answer = gateway.product(A, marketplace="US", before_upstream=may_end.set)
    crowd.join()
    assert answer.product is not None
    assert answer.product.provenance["title"].provider == "first"
    assert single.asked == []


def test_what_another_process_asks_for_is_taken_from_the_store() -> None:
    theirs = Lease(f"US:{A}:core", seconds=30)
    assert theirs.take() is None
    store, library = DictStore(), Library({A: full(asin=A), B: full(asin=B)})
    asked = threading.Event()

    class Tells(Library):
        def products(self, asins: Sequence[str], **options: Any) -> dict[str, ProductData | None]:
            asked.set()
            return super().products(asins, **options)

    library = Tells({A: full(asin=A), B: full(asin=B)})
    found: dict[str, Any] = {}
    thread = threading.Thread(target=lambda: found.update(many([library], [A, B], store)))
    with theirs.held():
        thread.start()
        assert asked.wait(30)
        store.put(replace(stored(full(asin=A, title="Theirs")), asin=A), keep_seconds=1)
    thread.join(30)
    assert library.batches == [[B]]
    assert found[A].product.title == "Theirs"


def test_the_failure_of_many_is_that_of_each_who_waits_in_another_process() -> None:
    failed = many([Library({A: DOWN})], [A, B])
    assert {asin: failure.reasons for asin, failure in failed.items()} == {
        A: {"first": ErrorClass.UPSTREAM_DOWN},
        B: {"first": ErrorClass.UPSTREAM_DOWN},
    }


def test_a_marketplace_nobody_serves_is_refused_for_many_as_for_one() -> None:
    class American(StandIn):
        marketplaces = frozenset({"US"})

    with pytest.raises(MarketplaceNotServed):
        Gateway([American(full())], DictStore(), ages=AGES).products([A], marketplace="NL")


# --- parts in orders of their own -------------------------------------------------------------------------


def test_each_part_has_its_own_order() -> None:
    def selling(seller: str) -> Callable[[frozenset[Part]], ProductData]:
        return lambda parts: full(offers=(OfferData(seller_id=seller),) if Part.OFFERS in parts else None)

    first, shop = StandIn(selling("A1")), StandIn(selling("B2"), name="shop")
    orders = {Part.CORE: [first, shop], Part.OFFERS: [shop, first], Part.REVIEWS: []}
    gateway = Gateway(lambda part, place: orders[part], DictStore(), flights=Flights(), ages=AGES)
    product = gateway.product(ASIN, marketplace="US", parts=[Part.OFFERS], before_upstream=Before()).product
    assert product is not None
    assert product.offers
    assert (product.provenance["title"].provider, product.provenance["offers"].provider) == ("first", "shop")
    assert product.offers[0].seller_id == "B2"


def test_upstreams_that_contradict_each_other_are_both_heard() -> None:
    first = StandIn(full(rating=None))
    second = StandIn(full(price=Money(Decimal(25), "USD")), name="second")
    product = ask([first, second]).product
    assert product is not None
    assert product.price == Money(Decimal("18.49"), "USD")
    assert [(one.source.provider, one.value.amount) for one in product.conflicts["price"]] == [("second", 25)]


# --- distrust ---------------------------------------------------------------------------------------------


@pytest.fixture
def told() -> Iterator[list[Attempt]]:
    """Every attempt that is recorded during a test."""
    heard: list[Attempt] = []
    attempts.observers.append(heard.append)
    yield heard
    attempts.observers.remove(heard.append)


@pytest.mark.parametrize(
    ("provider", "outcome"),
    [
        (StandIn(full(price=Money(Decimal(-1), "USD"))), "invalid_answer"),
        (StandIn(full(asin="B0STRANGER")), "invalid_answer"),
        (StandIn(ProviderError("odd", retryable=False, reason=ErrorClass.INVALID_ANSWER)), "invalid_answer"),
        (Mute(), "partial"),
    ],
)
def test_what_is_not_believed_is_counted_by_reason(
    told: list[Attempt], provider: StandIn, outcome: str
) -> None:
    ask([provider, StandIn(full(), name="second")])
    assert [(one.provider, one.operation, one.outcome, one.marketplace) for one in told] == [
        ("first", "check", outcome, "US")
    ]


def test_a_failure_that_is_recorded_already_is_not_counted_twice(told: list[Attempt]) -> None:
    failure = ProviderError("no JSON", retryable=False, reason=ErrorClass.INVALID_ANSWER)
    failure.is_told = True
    ask([StandIn(failure), StandIn(full(), name="second")])
    assert told == []
