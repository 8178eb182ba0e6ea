"""Each field is read from where paths.py says, and from nowhere else."""

from typing import Any

import pytest

from providers.keepa import parse
from providers.keepa.paths import PATHS
from providers.keepa.provider import KeepaProvider
from providers.keepa.tests.upstream import fixture, product
from providers.marketplaces import MARKETPLACES
from providers.tests.paths import without


def whole() -> dict[str, Any]:
    """A product of which Keepa knows everything."""
    told = {"parentAsin": "B0PARENT01", "variations": [{"asin": "B0PALLET02"}], "monthlySold": 300}
    offered: dict[str, Any] = fixture("offers")["products"][0]
    return product() | offered | {"asin": "B0PALLET01", "availabilityAmazon": 0} | told


def read(raw: dict[str, Any], field: str) -> Any:
    found = parse.product(raw, MARKETPLACES["US"], with_offers=True)
    assert found is not None
    return getattr(found, field)


def test_every_field_has_its_path() -> None:
    assert set(PATHS) == KeepaProvider.delivers


@pytest.mark.parametrize("field", PATHS)
def test_a_field_comes_from_its_path_and_from_nowhere_else(field: str) -> None:
    assert read(whole(), field)
    if PATHS[field]:
        assert not read(without(whole(), *PATHS[field]), field)
