"""What `manage.py check` says about the settings of webhooks."""

import pytest
from pytest_django import Settings

from webhooks.checks import check_webhooks


def test_the_settings_as_they_come_are_fine(settings: Settings) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    assert check_webhooks() == []


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://127.0.0.1:1", "http://[::1]:8000"])
def test_private_addresses_may_be_tried_on_ones_own_machine(settings: Settings, url: str) -> None:
    settings.PUBLIC_URL = url
    assert check_webhooks() == []


@pytest.mark.parametrize("url", ["https://pallet.example.com", "http://pallet.example.com:8000"])
def test_where_others_come_in_private_addresses_are_told_with_the_remedy(
    settings: Settings, url: str
) -> None:
    settings.PUBLIC_URL = url
    [message] = check_webhooks()
    assert (message.id, bool(message.hint)) == ("webhooks.E001", True)
