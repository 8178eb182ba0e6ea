"""The price list as tables of `docs/pricing.md`, made from what is charged."""

import re

from products.catalogue import pricing

OPERATIONS = "| operation | credits | what |"
PACKS = "| pack | credits | price |"
A_TABLE = r"^{}\n(\|.*\n)*"


def with_current_prices(text: str) -> str:
    """Return the document with its two tables of prices as they are charged here."""
    for heading, table in ((OPERATIONS, operations()), (PACKS, packs())):
        found = re.search(A_TABLE.format(re.escape(heading)), text, re.MULTILINE)
        text = text.replace(found[0], table) if found else text
    return text


def operations() -> str:
    """Return what each operation costs, as a table in Markdown."""
    rows = [
        f"| `{sold['operation']}` | {sold['credits']} | {sold['description']} |"
        for sold in pricing()["operations"]
    ]
    return "\n".join([OPERATIONS, "| --- | ---: | --- |", *rows, ""])


def packs() -> str:
    """Return what credits cost, as a table in Markdown."""
    rows = [
        f"| `{pack['id']}` | {pack['credits']:,} | {pack['price_cents'] / 100:.2f} {pack['currency']} |"
        for pack in pricing()["packages"]
    ]
    return "\n".join([PACKS, "| --- | ---: | ---: |", *rows, ""])
