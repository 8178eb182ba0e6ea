"""Remove what Pallet made in its folder. Standard library only.

python -m config.reset data     .data: accounts, credits, products, logs, the local secret
python -m config.reset all      the same, .venv and the caches of the tools
"""

import argparse
import fcntl
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHES = [".venv", ".mypy_cache", ".ruff_cache", ".hypothesis"]


def in_use(folder: Path) -> bool:
    """Whether a command holds this data folder, or one below it (the tests' is `.data/test`)."""
    return any(is_locked(lock) for lock in (folder / "lock", *folder.glob("*/lock")))


def is_locked(lock: Path) -> bool:
    """Whether somebody holds this lock file."""
    if not lock.exists():
        return False
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m config.reset", description=__doc__)
    parser.add_argument("what", choices=["data", "all"])
    what = parser.parse_args(arguments).what
    if in_use(root / ".data"):
        print("Pallet is running here: stop it first (Ctrl-C where `make run` was typed).", file=sys.stderr)
        return 1
    try:
        for name in [".data", *(CACHES if what == "all" else [])]:
            if (root / name).exists():
                shutil.rmtree(root / name)
    except PermissionError as error:
        print(f"{error.filename} belongs to another user: remove it as that user.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
