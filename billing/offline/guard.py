"""When the stand-in may work: where it is asked for, and where nobody but us can come.

It gives credits for nothing, so it is never on where money or strangers may be.
"""

import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

LOCAL_NAMES = ("localhost", "testserver", ".localhost")
OFF = "take BILLING_OFFLINE away"


def is_on() -> bool:
    """Whether the stand-in answers for Stripe. What may not be is off, whoever has not run the checks."""
    return bool(settings.BILLING_OFFLINE) and not any(objections())


def insist() -> None:
    """Raise ImproperlyConfigured where the stand-in is asked for and may not be, so that nothing starts."""
    if message := next(iter(check_offline()), None):
        raise ImproperlyConfigured(f"{message.msg} {message.hint}")


@register("billing")
def check_offline(**_: Any) -> list[CheckMessage]:
    """Each message is one sentence, its hint the remedy."""
    if not settings.BILLING_OFFLINE:
        return []
    return [Error(told, hint=hint, id=f"billing_offline.{name}") for name, told, hint in objections()]


def objections() -> Iterator[tuple[str, str, str]]:
    """Yield why the stand-in may not work here, if it may not: a name, what is wrong, what to do."""
    yield from to_stripe()
    yield from to_strangers()


def to_stripe() -> Iterator[tuple[str, str, str]]:
    """Whoever has an account at Stripe sells for money; there is one Stripe or the other."""
    remedy = f"To sell for money, {OFF}; to try things without money, take all variables of Stripe's away."
    if settings.STRIPE_LIVE_MODE or "_live_" in settings.STRIPE_SECRET_KEY:
        yield "E001", "BILLING_OFFLINE is on although Stripe's live mode is.", remedy
    elif settings.STRIPE_SECRET_KEY not in ("", settings.OFFLINE_STRIPE_KEY):
        yield "E002", "BILLING_OFFLINE is on although STRIPE_SECRET_KEY is set.", remedy
    if set(settings.STRIPE_WEBHOOK_SECRETS) - {settings.OFFLINE_WEBHOOK_SECRET}:
        yield "E003", "BILLING_OFFLINE is on although STRIPE_WEBHOOK_SECRETS is set.", remedy


def to_strangers() -> Iterator[tuple[str, str, str]]:
    """Whoever can come here could give themselves credits."""
    address = urlsplit(settings.PUBLIC_URL)
    if address.scheme != "http" or not is_local(address.hostname or ""):
        told = f"BILLING_OFFLINE is on although people reach this install at {settings.PUBLIC_URL}."
        yield "E004", told, f"It gives credits for nothing: {OFF}, or PUBLIC_URL."
    if not is_local(settings.HOST):
        told = f"BILLING_OFFLINE is on although HOST={settings.HOST} lets other machines in."
        yield "E005", told, f"It gives credits for nothing: {OFF}, or set HOST=127.0.0.1."
    if strange := [name for name in settings.ALLOWED_HOSTS if not is_local(name)]:
        told = f"BILLING_OFFLINE is on although this install answers to {strange[0]}."
        yield "E006", told, f"It gives credits for nothing: {OFF}, or take that name out of ALLOWED_HOSTS."
    if settings.TRUSTED_PROXIES:
        told = "BILLING_OFFLINE is on although TRUSTED_PROXIES says that there is a proxy before it."
        yield "E007", told, f"It gives credits for nothing: {OFF}, or TRUSTED_PROXIES."


def is_local(host: str) -> bool:
    """Whether a name or address means the machine that it is used on."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host in LOCAL_NAMES
