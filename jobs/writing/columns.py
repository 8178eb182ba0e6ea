"""The results of a job as a table: a fixed set of columns, whatever was asked for and whatever came of it."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypedDict

import orjson

Value = str | int | Decimal | None  # a text, a number that is written as one, or nothing
NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,20})?(e-[0-9]{1,3})?")  # Excel has 15 digits, and no more


class ResultRow(TypedDict):
    """What became of one row of the input. `data` is the answer as JSON, "" where there is none."""

    row: int
    ref: str
    given: str
    code: str
    kind: str
    status: str  # pending, running, done or failed
    outcome: str  # "" while pending, then an api.bulk.Outcome
    reason: str
    credits: int
    is_duplicate: bool
    duplicate_of: int | None  # the row that was answered instead
    asin: str
    confidence: float | None
    providers: list[str]
    age_seconds: int | None
    data: str


@dataclass(frozen=True, slots=True)
class Told:
    """A row with its answer taken apart. `product` is {} where none was told."""

    row: ResultRow
    answer: Mapping[str, Any]
    product: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is in characters. `is_number` and `is_money` say how its cells look, not what they may hold."""

    name: str
    value: Callable[[Told], Value]
    width: int = 14
    is_number: bool = False
    is_money: bool = False


def told(row: ResultRow) -> Told:
    """Return a row with its answer, which is a product or a conversion that may have one within."""
    answer = part(parsed(row["data"]) if row["data"] else None)
    return Told(row, answer, part(answer["product"]) if "product" in answer else answer)


def parsed(data: str) -> Any:
    """Return the JSON `data` as Python has it. Raises ValueError for what is not JSON."""
    raw = encoded(data)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:  # half a surrogate pair, as an escape, is JSON that orjson will not read
        return json.loads(raw)


def encoded(text: str) -> bytes:
    """Return a text as UTF-8, with a question mark for half a surrogate pair."""
    return text.encode("utf-8", errors="replace")


def values(row: ResultRow) -> list[Value]:
    """Return the cells of a row, one for each of COLUMNS."""
    known = told(row)
    return [column.value(known) for column in COLUMNS]


def part(value: object) -> Mapping[str, Any]:
    """Return an object within an answer; {} where it is unknown."""
    return value if isinstance(value, dict) else {}


def number(value: object) -> Value:
    """Return a number that a spreadsheet can hold as it is; all else as text."""
    written = text(value)
    return Decimal(written) if NUMBER.fullmatch(written) else written


def text(value: object) -> str:
    """Return a value as text, "" for None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def joined(values: Iterable[object]) -> str:
    """Return several values as one text."""
    return "; ".join(text(value) for value in values)


def items(value: object) -> list[Any]:
    """Return a list within an answer; [] where it is unknown."""
    return value if isinstance(value, list) else []


def alternatives(known: Told) -> str:
    """Return what else the code may mean, and how surely: `B0A 0.12; B0B 0.05`."""
    others = (part(other) for other in items(known.answer.get("alternatives")))
    return joined(f"{text(other.get('asin'))} {text(other.get('confidence'))}".strip() for other in others)


def currency(known: Told) -> str:
    """Return the currency of the price, or of the list price where there is no price."""
    prices = (part(known.product.get(name)).get("currency") for name in ("price", "list_price"))
    return text(next((one for one in prices if one), None))


def image(known: Told) -> str:
    """Return the address of the main picture."""
    return text(next((part(one).get("url") for one in items(known.product.get("images"))), None))


def sample(known: Told) -> str:
    """Say whether any of it is invented by the stand-in; "" where there is no answer."""
    marks = [mark for mark in (known.answer.get("sample"), known.product.get("sample")) if mark is not None]
    return text(any(marks)) if marks else ""


def of_row(name: str, width: int = 14) -> Column:
    """Return the column of a text of the row."""
    return Column(name, lambda known: text(known.row[name]), width)  # type: ignore[literal-required]


def count_of_row(name: str, width: int = 10) -> Column:
    """Return the column of a number of the row."""
    return Column(name, lambda known: number(known.row[name]), width, is_number=True)  # type: ignore[literal-required]


def of_product(name: str, width: int = 14) -> Column:
    """Return the column of a text of the product."""
    return Column(name, lambda known: text(known.product.get(name)), width)


def count_of_product(name: str, width: int = 12) -> Column:
    """Return the column of a number of the product."""
    return Column(name, lambda known: number(known.product.get(name)), width, is_number=True)


def money(name: str) -> Column:
    """Return the column of a price, without its currency."""
    return Column(name, lambda known: amount(known.product.get(name)), 12, is_number=True, is_money=True)


def amount(price: object) -> Value:
    """Return how much a price is, in the currency's main unit."""
    return number(part(price).get("amount"))


def codes(name: str, key: str) -> Column:
    """Return the column of the product's numbers of a kind: text, as they begin with noughts."""
    return Column(name, lambda known: joined(items(part(known.product.get("identifiers")).get(key))), 16)


def of_answer(name: str, width: int = 14) -> Column:
    """Return the column of what a conversion tells."""
    return Column(name, lambda known: text(known.answer.get(name)), width)


COLUMNS: tuple[Column, ...] = (
    count_of_row("row", 8),
    of_row("ref"),
    of_row("given", 18),
    of_row("code", 16),
    of_row("kind", 10),
    of_row("outcome", 13),
    of_row("reason", 40),
    count_of_row("credits"),
    count_of_row("duplicate_of", 13),
    of_row("asin", 13),
    count_of_row("confidence", 12),
    Column("providers", lambda known: joined(known.row["providers"]), 18),
    count_of_row("age_seconds", 13),
    of_product("title", 60),
    of_product("brand", 18),
    of_product("manufacturer", 18),
    money("price"),
    Column("currency", currency, 10),
    money("list_price"),
    of_product("availability"),
    count_of_product("rating", 8),
    count_of_product("rating_count", 13),
    Column("rank", lambda known: number(part(known.product.get("rank")).get("rank")), 10, is_number=True),
    Column("rank_category", lambda known: text(part(known.product.get("rank")).get("category")), 24),
    count_of_product("offer_count", 12),
    of_product("url", 36),
    Column("image", image, 36),
    codes("ean", "eans"),
    codes("upc", "upcs"),
    Column("sample", sample, 9),
    Column("alternatives", alternatives, 32),
    of_answer("verified_marketplace", 21),
    of_answer("is_repeat", 11),
)
NAMES = tuple(column.name for column in COLUMNS)
