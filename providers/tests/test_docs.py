"""docs/providers.md says what is so."""

import re
from pathlib import Path

from django.conf import settings

from providers.ages import Ages
from providers.errors import ErrorClass
from providers.keepa import wire
from providers.keepa.provider import KeepaProvider

TEXT = (Path(__file__).parents[2] / "docs" / "providers.md").read_text()


def names(text: str) -> set[str]:
    """Return what stands in backticks."""
    return set(re.findall(r"`([\w<>]+)`", text))


def section(title: str) -> str:
    return TEXT.partition(f"{title}\n")[2].partition("\n#")[0]


def test_every_field_that_keepa_fills_has_its_path() -> None:
    rows = [line.split("|")[1] for line in section("## Keepa").splitlines() if line.startswith("| `")]
    assert set().union(*map(names, rows)) == KeepaProvider.delivers


def test_every_series_of_the_history_is_named() -> None:
    known = {*wire.MONEY_SERIES.values(), *wire.SHIPPED_SERIES.values(), *wire.NUMBER_SERIES.values()}
    assert names(section("### Series of the history")) == known | {"<name>_shipping"}


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
