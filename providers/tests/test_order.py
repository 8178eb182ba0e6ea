"""Who is asked for what: the rules of PROVIDERS."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from providers.base import Part
from providers.kinds import Kind
from providers.order import BadRule, rule_for, rules_in
from providers.registry import identifier_providers, product_providers
from providers.tests.stand_ins import StandIn, full

ROOT = Path(__file__).parents[2]
SELLER = {
    "PROVIDERS": "spapi",
    "SPAPI_CLIENT_ID": "a",
    "SPAPI_CLIENT_SECRET": "b",
    "SPAPI_REFRESH_TOKEN": "c",
}


@pytest.mark.parametrize(
    ("capability", "marketplace", "names"),
    [
        ("product", "US", None),
        ("product", "JP", ("keepa",)),
        ("offers", "US", ("rainforest", "spapi")),
        ("offers", "JP", ("rainforest", "spapi")),
        ("offers", "DE", ("keepa",)),
        ("fnsku", "US", None),
        ("product", "UK", ("spapi",)),
    ],
)
def test_the_most_exact_rule_holds(capability: str, marketplace: str, names: tuple[str, ...] | None) -> None:
    rules = rules_in(" @JP=keepa ; offers = rainforest, spapi; offers@de=keepa; @gb=spapi;")
    assert rule_for(rules, capability, marketplace) == names


@pytest.mark.parametrize(
    "text",
    ["offers", "offers=", "offers= , ", "prices=keepa", "@XX=keepa", "offers@=keepa", "=keepa", "@=keepa"],
)
def test_a_rule_that_means_nothing_is_named(text: str) -> None:
    with pytest.raises(BadRule, match="is no rule such as offers=keepa"):
        rules_in(text)


def test_two_rules_about_the_same_are_refused() -> None:
    with pytest.raises(BadRule, match="two rules for @UK"):
        rules_in("@UK=keepa; @gb=sample")


def entry(name: str) -> dict[str, Any]:
    return {"NAME": name, "BACKEND": "providers.tests.test_order.Named", "OPTIONS": {"name": name}}


class Named(StandIn):
    """A stand-in with a name that the settings give."""

    def __init__(self, name: str) -> None:
        super().__init__(full(), name=name)


def test_rules_choose_among_all_that_are_named_anywhere(settings: Any) -> None:
    settings.PROVIDERS, settings.PROVIDERS_BY_RULE = [entry("a"), entry("b")], [entry("c")]
    settings.PROVIDER_RULES = "offers=c,a; @DE=b"
    named = {
        (part, place): [one.name for one in product_providers(part, place)]
        for part in (Part.CORE, Part.OFFERS)
        for place in ("US", "DE")
    }
    assert named == {
        (Part.CORE, "US"): ["a", "b"],
        (Part.CORE, "DE"): ["b"],
        (Part.OFFERS, "US"): ["c", "a"],
        (Part.OFFERS, "DE"): ["c", "a"],
    }


def test_several_accounts_of_one_upstream_are_asked_one_after_another(settings: Any) -> None:
    settings.PROVIDERS, settings.PROVIDER_RULES = [entry("a"), entry("a") | {"ACCOUNT": 2}], "@US=a"
    assert [one.name for one in product_providers(Part.CORE, "US")] == ["a", "a"]


def test_only_those_are_asked_about_a_code_who_know_such_codes(settings: Any) -> None:
    settings.PROVIDERS = [
        {"NAME": "keepa", "BACKEND": "providers.keepa.provider.KeepaProvider", "OPTIONS": {"api_key": "x"}},
        *settings.KNOWN_PROVIDERS["sample"],
    ]
    kinds = {kind: [one.name for one in identifier_providers(kind)] for kind in (Kind.FNSKU, Kind.GTIN)}
    assert kinds == {Kind.FNSKU: ["sample"], Kind.GTIN: ["keepa"]}


def started(**variables: str) -> subprocess.CompletedProcess[str]:
    """What `manage.py check` says with these variables."""
    usual = {name: value for name, value in os.environ.items() if not name.startswith(("KEEPA", "PROVIDERS"))}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        check=False,
        cwd=ROOT,
        env=usual | variables,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("variables", "sentence", "remedy"),
    [
        ({"PROVIDERS": "oracle"}, "there is no provider called 'oracle'", "Choose from: "),
        ({"PROVIDERS": "sample; offers=oracle"}, "there is no provider called 'oracle'", "Choose from: "),
        ({"PROVIDERS": "keepa"}, "it has no key", "Set KEEPA_API_KEY, or take keepa out of PROVIDERS."),
        (
            SELLER | {"SPAPI_REGION": "US"},
            "its region 'US' is none",
            "Set SPAPI_REGION",
        ),
        (SELLER | {"SPAPI_CLIENT_SECRET": ""}, "it has no client secret", "Set SPAPI_CLIENT_SECRET"),
        ({"PROVIDERS": "creators"}, "its licence is not accepted", "CREATORS_ACCEPT_LICENCE=true"),
        ({"PROVIDERS": "fnskutoasin,sample"}, "no key", "Set FNSKUTOASIN_API_KEY"),
        ({"PROVIDERS": "sample; @XX=sample"}, "'@XX=sample' is no rule", "Correct that rule"),
        ({"PROVIDERS": "sample,sample"}, "PROVIDERS lists sample twice", "Name it once."),
        ({"PROVIDERS": " , "}, "No upstream is configured", "Set PROVIDERS, for example to sample."),
    ],
)
def test_bad_configuration_stops_the_start_with_a_sentence_and_the_remedy(
    variables: dict[str, str], sentence: str, remedy: str
) -> None:
    ended = started(**variables)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert remedy in ended.stderr
    assert "Traceback" not in ended.stderr


def test_accounts_come_from_numbered_variables() -> None:
    code = (
        "from django.conf import settings; from providers.registry import providers; import django; "
        "django.setup(); print([one.credential for one in providers()] == "
        "[__import__('providers.http').http.credential_name(key) for key in ('one', 'two')])"
    )
    variables = {"PROVIDERS": "keepa", "KEEPA_API_KEY": "one", "KEEPA_API_KEY_3": "two"}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
        env=os.environ | variables | {"DJANGO_SETTINGS_MODULE": "config.settings"},
    )  # fmt: skip
    assert told.stdout == "True\n"
