"""Where the offline checkout may not be: beside a key of Stripe's, and where strangers can come."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from pytest_django import Settings

from billing.checks import check_billing
from billing.client import client, transport
from billing.offline.edge import OfflineEdge
from billing.offline.guard import check_offline, insist, is_on
from billing.tests.fake_stripe import KEY

REFUSED = [
    ({"STRIPE_SECRET_KEY": KEY.replace("test", "live")}, "E001"),
    ({"STRIPE_SECRET_KEY": KEY.replace("sk_test", "rk_live")}, "E001"),
    ({"STRIPE_LIVE_MODE": True}, "E001"),
    ({"STRIPE_SECRET_KEY": KEY}, "E002"),
    ({"STRIPE_WEBHOOK_SECRETS": ["whsec_one"]}, "E003"),
    ({"PUBLIC_URL": "https://pallet.example.com"}, "E004"),
    ({"PUBLIC_URL": "http://pallet.example.com"}, "E004"),
    ({"PUBLIC_URL": "https://localhost:8000"}, "E004"),
    ({"PUBLIC_URL": "http://localhost.example.com"}, "E004"),
    ({"PUBLIC_URL": "http://192.168.1.20:8000"}, "E004"),
    ({"HOST": "0.0.0.0"}, "E005"),  # noqa: S104  # nosec B104
    ({"HOST": "::"}, "E005"),
    ({"ALLOWED_HOSTS": ["localhost", "pallet.example.com"]}, "E006"),
    ({"ALLOWED_HOSTS": ["*"]}, "E006"),
    ({"TRUSTED_PROXIES": ["10.0.0.0/8"]}, "E007"),
]
pytestmark = pytest.mark.usefixtures("standing_in")


def changed(settings: Settings, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)


def test_on_ones_own_machine_without_a_key_it_is_on() -> None:
    assert check_offline() == []
    assert check_billing() == []
    assert is_on()
    insist()


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost"])
def test_every_name_of_ones_own_machine_will_do(settings: Settings, address: str) -> None:
    settings.PUBLIC_URL = address
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]
    settings.HOST = "::1"
    assert is_on()


@pytest.mark.parametrize(("changes", "name"), REFUSED)
def test_a_check_refuses_it_and_says_what_to_do(
    settings: Settings, changes: dict[str, Any], name: str
) -> None:
    changed(settings, changes)
    told = check_offline()
    assert [message.id for message in told] == [f"billing_offline.{name}"]
    assert "BILLING_OFFLINE" in f"{told[0].hint}"


@pytest.mark.parametrize(("changes", "name"), REFUSED)
def test_nothing_starts_with_it(settings: Settings, changes: dict[str, Any], name: str) -> None:
    changed(settings, changes)
    with pytest.raises(ImproperlyConfigured, match="BILLING_OFFLINE is on although"):
        insist()


@pytest.mark.parametrize(("changes", "name"), REFUSED)
def test_nobody_is_answered_by_it_although_the_checks_were_not_run(
    settings: Settings, changes: dict[str, Any], name: str
) -> None:
    changed(settings, changes)
    assert not is_on()
    assert not isinstance(transport(), OfflineEdge)


@pytest.mark.django_db
def test_the_commands_of_django_refuse_it(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = KEY.replace("test", "live")
    settings.STRIPE_LIVE_MODE = True
    with pytest.raises(CommandError, match="although Stripe's live mode is"):
        call_command("check")


def test_who_does_not_ask_for_it_does_not_have_it(settings: Settings) -> None:
    settings.BILLING_OFFLINE = False
    assert not is_on()
    assert check_offline() == []


@pytest.mark.parametrize("is_debugging", [True, False])
def test_debugging_has_no_say(settings: Settings, is_debugging: bool) -> None:
    settings.DEBUG = is_debugging
    assert is_on()
    settings.BILLING_OFFLINE = False
    assert not is_on()


def test_a_client_that_was_made_before_is_not_used_after(settings: Settings) -> None:
    before = client()
    settings.BILLING_OFFLINE = False
    assert client() is not before


def test_its_secret_is_of_this_install_alone(settings: Settings) -> None:
    assert settings.OFFLINE_WEBHOOK_SECRET.startswith("whsec_")
    assert len(settings.OFFLINE_WEBHOOK_SECRET) == len("whsec_") + 64
    assert settings.SECRET_KEY not in settings.OFFLINE_WEBHOOK_SECRET
