"""What every provider promises, tried on each of them. A new one is added to PROVIDERS, and nothing else."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from providers import codec
from providers.base import FIELDS, Part, ProductData, ProductProvider
from providers.belief import doubt
from providers.creators.tests import amazon
from providers.errors import ErrorClass, ProviderError
from providers.http import Patience
from providers.keepa.provider import KeepaProvider
from providers.keepa.tests.upstream import body, fixture, product
from providers.marketplaces import MARKETPLACES, marketplace
from providers.rainforest.provider import ASINDataProvider, RainforestProvider
from providers.rainforest.tests import upstream as traject
from providers.registry import backend
from providers.sample import failures
from providers.sample.provider import SampleProvider
from providers.spapi.provider import SPAPIProvider
from providers.spapi.tests import amazon as selling_partner
from providers.tests import loopback
from providers.tests.clocks import Stopped
from providers.tests.loopback import Handler, Query, says

CORE = frozenset({Part.CORE})
KNOWN, UNKNOWN, BROKEN = "B0PALLET01", failures.PRODUCT_NOT_FOUND, "B0FAIL0500"
Made = Callable[[], AbstractContextManager[ProductProvider]]


def _like_keepa(handler: Handler, query: Query) -> None:
    """Answer as Keepa does: about unknown ASINs too, with offers when asked, and with an error for BROKEN."""
    asins = query["asin"].split(",")
    if BROKEN in asins:
        return says({}, status=500)(handler, query)
    with_offers = fixture("offers")["products"][0] if "offers" in query else {}
    products = [
        product() | with_offers | {"asin": asin, "domainId": int(query["domain"])}
        if asin != UNKNOWN
        else {"asin": asin, "domainId": int(query["domain"]), "productType": 4}
        for asin in asins
    ]
    return says(body(*products))(handler, query)


@contextmanager
def keepa() -> Iterator[ProductProvider]:
    with loopback.serving(_like_keepa) as server:
        patience = Patience(attempts=1)
        yield KeepaProvider(api_key="s3cr3t", base_url=server.url, patience=patience)


def _like_creators(handler: Handler, query: Query) -> None:
    """Answer as the Creators API does: with an error for UNKNOWN, and with status 500 for BROKEN."""
    asked = handler.request_now.json["itemIds"]
    if BROKEN in asked:
        return says({}, status=500)(handler, query)
    place = marketplace(handler.request_now.headers["x-marketplace"])
    money = {"amount": 18.49, "currency": place.currency}
    offered = {"listings": [amazon.listing(price={"money": money})]}
    items = [amazon.item(asin, offersV2=offered) for asin in asked if asin != UNKNOWN]
    return says(amazon.body(*items, errors=[amazon.error()] * (UNKNOWN in asked)))(handler, query)


@contextmanager
def creators() -> Iterator[ProductProvider]:
    with (
        loopback.serving(_like_creators) as catalogue,
        loopback.serving(says(amazon.fixture("token"))) as exchange,
    ):
        yield amazon.provider(catalogue, exchange, patience=Patience(attempts=1))


def _like_amazon(handler: Handler, query: Query) -> None:
    """Answer as the Selling Partner API does: UNKNOWN is absent, and BROKEN a server error."""
    if BROKEN in selling_partner.asked(handler.request_now):
        return says({}, status=500)(handler, query)
    return selling_partner.knows_all_but(UNKNOWN)(handler, query)


@contextmanager
def spapi() -> Iterator[ProductProvider]:
    with selling_partner.amazon(_like_amazon) as upstream:
        patience = Patience(total=600, attempts=1, wait_max=100)
        options = upstream.options | {"patience": patience}
        yield SPAPIProvider(**options, clock=Stopped().clock)


@contextmanager
def rainforest() -> Iterator[ProductProvider]:
    with loopback.serving(traject.speaks) as server:
        yield RainforestProvider(api_key="s3cr3t", base_url=server.url, patience=Patience(attempts=1))


@contextmanager
def asindata() -> Iterator[ProductProvider]:
    with loopback.serving(traject.speaks) as server:
        yield ASINDataProvider(api_key="s3cr3t", base_url=server.url, patience=Patience(attempts=1))


@contextmanager
def sample() -> Iterator[ProductProvider]:
    yield SampleProvider()


PROVIDERS: dict[str, Made] = {
    "asindata": asindata,
    "creators": creators,
    "keepa": keepa,
    "rainforest": rainforest,
    "sample": sample,
    "spapi": spapi,
}


@pytest.fixture(params=sorted(PROVIDERS))
def provider(request: pytest.FixtureRequest) -> Iterator[ProductProvider]:
    with PROVIDERS[request.param]() as made:
        yield made


def one(provider: ProductProvider, asin: str, *parts: Part, marketplace: str = "US") -> ProductData:
    found = provider.products([asin], marketplace=marketplace, parts=CORE | set(parts))[asin]
    assert found is not None
    return found


def test_every_configurable_provider_of_products_is_tried_here(settings: Any) -> None:
    known = {name: backend(entries[0]) for name, entries in settings.KNOWN_PROVIDERS.items()}
    assert set(PROVIDERS) == {name for name, one in known.items() if issubclass(one, ProductProvider)}


def test_says_what_it_is(provider: ProductProvider) -> None:
    assert provider.name in PROVIDERS
    assert provider.max_batch >= 1
    assert provider.marketplaces
    assert provider.marketplaces <= set(MARKETPLACES)
    assert {"title"} <= provider.delivers <= FIELDS


def test_answers_in_every_marketplace_it_serves(provider: ProductProvider) -> None:
    for code in sorted(provider.marketplaces):
        found = one(provider, KNOWN, *Part, marketplace=code)
        assert doubt(found, asin=KNOWN, marketplace=code) is None
        assert found.title
        assert found.price is not None
        assert found.price.currency == MARKETPLACES[code].currency


def test_fills_no_field_it_does_not_claim(provider: ProductProvider) -> None:
    found = one(provider, KNOWN, *Part)
    assert {name for name in FIELDS if getattr(found, name) is not None} <= provider.delivers


@pytest.mark.parametrize("part", [Part.OFFERS, Part.REVIEWS])
def test_gives_a_part_when_asked_and_not_otherwise(provider: ProductProvider, part: Part) -> None:
    assert one(provider, KNOWN).parts == CORE
    delivered = one(provider, KNOWN, part).parts
    assert delivered == (CORE | {part} if part.value in provider.delivers else CORE)


def test_an_unknown_product_is_none_and_no_error(provider: ProductProvider) -> None:
    found = provider.products([UNKNOWN, KNOWN], marketplace="US", parts=CORE)
    assert found[UNKNOWN] is None
    assert found[KNOWN] is not None


def test_a_failure_is_a_provider_error_with_its_reason(provider: ProductProvider) -> None:
    with pytest.raises(ProviderError) as caught:
        provider.products([BROKEN], marketplace="US", parts=CORE)
    assert (caught.value.reason, caught.value.retryable) == (ErrorClass.UPSTREAM_DOWN, True)


def test_takes_lists_of_any_length(provider: ProductProvider) -> None:
    asins = [f"B0{number:08}" for number in range(2 * provider.max_batch + 1)]
    assert list(provider.products(asins, marketplace="US", parts=CORE)) == asins
    assert provider.products([], marketplace="US", parts=CORE) == {}


def test_what_it_answers_survives_the_store(provider: ProductProvider) -> None:
    found = one(provider, KNOWN, *Part)
    assert codec.from_json(codec.to_json(found)) == found


def test_answers_many_threads_at_once(provider: ProductProvider) -> None:
    asins = [f"B0{number:08}" for number in range(8)]
    together, answers = threading.Barrier(len(asins)), {}

    def ask(asin: str) -> None:
        together.wait()
        answers[asin] = one(provider, asin).asin

    threads = [threading.Thread(target=ask, args=(asin,)) for asin in asins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {asin: asin for asin in asins}
