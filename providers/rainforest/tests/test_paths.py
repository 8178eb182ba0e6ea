"""The paths that docs/providers.md names are those that are read."""

from collections.abc import Iterator
from typing import Any

import pytest

from providers.base import Part, ProductData
from providers.http import Patience
from providers.rainforest.paths import PATHS
from providers.rainforest.provider import ASINDataProvider, RainforestProvider
from providers.rainforest.tests.upstream import answer, fixture, offers
from providers.tests import loopback
from providers.tests.loopback import Server, says
from providers.tests.paths import without


@pytest.fixture
def server() -> Iterator[Server]:
    with loopback.serving() as running:
        yield running


def whole() -> dict[str, Any]:
    """Return both answers in one, which serves for both calls, with a book's numbers as well."""
    book = fixture("book")["product"]
    return answer(isbn_10=book["isbn_10"], isbn_13=book["isbn_13"]) | {"offers": offers()["offers"]}


def read(server: Server, document: dict[str, Any]) -> ProductData:
    server.usually = says(document)
    provider = RainforestProvider(api_key="s3cr3t", base_url=server.url, patience=Patience(attempts=1))
    found = provider.products(["B0PALLET01"], marketplace="US", parts=frozenset(Part))["B0PALLET01"]
    assert found is not None
    return found


def test_every_field_that_is_delivered_has_its_paths() -> None:
    assert set(PATHS) == RainforestProvider.delivers == ASINDataProvider.delivers


@pytest.mark.parametrize("field", sorted(PATHS))
def test_a_field_comes_from_its_paths_and_from_nowhere_else(server: Server, field: str) -> None:
    assert getattr(read(server, whole()), field)
    if PATHS[field]:
        assert not getattr(read(server, without(whole(), *PATHS[field])), field)


@pytest.mark.parametrize(
    ("field", "path"), [(field, path) for field, paths in sorted(PATHS.items()) for path in paths]
)
def test_each_path_is_read(server: Server, field: str, path: str) -> None:
    others = [other for other in PATHS[field] if other != path]
    assert getattr(read(server, without(whole(), *others)), field)
