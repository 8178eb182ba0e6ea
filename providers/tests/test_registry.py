"""From settings to instances, and what is checked before."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from providers.checks import check_providers
from providers.kinds import Kind
from providers.registry import identifier_providers, product_providers

KEEPA = {"NAME": "keepa", "BACKEND": "providers.keepa.provider.KeepaProvider", "OPTIONS": {"api_key": "x"}}
KEYLESS = KEEPA | {"OPTIONS": {"api_key": ""}}
SAMPLE = {"NAME": "sample", "BACKEND": "providers.sample.provider.SampleProvider", "OPTIONS": {}}
UNKNOWN = {"NAME": "oracle", "BACKEND": "", "OPTIONS": {}}
NO_PROVIDER = {"NAME": "path", "BACKEND": "pathlib.Path", "OPTIONS": {}}
NO_CLASS = {"NAME": "path", "BACKEND": "os.path.join", "OPTIONS": {}}


def test_the_order_of_the_settings_is_the_order_of_asking(settings: Any) -> None:
    settings.PROVIDERS = [KEEPA, SAMPLE]
    assert [provider.name for provider in product_providers()] == ["keepa", "sample"]
    settings.PROVIDERS = [SAMPLE, KEEPA]
    assert [provider.name for provider in product_providers()] == ["sample", "keepa"]


def test_there_is_one_instance_per_process(settings: Any) -> None:
    settings.PROVIDERS = [KEEPA]
    assert product_providers()[0] is product_providers()[0]
    assert [id(provider) for provider in identifier_providers(Kind.GTIN)] == [id(product_providers()[0])]


FORKS = """
import os
from providers.registry import product_providers
ours = product_providers()[0]
if os.fork() == 0:
    print("ours" if product_providers()[0] is ours else "its own", flush=True)
    os._exit(0)
os.wait()
"""


def test_a_forked_child_makes_its_own() -> None:
    told = subprocess.run(
        [sys.executable, "-c", FORKS],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PROVIDERS": "sample"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert told.stdout == "its own\n"


@pytest.mark.parametrize("entry", [UNKNOWN, NO_PROVIDER, NO_CLASS])
def test_a_name_that_means_no_provider_is_refused(settings: Any, entry: dict[str, object]) -> None:
    settings.PROVIDERS = [entry]
    with pytest.raises(ImproperlyConfigured, match=str(entry["NAME"])):
        product_providers()
    assert [error.id for error in check_providers()] == ["providers.E003"]


@pytest.mark.parametrize("entries", [[KEEPA], [SAMPLE], [KEEPA, SAMPLE]])
def test_sound_settings_pass_the_checks(settings: Any, entries: list[dict[str, object]]) -> None:
    settings.PROVIDERS = entries
    assert check_providers() == []


@pytest.mark.parametrize(
    ("entries", "codes", "hint"),
    [
        ([], ["providers.E001"], "Set PROVIDERS, for example to sample."),
        ([SAMPLE, KEEPA, SAMPLE], ["providers.E002"], "Name it once."),
        (
            [UNKNOWN],
            ["providers.E003"],
            "Choose from: asindata, creators, fnskutoasin, keepa, rainforest, sample, spapi.",
        ),
        ([KEYLESS], ["providers.E004"], "Set KEEPA_API_KEY, or take keepa out of PROVIDERS."),
    ],
)
def test_each_mistake_is_named_with_its_remedy(
    settings: Any, entries: list[dict[str, object]], codes: list[str], hint: str
) -> None:
    settings.PROVIDERS = entries
    found = check_providers()
    assert [error.id for error in found] == codes
    assert found[0].hint == hint
