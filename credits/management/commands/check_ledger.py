"""manage.py check_ledger: prove every balance, hold and cap from the entries."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from credits.laws import LAWS, breaches
from credits.models import Hold, LedgerEntry, SpendingCap, Wallet


class Command(BaseCommand):
    """One line when the ledger is sound; else a line for each breach, and exit code 1."""

    help = "Prove every balance, hold and cap from the entries; a line for each breach, and exit code 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument(
            "--wallet", action="append", help="only this user's (id); may be given more than once"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask the database for what breaks a law."""
        found = 0
        for law, subject, wrong in breaches(options["wallet"] or ()):
            found += 1
            self.stdout.write(f"{subject}: {wrong} (law: {law})")
        if found:
            raise CommandError(f"{found} breaches of the ledger's laws")
        counts = [model.objects.count() for model in (Wallet, LedgerEntry, Hold, SpendingCap)]
        self.stdout.write(
            "sound: {} wallets, {} entries, {} holds, {} caps; {} laws hold".format(*counts, len(LAWS))
        )
