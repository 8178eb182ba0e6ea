"""manage.py forget: let nobody have the last answer about an ASIN again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from products.management.options import add_marketplace, read_marketplace
from products.services import forget
from providers.identifiers import InvalidASIN
from providers.identifiers import asin as read_asin


class Command(BaseCommand):
    """For data that is wrong. What was observed stays in the history."""

    help = "Forget the last answer about an ASIN: the next lookup asks an upstream. Its history stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("asin")
        add_marketplace(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Forget it, and say whether there was anything."""
        marketplace = read_marketplace(options)
        try:
            asin = read_asin(options["asin"])
        except InvalidASIN as error:
            raise CommandError(str(error)) from None
        was_kept = forget(asin=asin, marketplace=marketplace, by=None)
        self.stdout.write(f"{asin} {marketplace}: " + ("forgotten" if was_kept else "nothing was kept"))
