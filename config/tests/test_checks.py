"""What `manage.py check` says about settings."""

import pytest
from pytest_django import Settings

from config.checks import PRINTS_MAIL, check_settings


def test_the_settings_as_they_come_are_fine(settings: Settings) -> None:
    settings.DATABASE_URL = ""
    assert check_settings() == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"SECRET_KEY_IS_LOCAL": True, "DATABASE_URL": "postgres://"}, "pallet.W001"),
        ({"DEBUG": True, "PUBLIC_URL": "https://localhost"}, "pallet.W002"),
        ({"PUBLIC_URL": "https://pallet.example.com"}, "pallet.W003"),
        ({"EMAIL_VERIFICATION": "mandatory", "EMAIL_BACKEND": PRINTS_MAIL}, "pallet.W004"),
        ({"PUBLIC_URL": "pallet.example.com"}, "pallet.E001"),
        ({"TRUSTED_PROXIES": ["10.0.0.0/8", "10.0.0.1/8"]}, "pallet.E002"),
        ({"EMAIL_VERIFICATION": "perhaps"}, "pallet.E003"),
    ],
)
def test_a_setting_that_is_not_right_is_told_with_the_remedy(
    settings: Settings, changes: dict[str, object], told: str
) -> None:
    settings.DATABASE_URL = ""
    for name, value in changes.items():
        setattr(settings, name, value)
    messages = check_settings()
    assert [message.id for message in messages] == [told]
    assert messages[0].hint
