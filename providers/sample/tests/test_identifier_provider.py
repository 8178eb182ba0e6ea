"""The identifier stand-in leads every FNSKU to an article of the catalogue."""

from datetime import UTC, datetime

import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.base import Source
from providers.sample import failures
from providers.sample.catalogue import catalogue
from providers.sample.provider import SampleIdentifierProvider

FNSKUS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=7, max_size=7).map("X00{}".format)
MAGIC = {*failures.CODE_FAILURES, failures.CODE_NOT_FOUND, failures.CODE_OF_NO_ASIN}


def test_the_code_of_the_specification_converts() -> None:
    with time_machine.travel(datetime(2026, 3, 4, tzinfo=UTC), tick=False):
        match = SampleIdentifierProvider().resolve(["X0001ABCDE"], marketplace="US")["X0001ABCDE"]
    assert match
    assert match.code == "X0001ABCDE"
    assert match.asins[0] in catalogue()
    assert match.source == Source("sample", datetime(2026, 3, 4, tzinfo=UTC))


@settings(deadline=None)
@given(FNSKUS.filter(lambda code: code not in MAGIC), st.sampled_from(["US", "DE", "JP"]))
def test_every_fnsku_leads_to_one_article_always_the_same(code: str, marketplace: str) -> None:
    first = SampleIdentifierProvider().resolve([code], marketplace=marketplace)[code]
    again = SampleIdentifierProvider().resolve([code], marketplace="UK")[code]
    assert first
    assert again
    assert first.asins == again.asins
    assert set(first.asins) <= set(catalogue())


def test_different_fnskus_lead_to_many_articles() -> None:
    codes = [f"X00{n:07d}" for n in range(100)]
    answered = SampleIdentifierProvider().resolve(codes, marketplace="US")
    assert len({match.asins for match in answered.values() if match}) > 50


def test_what_is_no_fnsku_leads_nowhere() -> None:
    codes = ["B07ZPKCJ6X", "4006381333931", "X0001"]
    assert SampleIdentifierProvider().resolve(codes, marketplace="US") == dict.fromkeys(codes)


def test_latency_is_taken_once_per_call() -> None:
    naps: list[float] = []
    provider = SampleIdentifierProvider(latency_ms=40, sleep=naps.append)
    provider.resolve([f"X00{n:07d}" for n in range(20)], marketplace="US")
    assert naps == [0.04]
