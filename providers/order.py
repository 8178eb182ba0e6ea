"""Who is asked for what, and in which order: the rules of the setting PROVIDERS. Pure.

    spapi,keepa; offers=rainforest,spapi; @JP=keepa; fnsku@DE=fnskutoasin

The first list holds for everything that no rule is about. A rule is about a capability, a marketplace (after
@), or both; the most exact one holds, and one for a capability holds before one for a marketplace.
"""

from collections.abc import Mapping

from providers.marketplaces import MARKETPLACES

CAPABILITIES = ("product", "offers", "reviews", "fnsku", "gtin")

Rules = Mapping[str, tuple[str, ...]]


class BadRule(ValueError):
    """A rule that cannot be read; the message says which and why."""


def names_in(text: str) -> tuple[str, ...]:
    """Return the names in a list with commas."""
    return tuple(name for name in (part.strip() for part in text.split(",")) if name)


def rules_in(text: str) -> Rules:
    """Return the rules in a text with semicolons: what they are about, and whom they name; raises BadRule."""
    rules: dict[str, tuple[str, ...]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        named, is_rule, names = part.partition("=")
        about = _subject(named.strip()) if is_rule else None
        if about is None or not names_in(names):
            raise BadRule(
                f"{part[:60]!r} is no rule such as offers=keepa, @JP=keepa or offers@JP=keepa "
                f"(capabilities: {', '.join(CAPABILITIES)})"
            )
        if about in rules:
            raise BadRule(f"there are two rules for {about}")
        rules[about] = names_in(names)
    return rules


def rule_for(rules: Rules, capability: str, marketplace: str) -> tuple[str, ...] | None:
    """Return whom the most exact rule names, None where there is none and the usual order holds."""
    subjects = (f"{capability}@{marketplace}", capability, f"@{marketplace}")
    return next((rules[subject] for subject in subjects if subject in rules), None)


def _subject(about: str) -> str | None:
    """Return what a rule is about in one spelling, None when that means nothing."""
    capability, is_bound, place = about.partition("@")
    place = place.upper().replace("GB", "UK")
    is_meant = capability in CAPABILITIES or (is_bound and not capability)
    if not is_meant or (is_bound and place not in MARKETPLACES):
        return None
    return f"{capability}@{place}" if is_bound else capability
