"""What must hold before an upstream can be asked; Django runs it at start-up and on `manage.py check`."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from providers.order import BadRule, rules_in
from providers.registry import backend


@register()
def check_providers(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Every entry of settings.PROVIDERS names a provider, once, and gives it what it needs."""
    if not settings.PROVIDERS:
        hint = "Set PROVIDERS, for example to sample."
        return [Error("No upstream is configured.", hint=hint, id="providers.E001")]
    entries = [*settings.PROVIDERS, *settings.PROVIDERS_BY_RULE]
    return [
        *_check_names(entries),
        *_check_rules(),
        *(one for entry in entries for one in _check_entry(entry)),
    ]


def _check_names(entries: Sequence[dict[str, Any]]) -> Iterator[CheckMessage]:
    names = [(entry["NAME"], entry.get("ACCOUNT", 1)) for entry in entries]
    for name, _ in sorted({name for name in names if names.count(name) > 1}):
        yield Error(f"PROVIDERS lists {name} twice.", hint="Name it once.", id="providers.E002")


def _check_rules() -> Iterator[CheckMessage]:
    try:
        rules_in(settings.PROVIDER_RULES)
    except BadRule as error:
        yield Error(
            f"In PROVIDERS: {error}.", hint="Correct that rule, or take it away.", id="providers.E005"
        )


def _check_entry(entry: dict[str, Any]) -> list[CheckMessage]:
    try:
        chosen = backend(entry)
    except ImproperlyConfigured as error:
        known = ", ".join(sorted(getattr(settings, "KNOWN_PROVIDERS", ())))
        return [Error(f"In PROVIDERS: {error}.", hint=f"Choose from: {known}.", id="providers.E003")]
    account = entry.get("ACCOUNT", 1)
    name = entry["NAME"] if account == 1 else f"{entry['NAME']} (account {account}, _{account} variables)"
    return [
        Error(f"The provider {name} cannot work: {problem}.", hint=hint, id="providers.E004")
        for problem, hint in chosen.problems(entry["OPTIONS"])
    ]
