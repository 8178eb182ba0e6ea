"""manage.py jobs: what is under way, how fast, and for how long yet."""

import json
import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Q
from django.utils import timezone

from jobs import ids
from jobs.models import Job
from jobs.services import progress
from jobs.telling import job_data

SHOWN = 50
RECENT = timedelta(hours=24)
CLEAR = "\x1b[2J\x1b[H"
LINE = "{id:<31}{status:<10}{settled:>15}{failed:>8}{credits:>15}{rate:>10}{eta:>9}  {who}"
HEAD = LINE.format(
    id="job",
    status="status",
    settled="settled/rows",
    failed="failed",
    credits="taken/quoted",
    rate="rows/min",
    eta="eta",
    who="account",
)


class Command(BaseCommand):
    """A line for each open job and for those of the last day; with --watch drawn anew every two seconds."""

    help = "List bulk jobs: rows settled and failed, credits, how fast it goes and how long it will take."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("--watch", action="store_true", help="draw anew every two seconds, until Ctrl-C")
        parser.add_argument("--json", action="store_true", dest="as_json", help="the same facts as JSON")
        parser.add_argument("--user", metavar="E-MAIL", help="only this account's")

    def handle(self, *args: Any, watch: bool, as_json: bool, user: str | None, **_: Any) -> None:
        """List, once or until it is interrupted."""
        if not watch:
            self.stdout.write(as_text(user, as_json=as_json))
            return
        try:
            while True:
                self.stdout.write(CLEAR + as_text(user, as_json=as_json))
                self.stdout.flush()
                time.sleep(2)
        except KeyboardInterrupt:
            return


def as_text(user: str | None, *, as_json: bool) -> str:
    """Return the list as it is shown."""
    found = newest(user)
    told = progress(found)
    if as_json:
        facts = [{"account": job.user.email, **job_data(told[job.pk])} for job in found]
        return json.dumps({"jobs": facts}, default=str)
    return "\n".join([HEAD, *(line(told[job.pk]) for job in found)]) if found else "No job in the last day."


def newest(user: str | None) -> list[Job]:
    """Return the jobs that are open or ended within the last day, newest first."""
    which = Q(ended_at=None) | Q(ended_at__gt=timezone.now() - RECENT)
    found = Job.objects.filter(which).select_related("user").order_by("-id")
    return list(found.filter(user__email=user)[:SHOWN] if user else found[:SHOWN])


def line(found: Any) -> str:
    """Return a job in one line."""
    job, statuses = found.job, found.statuses
    return LINE.format(
        id=ids.shown(job.pk),
        status=job.status,
        settled=f"{statuses['done'] + statuses['failed']:,}/{job.rows:,}",
        failed=f"{statuses['failed']:,}",
        credits=f"{job.captured:,}/{job.quoted:,}",
        rate="-" if found.rate is None else f"{found.rate:,.0f}",
        eta="-" if found.eta_seconds is None else str(timedelta(seconds=found.eta_seconds)),
        who=job.user.email,
    )
