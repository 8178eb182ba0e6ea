"""Every field comes from where `paths.py` says, and from nowhere else."""

import pytest

from providers.base import FIELDS
from providers.creators import parse
from providers.creators.paths import PATHS, RESOURCES
from providers.creators.provider import CreatorsProvider
from providers.creators.tests.amazon import item
from providers.marketplaces import MARKETPLACES
from providers.tests.paths import without

US = MARKETPLACES["US"]


def filled(document: dict[str, object], field: str) -> object:
    return getattr(parse.product(document, US, with_offers=True), field)


@pytest.mark.parametrize("field", sorted(PATHS))
def test_a_whole_item_fills_the_field(field: str) -> None:
    assert filled(item(), field)


@pytest.mark.parametrize("field", sorted(name for name, paths in PATHS.items() if paths))
def test_without_its_paths_the_field_is_empty(field: str) -> None:
    assert not filled(without(item(), *PATHS[field]), field)


@pytest.mark.parametrize("field", sorted(name for name, paths in PATHS.items() if len(paths) > 1))
def test_each_of_several_paths_is_enough(field: str) -> None:
    others = [[other for other in PATHS[field] if other != path] for path in PATHS[field]]
    assert all(filled(without(item(), *paths), field) for paths in others)


def test_the_paths_are_those_of_the_fields_it_claims() -> None:
    assert set(PATHS) == CreatorsProvider.delivers <= FIELDS


def test_whatever_is_read_was_asked_for() -> None:
    asked = {resource.replace("highRes", "hiRes") for resource in RESOURCES}
    read = [path.replace("[]", "") for paths in PATHS.values() for path in paths]
    assert [path for path in read if not any(path.startswith(start) for start in asked)] == [
        "offersV2.listings"
    ]
