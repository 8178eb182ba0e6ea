"""What must hold before money can come in; Django runs it at start-up and on `manage.py check`."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import stripe
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from credits.prices import packages

A_KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{24,}")
A_VERSION = re.compile(r"\d{4}-\d\d-\d\d\.[a-z]+")
ADDRESS = "https://api.stripe.com"


@register("billing")
def check_billing(**_: Any) -> list[CheckMessage]:
    """Each message is one sentence, its hint the remedy."""
    return [*check_key(), *check_secrets(), *check_version(), *check_address(), *check_packages()]


def check_key() -> Iterator[CheckMessage]:
    """The key must be there where the rest is, be one, and be of the mode that is meant."""
    key = settings.STRIPE_SECRET_KEY
    wanted = "live" if settings.STRIPE_LIVE_MODE else "test"
    if not key:
        if settings.STRIPE_WEBHOOK_SECRETS or settings.STRIPE_LIVE_MODE:
            hint = "Set STRIPE_SECRET_KEY, or take the other variables of Stripe's away."
            yield Error(
                "STRIPE_SECRET_KEY is not set, but others of Stripe's are.", hint=hint, id="billing.E001"
            )
        return
    found = A_KEY.fullmatch(key)
    if found is None:
        hint = "Copy it anew from https://dashboard.stripe.com/apikeys: it begins with sk_ or rk_."
        yield Error("STRIPE_SECRET_KEY is no secret key of Stripe's.", hint=hint, id="billing.E002")
    elif found[2] != wanted:
        hint = f"Set STRIPE_LIVE_MODE={str(found[2] == 'live').lower()}, or use a key of the {wanted} mode."
        yield Error(f"STRIPE_SECRET_KEY is not of the {wanted} mode.", hint=hint, id="billing.E003")


def check_secrets() -> Iterator[CheckMessage]:
    """Without a secret no event is believed, and credits come only with the success page or an hour later."""
    if settings.STRIPE_SECRET_KEY and not settings.STRIPE_WEBHOOK_SECRETS:
        hint = (
            f"Make an endpoint for {settings.PUBLIC_URL}/api/v1/webhooks/stripe at "
            "https://dashboard.stripe.com/webhooks, and set STRIPE_WEBHOOK_SECRETS to its secret."
        )
        yield Error("STRIPE_WEBHOOK_SECRETS is not set.", hint=hint, id="billing.E004")
    if any(not secret.startswith("whsec_") for secret in settings.STRIPE_WEBHOOK_SECRETS):
        hint = "Copy them anew: each begins with whsec_, and a comma stands between them."
        yield Error("STRIPE_WEBHOOK_SECRETS has one that is none.", hint=hint, id="billing.E005")


def check_version() -> Iterator[CheckMessage]:
    """What we read is written for one version of Stripe's API, which is the SDK's own."""
    version = settings.STRIPE_API_VERSION
    if not A_VERSION.fullmatch(version or ""):
        hint = f'Pin it in config/settings.py: STRIPE_API_VERSION = "{stripe.api_version}".'
        yield Error("STRIPE_API_VERSION is not pinned.", hint=hint, id="billing.E006")
    elif version != stripe.api_version:
        hint = "Read Stripe's changelog between the two, run the tests, then pin the SDK's version."
        told = f"STRIPE_API_VERSION is {version}, but the installed SDK speaks {stripe.api_version}."
        yield Warning(told, hint=hint, id="billing.W001")


def check_address() -> Iterator[CheckMessage]:
    """A live key goes to Stripe and nowhere else."""
    address = urlsplit(settings.STRIPE_API_URL)
    if settings.STRIPE_LIVE_MODE and settings.STRIPE_API_URL != ADDRESS:
        hint = "Take STRIPE_API_URL away."
        yield Error(f"STRIPE_API_URL is not {ADDRESS}, in live mode.", hint=hint, id="billing.E007")
    elif address.scheme not in ("http", "https") or not address.hostname:
        hint = "Take STRIPE_API_URL away, or set it to the address of a stand-in."
        yield Error("STRIPE_API_URL is no address.", hint=hint, id="billing.E008")


def check_packages() -> Iterator[CheckMessage]:
    """A pack has a name of its own, gives credits and costs something."""
    names = [package["id"] for package in packages()]
    for package in packages():
        if names.count(package["id"]) > 1 or package["credits"] < 1 or package["price_cents"] < 1:
            hint = "Correct CREDIT_PACKAGES in config/settings.py."
            told = f"The package {package['id']} is there twice, or gives or costs nothing."
            yield Error(told, hint=hint, id="billing.E009")
