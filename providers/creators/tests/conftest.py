"""The two servers that the Creators API consists of, and an adapter that asks them."""

from collections.abc import Iterator

import pytest

from providers.creators.provider import CreatorsProvider
from providers.creators.tests import amazon
from providers.tests import loopback
from providers.tests.loopback import Server, says


@pytest.fixture
def catalogue() -> Iterator[Server]:
    with loopback.serving(amazon.knows_all) as running:
        yield running


@pytest.fixture
def exchange() -> Iterator[Server]:
    with loopback.serving(says(amazon.fixture("token"))) as running:
        yield running


@pytest.fixture
def creators(catalogue: Server, exchange: Server) -> CreatorsProvider:
    return amazon.provider(catalogue, exchange)
