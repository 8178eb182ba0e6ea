"""Amounts as people write them."""

import pytest

from billing.wording import money


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1000, "usd", "10.00 USD"),
        (5, "EUR", "0.05 EUR"),
        (123456789, "USD", "1,234,567.89 USD"),
        (1000, "jpy", "1,000 JPY"),
        (1500, "KWD", "1.500 KWD"),
        (0, "USD", "0.00 USD"),
    ],
)
def test_an_amount_has_the_places_of_its_currency(amount: int, currency: str, text: str) -> None:
    assert money(amount, currency) == text
