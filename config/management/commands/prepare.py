"""manage.py prepare: bring the database up to date and see that the sample people are there."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from config import sample


class Command(BaseCommand):
    """What `make run` does between starting the engines and serving."""

    help = "Migrate, and see that the sample user and the operator are there (.data/sample.json)."

    def handle(self, *_: Any, **__: Any) -> None:
        """Twice is as good as once."""
        call_command("migrate", interactive=False, verbosity=1)
        sample.prepare(settings.DATA_DIR / "sample.json", base_url=settings.PUBLIC_URL)
