"""Logs are one line of JSON each, name their request, and hold no secret."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog

from api.logging import HIDDEN, clean, current_request_id, formatter

CANARIES = {
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ",
    "stripe": "sk_live_canary0123456789",
    "webhook": "whsec_canary0123456789",
    "keepa": "canarykeepa0123456789abcdef",
    "password": "canary-hunter2",
    "lwa": "Atzr|canary-refresh-token",
    "opaque": "canary.opaque-bearer/value+1==",
}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the root logger writes, through the formatter that production uses."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


@contextmanager
def during(request_id: str) -> Iterator[None]:
    """While a request is answered."""
    token = current_request_id.set(request_id)
    yield
    current_request_id.reset(token)


def last(stream: io.StringIO) -> Any:
    return json.loads(stream.getvalue().splitlines()[-1])


def test_a_line_names_level_logger_time_and_request(lines: io.StringIO) -> None:
    with during("req_1"):
        structlog.stdlib.get_logger("pallet.x").warning("something", asin="B07ZPKCJ6X")
    line = last(lines)
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "something",
        "asin": "B07ZPKCJ6X",
        "level": "warning",
        "logger": "pallet.x",
        "request_id": "req_1",
    }


def test_lines_of_libraries_have_the_same_form(lines: io.StringIO) -> None:
    with during("req_2"):
        logging.getLogger("urllib3").warning("retrying %s", "https://x/?key=" + CANARIES["keepa"])
    line = last(lines)
    assert (line["event"], line["request_id"]) == (f"retrying https://x/?key={HIDDEN}", "req_2")


def test_a_line_break_in_a_value_starts_no_new_line(lines: io.StringIO) -> None:
    logging.getLogger("pallet.x").warning('name\n{"event":"forged"}')
    assert len(lines.getvalue().splitlines()) == 1


def test_no_secret_reaches_the_log_by_any_way(lines: io.StringIO) -> None:
    log = structlog.stdlib.get_logger("pallet.x")
    jwt, keepa, password = CANARIES["jwt"], CANARIES["keepa"], CANARIES["password"]
    log.warning("named", password=password, headers={"Authorization": f"Bearer {CANARIES['opaque']}"})
    log.warning("nested", body={"rows": [{"api_key": keepa, "client_secret": CANARIES["webhook"]}]})
    log.warning(f"Authorization: Bearer {jwt}", hint=f"X-API-Key: {CANARIES['opaque']}")
    log.warning("url", url=f"https://api.keepa.com/product?domain=1&key={keepa}&asin=B07ZPKCJ6X")
    log.warning("address", dsn=f"postgres://pallet:{password}@db:5432/pallet")
    log.warning(
        "shapes", values=(CANARIES["stripe"], CANARIES["webhook"], CANARIES["lwa"], b"x" + jwt.encode())
    )
    log.warning("object", thing=ValueError(f"token={CANARIES['opaque']}"))
    log.warning("cookie", note=f"Cookie: sessionid={CANARIES['opaque']}")
    try:
        raise ValueError(f"GET /token?key={keepa} with {jwt}")
    except ValueError:
        log.exception("failed")
        logging.getLogger("pallet.y").exception("failed %s", jwt)
    written = lines.getvalue()
    assert [name for name, canary in CANARIES.items() if canary in written] == []
    assert "B07ZPKCJ6X" in written
    assert "ValueError" in written


def test_what_is_no_secret_stays() -> None:
    facts = {"asin": "B07ZPKCJ6X", "tokens_left": 299, "ok": True, "none": None, "ratio": 0.5, "key_id": "k1"}
    assert clean(facts) == facts
