"""Find files inside installed packages without importing them."""

import importlib.util
from pathlib import Path


def package_file(package: str, *parts: str) -> Path | None:
    """A file inside an installed package; None when either is missing."""
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    path = Path(next(iter(places)), *parts) if places else None
    return path if path and path.exists() else None
