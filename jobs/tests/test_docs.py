"""What docs/jobs.md says is so."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from api.bulk import Outcome
from jobs.export import FORMATS
from jobs.results import STATUSES
from jobs.tasks import SWEEP_SECONDS
from jobs.telling import PRIORITIES
from jobs.work import TRIES
from providers.deadline import BATCH_SECONDS

LINES = Path(settings.BASE_DIR, "docs", "jobs.md").read_text()
TEXT = " ".join(LINES.split())
WORDS = {4: "four", 7: "seven", 10: "ten"}
BULK = settings.BULK
FIGURES = [
    f"Up to {BULK['max_rows']:,} codes in one call",
    f"has more than {BULK['max_rows']:,} rows",
    f"upstreams did not deliver, {WORDS[TRIES]} times",
    f"has not ended after {WORDS[BULK['seconds'] // (24 * 3600)]} days",
    f"for {BULK['keep_days']} days after its end",
    f"the sweep that runs every {WORDS[SWEEP_SECONDS]} seconds",
    f"a lease of {BULK['lease_seconds']} seconds (`BULK_LEASE_SECONDS`)",
    f"its upstreams are waited for {BATCH_SECONDS:.0f} seconds at most",
]


def listed(names: list[str], *, last: str) -> str:
    """These names as a sentence has them."""
    quoted = [f"`{name}`" for name in names]
    return f"{', '.join(quoted[:-1])}{last}{quoted[-1]}"


@pytest.mark.parametrize("said", FIGURES)
def test_its_figures_are_those_of_the_code(said: str) -> None:
    assert said in TEXT


def test_every_outcome_has_its_row() -> None:
    rows = re.findall(r"^\| (`.+?`) \|.*\| .+ \|$", LINES.partition("| outcome |")[2], re.MULTILINE)
    assert [name for row in rows for name in re.findall(r"\w+", row)] == [str(one) for one in Outcome]


def test_the_names_of_formats_statuses_and_priorities_are_those_of_the_code() -> None:
    assert f"`format` {listed(list(FORMATS), last=' or ')}," in TEXT
    assert listed(list(STATUSES[:-1]), last=", ") + " (it was delivered) or `failed`" in TEXT
    assert f"{listed(list(PRIORITIES), last=', ')}: among your own jobs" in TEXT
