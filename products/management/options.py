"""What the commands of this app are told alike."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from providers.marketplaces import UnknownMarketplace
from providers.marketplaces import marketplace as find_marketplace


def add_marketplace(parser: ArgumentParser) -> None:
    """Let the command take a marketplace."""
    parser.add_argument("--marketplace", default="US", help="such as DE; else US")


def read_marketplace(options: Mapping[str, Any]) -> str:
    """Return the code of the marketplace; raises CommandError with those there are."""
    try:
        return find_marketplace(options["marketplace"]).code
    except UnknownMarketplace as error:
        raise CommandError(str(error)) from None
