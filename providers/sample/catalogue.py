"""What the stand-in sells: the entries of catalogue.csv, and something plausible for every other code.

The books carry their real ISBN-10. Of the other codes some are real; those that begin with B0SAMP are ours,
far from what Amazon has given out so far. Prices and ratings are plausible, not current.
"""

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from providers.sample.numbers import between, pick

CATALOGUE = Path(__file__).with_name("catalogue.csv")

# What a code outside the catalogue stands for: thing, category, and its price in whole US dollars from, to.
_THINGS = (
    ("Water Bottle", "Sports & Outdoors > Camping", 12, 45),
    ("Desk Lamp", "Office Products > Lighting", 19, 89),
    ("Chef's Knife", "Home & Kitchen > Cutlery", 25, 160),
    ("Bluetooth Speaker", "Electronics > Portable Audio", 24, 190),
    ("USB-C Charger", "Electronics > Phone Accessories", 11, 59),
    ("Building Blocks", "Toys & Games > Building Toys", 9, 79),
    ("Screwdriver Set", "Tools & Home Improvement > Hand Tools", 14, 69),
    ("Face Cream", "Beauty & Personal Care > Skin Care", 6, 49),
    ("Whole Bean Coffee", "Grocery > Coffee", 9, 32),
    ("Dog Bed", "Pet Supplies > Dogs", 22, 110),
)
_COLOURS = ("Slate Blue", "Charcoal", "White", "Forest Green", "Terracotta", "Silver", "Navy", "Sand")


@dataclass(frozen=True, slots=True)
class Entry:
    """One article as it stands in the US marketplace.

    `list_price` is in US dollars, `category` begins at the root, and for a book `brand` is its author.
    """

    asin: str
    brand: str
    title: str
    category: tuple[str, ...]
    list_price: Decimal
    rating: Decimal
    rating_count: int

    @property
    def is_book(self) -> bool:
        """Say whether the ASIN is an ISBN-10."""
        return not self.asin.startswith("B")


@cache
def catalogue() -> dict[str, Entry]:
    """Return the catalogue by ASIN, read once per process."""
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        return {row["asin"]: _from_row(row) for row in csv.DictReader(file)}


def entry_for(asin: str) -> Entry:
    """Return the entry of a valid ASIN: the catalogue's, or one made up for it that says so in its title."""
    return catalogue().get(asin) or _made_up(asin)


def _from_row(row: dict[str, str]) -> Entry:
    return Entry(
        asin=row["asin"],
        brand=row["brand"],
        title=row["title"],
        category=tuple(row["category"].split(" > ")),
        list_price=Decimal(row["list_price"]),
        rating=Decimal(row["rating"]),
        rating_count=int(row["rating_count"]),
    )


def _made_up(asin: str) -> Entry:
    thing, category, low, high = pick(_THINGS, asin, "thing")
    title, brand = f"Sample {thing}, {pick(_COLOURS, asin, 'colour')}", "Sample Brand"
    if not asin.startswith("B"):
        title, brand, category, low, high = f"Sample Book {asin}", "Sample Author", "Books > Reference", 8, 60
    return Entry(
        asin=asin,
        brand=brand,
        title=title,
        category=tuple(category.split(" > ")),
        list_price=between(low, high, asin, "price") + Decimal("0.99"),
        rating=Decimal(between(36, 49, asin, "rating")) / 10,
        rating_count=between(12, 20_000, asin, "rating_count"),
    )
