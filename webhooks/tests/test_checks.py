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


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"PUBLIC_URL": "https://pallet.example.com"}, "webhooks.E001"),
        ({"PUBLIC_URL": "http://pallet.example.com:8000"}, "webhooks.E001"),
        ({"WEBHOOK_ALLOW_PRIVATE": False, "WEBHOOK_RETRY_SECONDS": (0, 30)}, "webhooks.E002"),
    ],
)
def test_what_cannot_be_is_told_with_the_remedy(
    settings: Settings, changes: dict[str, object], told: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    [message] = check_webhooks()
    assert (message.id, bool(message.hint)) == (told, True)
