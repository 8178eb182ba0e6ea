"""Answers of upstreams that are kept in files, one folder for each upstream."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROVIDERS = Path(__file__).parents[1]


def fixtures_of(provider: str) -> Callable[[str], dict[str, Any]]:
    """Return what reads an answer in providers/<provider>/fixtures, anew each time, by its file's name."""

    def fixture(name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((PROVIDERS / provider / "fixtures" / f"{name}.json").read_text())
        return found

    return fixture
