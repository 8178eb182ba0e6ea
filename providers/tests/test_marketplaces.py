"""The table of marketplaces, and finding one by what people and upstreams call it."""

import re

import pytest

from providers.marketplaces import MARKETPLACES, UnknownMarketplace, marketplace


def test_there_are_all_23() -> None:
    assert len(MARKETPLACES) == 23
    assert all(code == place.code for code, place in MARKETPLACES.items())


@pytest.mark.parametrize("field", ["code", "id", "name", "domain"])
def test_no_two_share_a_code_id_name_or_domain(field: str) -> None:
    assert len({getattr(place, field) for place in MARKETPLACES.values()}) == 23


def test_every_entry_is_complete_and_well_formed() -> None:
    for place in MARKETPLACES.values():
        assert re.fullmatch(r"[A-Z]{2}", place.code)
        assert re.fullmatch(r"A[A-Z0-9]{11,14}", place.id)
        assert place.region in {"NA", "EU", "FE"}
        assert re.fullmatch(r"amazon\.[a-z.]+", place.domain)
        assert re.fullmatch(r"[A-Z]{3}", place.currency)
        assert place.languages
        assert all(re.fullmatch(r"[a-z]{2}_[A-Z]{2}", language) for language in place.languages)


def test_keepa_serves_eleven_and_the_creators_api_twenty() -> None:
    keepa = {place.code: place.keepa_domain for place in MARKETPLACES.values() if place.keepa_domain}
    assert keepa == {
        "US": 1, "UK": 2, "DE": 3, "FR": 4, "JP": 5, "CA": 6, "IT": 8, "ES": 9, "IN": 10, "MX": 11, "BR": 12,
    }  # fmt: skip
    assert {place.code for place in MARKETPLACES.values() if not place.creators} == {"IE", "EG", "ZA"}


def test_only_yen_has_no_minor_unit() -> None:
    assert {place.currency: place.minor_unit for place in MARKETPLACES.values() if place.minor_unit != 2} == {
        "JPY": 0
    }


@pytest.mark.parametrize(
    "text", ["DE", "de", " De ", "A1PA6795UKMFR9", "amazon.de", "www.amazon.de", "\tDE\n"]
)
def test_is_found_by_code_id_and_domain_whatever_the_case(text: str) -> None:
    assert marketplace(text) is MARKETPLACES["DE"]


def test_gb_is_the_united_kingdom() -> None:
    assert marketplace("gb") is marketplace("UK")
    assert "GB" not in MARKETPLACES


@pytest.mark.parametrize(
    "text", ["", "XX", "USA", "amazon", "\x00US", "ＵＳ", "ſe", "ıt", "U S", "D" * 10_000]
)
def test_refuses_the_rest_and_lists_the_codes(text: str) -> None:
    with pytest.raises(UnknownMarketplace, match=r"AE, AU, BE.*UK, US, ZA") as refusal:
        marketplace(text)
    assert len(str(refusal.value)) < 250
