"""Results as JSON and as JSON Lines."""

import json
from typing import Any

import pytest

from jobs.export import ResultRow
from jobs.tests.results import CONVERSION, HEAD, PRODUCT, exported, result

ROWS = [
    result(PRODUCT),
    result(CONVERSION, row=2, confidence=0.83),
    result(row=3, outcome="", status="pending", given='"Größe", 5\n'),
    result(row=4, is_duplicate=True, duplicate_of=1, outcome="failed", reason="No upstream delivered."),
]


def plain(row: ResultRow) -> dict[str, Any]:
    """Return what a row says, its answer read."""
    return {**row, "data": json.loads(row["data"]) if row["data"] else None}


def lines(rows: list[ResultRow]) -> list[Any]:
    """Return what is read from each line of an export."""
    return [json.loads(line) for line in exported("jsonl", rows).splitlines()]


def test_json_reads_back_as_it_was() -> None:
    document = json.loads(exported("json", ROWS))
    assert document == {"status": "success", **HEAD, "data": [plain(row) for row in ROWS]}


def test_json_of_no_rows_is_a_document() -> None:
    assert json.loads(exported("json", [])) == {"status": "success", **HEAD, "data": []}


def test_json_lines_read_back_as_they_were() -> None:
    assert lines(ROWS) == [plain(row) for row in ROWS]


def test_json_lines_end_each_row_and_nothing_else_with_a_newline() -> None:
    assert exported("jsonl", ROWS).count(b"\n") == len(ROWS)


def test_json_lines_of_no_rows_are_empty() -> None:
    assert exported("jsonl", []) == b""


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_the_answer_is_spliced_in_to_the_byte(format: str) -> None:
    data = '{"price": {"amount":"19.90"},  "weight":1.50, "title":"\\u00e9"}'
    assert data.encode() in exported(format, [result(data=None) | {"data": data}])


@pytest.mark.parametrize("field", ["ref", "given", "reason"])
def test_half_a_surrogate_pair_does_not_break_the_document(field: str) -> None:
    assert lines([result(PRODUCT, **{field: "a\ud800b"})]) == [plain(result(PRODUCT, **{field: "a?b"}))]


def test_half_a_surrogate_pair_in_an_answer_does_not_break_the_document() -> None:
    assert lines([result() | {"data": '{"title":"a\ud800b"}'}])[0]["data"] == {"title": "a?b"}
