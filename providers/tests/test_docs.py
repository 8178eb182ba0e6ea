"""docs/providers.md says what is so."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.conf import settings

from providers.ages import Ages
from providers.base import FIELDS, ProductData, ProductProvider
from providers.creators import paths as creators
from providers.errors import ErrorClass
from providers.keepa import paths as keepa
from providers.keepa import wire
from providers.keepa.provider import KeepaProvider
from providers.rainforest import paths as rainforest
from providers.registry import backend
from providers.spapi import paths as spapi

WITH_PATHS = {
    "spapi": spapi.PATHS,
    "keepa": keepa.PATHS,
    "rainforest, asindata": rainforest.PATHS,
    "creators": creators.PATHS,
}
TEXT = (Path(__file__).parents[2] / "docs" / "providers.md").read_text()


def names(text: str) -> set[str]:
    """Return what stands in backticks."""
    return set(re.findall(r"`([\w<>]+)`", text))


def section(title: str) -> str:
    return TEXT.partition(f"{title}\n")[2].partition("\n#")[0]


def table() -> Iterator[str]:
    """The table of fields as the adapters' paths say it."""
    yield f"| field | {' | '.join(WITH_PATHS)} |"
    yield "| --- |" + " --- |" * len(WITH_PATHS)
    for name in (field.name for field in fields(ProductData) if field.name in FIELDS):
        yield f"| `{name}` | {' | '.join(cell(paths.get(name)) for paths in WITH_PATHS.values())} |"


def cell(paths: tuple[str, ...] | None) -> str:
    """What the table says of a field of one upstream."""
    if paths is None:
        return ""
    return ", ".join(f"`{path}`" for path in paths) or "made from ASIN and marketplace"


def test_the_table_of_fields_is_that_of_the_adapters() -> None:
    told = [line for line in section("## Where each field comes from").splitlines() if line.startswith("|")]
    assert told == list(table())


def test_every_upstream_of_products_has_its_paths_there(settings: Any) -> None:
    known = {name: backend(entries[0]) for name, entries in settings.KNOWN_PROVIDERS.items()}
    real = {one for name, one in known.items() if issubclass(one, ProductProvider) and name != "sample"}
    assert {frozenset(one.delivers) for one in real} == {frozenset(paths) for paths in WITH_PATHS.values()}


def test_every_series_of_the_history_is_named() -> None:
    known = {*wire.MONEY_SERIES.values(), *wire.SHIPPED_SERIES.values(), *wire.NUMBER_SERIES.values()}
    assert names(section("### Series of the history")) == known | {"<name>_shipping", "price"}


def test_every_reason_is_explained() -> None:
    rows = [line for line in section("## How an upstream is called").splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [reason.value for reason in ErrorClass]


def test_every_marketplace_of_keepa_is_listed() -> None:
    (listed,) = re.findall(r"Eleven marketplaces: ([A-Z, ]+)\.", TEXT)
    assert listed.split(", ") == sorted(KeepaProvider.marketplaces)


def test_the_ages_are_those_of_the_settings() -> None:
    told = [int(n.replace(",", "")) for n in re.findall(r"^\| `PRODUCT_\w+` .*\| ([\d,]+) \|$", TEXT, re.M)]
    ages = Ages.configured()
    assert told == [ages.fresh, ages.stale, ages.not_found]


def test_every_provider_that_can_be_chosen_is_named() -> None:
    assert {f"`{name}`" for name in settings.KNOWN_PROVIDERS} <= set(re.findall(r"`\w+`", TEXT))
