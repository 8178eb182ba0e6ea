"""Identifiers."""

import re
from types import SimpleNamespace

import time_machine

from api.ids import charge_key, new_request_id, new_ulid


def test_a_request_id_is_req_and_a_ulid() -> None:
    assert re.fullmatch(r"req_[0-7][0-9A-HJKMNP-TV-Z]{25}", new_request_id())


def test_no_two_are_alike() -> None:
    assert len({new_ulid() for _ in range(10_000)}) == 10_000


def test_later_ones_sort_later() -> None:
    with time_machine.travel("2026-01-01", tick=False):
        early = new_ulid()
    with time_machine.travel("2026-01-02", tick=False):
        late = new_ulid()
    assert early < late


def test_a_request_pays_under_one_name() -> None:
    assert charge_key(SimpleNamespace(id="req_01M7")) == "chg_01M7"


def test_a_call_that_was_tried_before_pays_under_the_name_of_the_first_attempt() -> None:
    assert charge_key(SimpleNamespace(id="req_01M8", charge_id="chg_01M7")) == "chg_01M7"
