"""What `manage.py check` says about money."""

import pytest
from pytest_django import Settings

from billing.checks import check_billing
from billing.tests.fake_stripe import KEY

PACKAGE = {"id": "starter", "credits": 100, "price_cents": 1000, "currency": "USD"}


@pytest.fixture(autouse=True)
def complete(settings: Settings) -> None:
    """All that is needed to sell in test mode."""
    settings.STRIPE_SECRET_KEY = KEY
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_one", "whsec_two"]
    settings.STRIPE_LIVE_MODE = False


def test_settings_with_which_money_can_come_in_are_fine() -> None:
    assert check_billing() == []


def test_who_has_nothing_of_stripes_sells_nothing_and_is_left_alone(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = "", []
    assert check_billing() == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"STRIPE_SECRET_KEY": ""}, "billing.E001"),
        ({"STRIPE_SECRET_KEY": "sk_test_123"}, "billing.E002"),
        ({"STRIPE_SECRET_KEY": KEY.replace("sk_", "pk_")}, "billing.E002"),
        ({"STRIPE_SECRET_KEY": KEY.replace("test", "live")}, "billing.E003"),
        ({"STRIPE_LIVE_MODE": True}, "billing.E003"),
        ({"STRIPE_WEBHOOK_SECRETS": []}, "billing.E004"),
        ({"STRIPE_WEBHOOK_SECRETS": ["whsec_one", "we_two"]}, "billing.E005"),
        ({"STRIPE_API_VERSION": None}, "billing.E006"),
        ({"STRIPE_API_VERSION": "2026-05-27.dahlia"}, "billing.W001"),
        ({"STRIPE_API_URL": "localhost:1"}, "billing.E008"),
        ({"CREDIT_PACKAGES": [PACKAGE, PACKAGE]}, "billing.E009"),
        ({"CREDIT_PACKAGES": [PACKAGE | {"price_cents": 0}]}, "billing.E009"),
    ],
)
def test_a_setting_that_is_not_right_is_told_with_the_remedy(
    settings: Settings, changes: dict[str, object], told: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    messages = check_billing()
    assert {message.id for message in messages} == {told}
    assert all(message.hint for message in messages)


def test_a_live_key_is_sent_to_stripe_and_nowhere_else(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = KEY.replace("test", "live")
    settings.STRIPE_LIVE_MODE = True
    settings.STRIPE_API_URL = "http://127.0.0.1:1"
    assert [message.id for message in check_billing()] == ["billing.E007"]


def test_no_message_tells_the_key(settings: Settings) -> None:
    settings.STRIPE_LIVE_MODE = True
    assert all(KEY not in f"{message.msg} {message.hint}" for message in check_billing())
