"""What `manage.py check` says about settings that cannot work, or that are good for trying things only."""

import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.http.request import validate_host

PRINTS_MAIL = "django.core.mail.backends.console.EmailBackend"


@register("pallet")
def check_settings(**_: Any) -> list[CheckMessage]:
    """Each message is one sentence, its hint the remedy."""
    return [*check_secret(), *check_address(), *check_proxies(), *check_mail()]


def check_secret() -> Iterator[CheckMessage]:
    """Whoever has a server of their own is not just trying things."""
    if settings.SECRET_KEY_IS_LOCAL and settings.DATABASE_URL:
        yield Warning(
            "SECRET_KEY is not set: a key was made for this machine, and other machines do not share it.",
            hint="Set SECRET_KEY to the same long random text on all of them.",
            id="pallet.W001",
        )
    if settings.DEBUG and settings.PUBLIC_URL.startswith("https://"):
        yield Warning(
            "DEBUG is on: errors show the program's innards to everyone.",
            hint="Take DEBUG away, or set it to false.",
            id="pallet.W002",
        )


def check_address() -> Iterator[CheckMessage]:
    """The address that people are told must be one, and lead here."""
    address = urlsplit(settings.PUBLIC_URL)
    if address.scheme not in ("http", "https") or not address.hostname:
        yield Error(
            f"PUBLIC_URL={settings.PUBLIC_URL} is no address of a web site.",
            hint="Set it to how people reach this install, such as https://pallet.example.com.",
            id="pallet.E001",
        )
    elif not validate_host(address.hostname, settings.ALLOWED_HOSTS):
        yield Warning(
            f"PUBLIC_URL leads to {address.hostname}, a name that ALLOWED_HOSTS does not have.",
            hint=f"Set ALLOWED_HOSTS={address.hostname}",
            id="pallet.W003",
        )


def check_proxies() -> Iterator[CheckMessage]:
    """Whom we believe about a caller's address."""
    for proxy in settings.TRUSTED_PROXIES:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            yield Error(
                f"TRUSTED_PROXIES has {proxy}, which is no address or network ({error}).",
                hint="Set it to the networks of your proxies, such as 10.0.0.0/8.",
                id="pallet.E002",
            )


def check_mail() -> Iterator[CheckMessage]:
    """How an account comes to be open."""
    if settings.EMAIL_VERIFICATION not in ("none", "mandatory"):
        yield Error(
            f"EMAIL_VERIFICATION={settings.EMAIL_VERIFICATION} is neither none nor mandatory.",
            hint="Set it to one of the two.",
            id="pallet.E003",
        )
    if settings.EMAIL_VERIFICATION == "mandatory" and settings.EMAIL_BACKEND == PRINTS_MAIL:
        yield Warning(
            "EMAIL_VERIFICATION=mandatory, but mail is only printed to the log.",
            hint="Set EMAIL_BACKEND to one that sends, such as django.core.mail.backends.smtp.EmailBackend.",
            id="pallet.W004",
        )
