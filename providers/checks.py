"""What must hold before an upstream can be asked; Django runs it at start-up and on `manage.py check`."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from providers.registry import backend


@register()
def check_providers(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Every entry of settings.PROVIDERS names a provider, once, and gives it what it needs."""
    if not settings.PROVIDERS:
        hint = "Set PROVIDERS, for example to sample."
        return [Error("No upstream is configured.", hint=hint, id="providers.E001")]
    names = [entry["NAME"] for entry in settings.PROVIDERS]
    found: list[CheckMessage] = [
        Error(f"PROVIDERS lists {name} twice.", hint="Name it once.", id="providers.E002")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    for entry in settings.PROVIDERS:
        found += _check_entry(entry)
    return found


def _check_entry(entry: dict[str, Any]) -> list[CheckMessage]:
    try:
        chosen = backend(entry)
    except ImproperlyConfigured as error:
        known = ", ".join(sorted(getattr(settings, "KNOWN_PROVIDERS", ())))
        return [Error(f"In PROVIDERS: {error}.", hint=f"Choose from: {known}.", id="providers.E003")]
    return [
        Error(f"The provider {entry['NAME']} cannot work: {problem}.", hint=hint, id="providers.E004")
        for problem, hint in chosen.problems(entry["OPTIONS"])
    ]
