"""Packs of credits as data: settings.CREDIT_PACKAGES, the table that the price list shows too."""

from dataclasses import dataclass

from credits.prices import packages as rows


@dataclass(frozen=True, slots=True)
class Package:
    """A pack of credits. `amount` is in the smallest unit of the currency, which is written like USD."""

    id: str
    credits: int
    amount: int
    currency: str


def packages() -> dict[str, Package]:
    """Return the packs for sale, by id."""
    return {
        row["id"]: Package(row["id"], row["credits"], row["price_cents"], row["currency"]) for row in rows()
    }
