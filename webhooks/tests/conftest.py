"""Alice has webhooks, Bob is another account. Receivers are servers on this machine."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from providers.tests import loopback
from providers.tests.loopback import Server


@pytest.fixture(autouse=True)
def lenient(surroundings: None, settings: Settings) -> None:
    """Let webhooks lead to this machine."""
    settings.WEBHOOK_ALLOW_PRIVATE = True


@pytest.fixture
def strict(settings: Settings) -> None:
    """As it is where customers are: no private addresses."""
    settings.WEBHOOK_ALLOW_PRIVATE = False


@pytest.fixture
def receiver() -> Iterator[Server]:
    """A server of a customer's that takes everything, unless its script says otherwise."""
    with loopback.serving(loopback.says({})) as server:
        yield server
