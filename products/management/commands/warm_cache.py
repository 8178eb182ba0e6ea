"""manage.py warm_cache: have answers kept for a list of ASINs."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from products.asin_files import entries, lines_of
from products.management.options import add_marketplace, read_marketplace
from products.warming import Warming
from providers.errors import MarketplaceNotServed

EVERY = 500  # ASINs between two words of progress


class Command(BaseCommand):
    """Charges nobody: the upstreams' price is the owner's. Exit code 1 when nothing came of any line."""

    help = (
        "Ask the upstreams for the ASINs of a file that are not kept yet, so that lookups find them. The "
        "file has an ASIN (or the address of a product's page) on each line, or columns, one with ASINs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("file", help="a path; - for the standard input")
        add_marketplace(parser)
        parser.add_argument("--budget", type=int, help="ask for so many at most; what is kept does not count")
        parser.add_argument(
            "--max-age", type=int, help="seconds that a kept answer may be old; 0 asks for all of them anew"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, ask, say how it goes, and add it up."""
        warming = Warming(
            marketplace=read_marketplace(options),
            budget=options["budget"],
            max_age=options["max_age"],
            report=self.stderr.write,
        )
        with opened(options["file"]) as file:
            try:
                for count, _ in enumerate(warming.run(entries(lines_of(file))), 1):
                    if count % EVERY == 0:
                        self.stdout.write(f"so far: {warming.summary()}")
            except MarketplaceNotServed as error:
                raise CommandError(str(error)) from None
        self.stdout.write(". ".join(filter(None, [warming.summary(), warming.ended.capitalize()])))
        if warming.has_failed:
            raise CommandError(warming.ended or "nothing came of any line")


@contextmanager
def opened(name: str) -> Iterator[TextIO]:
    """Open the file as text, whatever is in it; raises CommandError when it cannot be."""
    if name == "-":
        yield sys.stdin
        return
    try:
        with Path(name).open(encoding="utf-8", errors="replace") as file:
            yield file
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror or error}") from None
