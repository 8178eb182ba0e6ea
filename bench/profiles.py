"""What the workers of `bench/profiled.py` have seen, as tables."""

import json
from collections import Counter

from django.conf import settings

FOLDER = settings.DATA_DIR / "log"


def forget_profiles() -> None:
    """Remove what earlier runs have seen."""
    for left in FOLDER.glob("profile-*.json"):
        left.unlink()


def print_profile(lines: int) -> None:
    """Print what all workers have seen, as shares of the CPU."""
    total, own, within = 0, Counter[str](), Counter[str]()
    for path in FOLDER.glob("profile-*.json"):
        seen = json.loads(path.read_text())
        total += seen["total"]
        own.update(seen["own"])
        within.update(seen["within"])
    packages = Counter[str]()
    for name, count in own.items():
        packages[name.partition("/")[0]] += count
    for title, table, most in (
        ("by package, itself", packages, 25),
        ("by function, with what it calls", within, lines),
        ("by function, itself", own, lines),
    ):
        print(f"\n{title}: {total} samples")
        for name, count in table.most_common(most):
            print(f"{100 * count / max(1, total):6.1f}%  {name}")
