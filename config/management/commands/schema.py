"""Write the description of the API to docs/openapi.json, the contract that the tests hold releases to."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from api.renderers import dumps
from api.schema import document
from config.contract import breaking

CONTRACT = Path(settings.BASE_DIR) / "docs" / "openapi.json"


def described() -> dict[str, Any]:
    """Return the description that the code gives, as JSON has it."""
    told: dict[str, Any] = json.loads(dumps(document()))
    return told


class Command(BaseCommand):
    """Writes the file unless that would break a promise it makes."""

    help = "Write docs/openapi.json. Refuses a change that breaks callers, unless told --break."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the one option."""
        parser.add_argument("--break", action="store_true", dest="may_break", help="break it all the same")

    def handle(self, *args: Any, may_break: bool, **options: Any) -> None:
        """Compare, then write."""
        found = breaking(json.loads(CONTRACT.read_text()), described()) if CONTRACT.exists() else []
        if found and not may_break:
            raise CommandError(
                "This breaks callers of version 1 (--break does it anyway):\n" + "\n".join(found)
            )
        CONTRACT.write_text(json.dumps(described(), indent=1, ensure_ascii=False, sort_keys=True) + "\n")
        self.stdout.write(f"{CONTRACT} has {len(described()['paths'])} paths.")
