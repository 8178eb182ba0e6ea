"""manage.py providers: what is configured to be asked, how it stands, and whether it answers."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from monitoring import trial, upstreams, wording
from providers.base import ProductProvider, Provider
from providers.identifiers import InvalidASIN
from providers.identifiers import asin as read_asin
from providers.marketplaces import UnknownMarketplace
from providers.marketplaces import marketplace as read_marketplace

Facts = dict[str, Any]


class Command(BaseCommand):
    """An entry for each account of each upstream; with --try what each answers, exit code 1 if none does."""

    help = "List the upstreams that are configured, or ask each of them for a product (--try)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("--try", dest="asin", metavar="ASIN", help="ask each upstream for this product")
        parser.add_argument("--marketplace", default="US", help="where, with --try; US unless told")
        parser.add_argument("--provider", metavar="NAME", help="only this upstream")
        parser.add_argument("--json", action="store_true", dest="as_json", help="the same facts as JSON")

    def handle(
        self, *args: Any, asin: str | None, marketplace: str, provider: str | None, as_json: bool, **_: Any
    ) -> None:
        """List, or try."""
        try:
            chosen = upstreams.chosen(provider)
        except LookupError as error:
            raise CommandError(error.args[0]) from None
        if asin is not None:
            self.ask(chosen, asin, marketplace, as_json=as_json)
        elif as_json:
            self.as_json({"providers": upstreams.listed(chosen)})
        else:
            self.as_text(map(wording.listing, upstreams.listed(chosen)))

    def ask(self, chosen: list[Provider], asin: str, marketplace: str, *, as_json: bool) -> None:
        """Ask each that knows products; raises CommandError when none answers."""
        asked = [upstream for upstream in chosen if isinstance(upstream, ProductProvider)]
        if not asked:
            raise CommandError("none of these upstreams knows products")
        try:
            code, place = read_asin(asin), read_marketplace(marketplace).code
        except (InvalidASIN, UnknownMarketplace) as error:
            raise CommandError(str(error)) from None
        found = trial.tried(asked, code, place)
        if as_json:
            self.as_json({"asin": code, "marketplace": place, "tried": found})
        else:
            self.as_text(wording.result(one) for one in found)
        if not any(one["outcome"] in trial.ANSWERS for one in found):
            raise CommandError("no upstream answered")

    def as_json(self, facts: Facts) -> None:
        """Print facts for programs."""
        self.stdout.write(json.dumps(facts, indent=2, ensure_ascii=False))

    def as_text(self, blocks: Iterable[str]) -> None:
        """Print blocks of lines for people."""
        self.stdout.write("\n\n".join(blocks))
