"""The whole API against its own description: requests made up from it, valid and not, by schemathesis.

Every check that schemathesis has is on. FUZZ_EXAMPLES makes a longer run (`FUZZ_EXAMPLES=500 make test
ARGS=tests/test_fuzz.py`); the seed is fixed, so that a run can be repeated.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.db import connection
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from schemathesis import Case, GenerationMode, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from accounts.scopes import SCOPES
from accounts.tests.factories import a_user, key_of
from products.tests.factories import give, sample

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "15"))
SEED = int(os.environ.get("FUZZ_SEED", "20261121"))


# What no description can say: which cursor or token is one of ours, which ten letters are an ASIN or an
# FNSKU, which password is a good one, how far apart two dates may be, which moment is still to come, what a
# lookup may cost, whether an answer is kept, which file is a report, which marketplace is in which region,
# which origins are ours, whether anything is sold.
# What is refused for one of these is well-formed.
KNOWN_HERE_ONLY = {"invalid_cursor", "invalid_verification", "idempotency_mismatch"}
KNOWN_HERE_ONLY |= {
    "max_credits_exceeded",
    "cache_miss",
    "report_refused",
    "webhook_disabled",
    "too_many_webhooks",
    "checkout_not_offered",
}
CHECKED_HERE_ONLY = {"#/asin", "#/fnsku", "#/password", "#/fields", "#/from", "#/to", "#/url"}
CODES_HERE_ONLY = {"null_characters_not_allowed", "past", "network", "not_printable", "other_region"}
CODES_HERE_ONLY |= {"foreign_address", "belongs_in_body", "one_of", "unreadable"}
ABOUT_THE_INPUT = ("Schema-valid request rejected", "Schema-violating request accepted")
KNOWN = {
    "asin": ("B07ZPKCJ6X", "B0SAMP0001", "B0FAIL0404", "B0PARTIAL0"),
    "fnsku": ("X0001ABCDE", "X00FAIL404", "X000000001", "B07ZPKCJ6X"),
}


@pytest.fixture
def key(transactional_db: None, settings: Settings) -> Iterator[str]:
    """The key of someone rich; nobody is slowed down and the stand-in answers."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.PROVIDERS = [sample(timeout_ms=0)]
    settings.RATE_LIMITS = {name: {"ip": "1000000/h", "email": "1000000/h"} for name in settings.RATE_LIMITS}
    settings.API_RATE_LIMITS = dict.fromkeys(settings.API_RATE_LIMITS, (1_000_000, 60))
    user = a_user()
    give(user, 1_000_000)
    yield key_of(user, scopes=list(SCOPES))[1]
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


def configured(key: str) -> SchemathesisConfig:
    """All phases and all checks."""
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "workers": 1,
            "headers": {"Connection": "close"},  # else the test's server waits 40 ms for each acknowledgement
            "auth": {"openapi": {"apiKey": {"api_key": key}}},
            "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none"},
        }
    )


def answerable(context: Any, case: Case[Any]) -> Case[Any]:
    """Let a request that is valid otherwise ask for what somebody answers for."""
    if case.meta and case.meta.generation.mode is GenerationMode.POSITIVE:
        for place in (case.path_parameters, case.body):
            for name, known in KNOWN.items():
                text = place.get(name) if isinstance(place, dict) else None
                if isinstance(place, dict) and isinstance(text, str):
                    place[name] = known[len(text) % len(known)]
    return case


def is_a_fault(context: Any, failure: Any, case: Case[Any], response: Response) -> bool:
    """Say whether a failed check is one: see KNOWN_HERE_ONLY."""
    if failure.title == "Deleted resource still available":  # a key that ended stays to be seen, as revoked
        return bool(response.json()["data"]["status"] != "revoked")
    if response.status_code == 413 and failure.title in ABOUT_THE_INPUT:
        return False  # each part may be as long as it says; how long all are together, nothing can say
    if failure.title != "Schema-valid request rejected":
        return True
    problem = response.json()
    errors = problem.get("errors", ())
    wrong = {error["pointer"] for error in errors if error["code"] not in CODES_HERE_ONLY}
    return problem["code"] not in KNOWN_HERE_ONLY and not (errors and wrong <= CHECKED_HERE_ONLY)


def failures(event: ScenarioFinished) -> Iterator[str]:
    """Everything a check had to say, with the call that shows it."""
    for case, nodes in event.recorder.checks.items():
        for node in nodes:
            if node.failure_info is not None:
                failure = node.failure_info.failure
                said = f"{event.recorder.label}: {node.name}: {failure.title}: {failure.message}"
                yield f"{said}\n{node.failure_info.code_sample}\n{answered(event, case)}"


def answered(event: ScenarioFinished, case: str) -> str:
    """What the API said to this call."""
    response = event.recorder.interactions[case].response
    return f"{response.status_code} {response.text}" if response is not None else "no answer"


def test_the_api_does_what_its_description_says(key: str, live_server: LiveServer) -> None:
    schema = schemathesis.openapi.from_url(f"{live_server.url}/api/schema/", config=configured(key))
    schema.hooks.register_hook_with_name(answerable, "map_case")
    schema.hooks.register_hook_with_name(is_a_fault, "filter_failure")
    found: dict[str, str] = {}
    calls, checked = 0, set()
    for event in from_schema(schema).execute():
        if isinstance(event, ScenarioFinished):
            calls += len(event.recorder.interactions)
            checked |= {node.name for nodes in event.recorder.checks.values() for node in nodes}
            for text in failures(event):
                found.setdefault(text.partition("\n")[0][:160], text)
        if isinstance(event, NonFatalError | FatalError):
            found[repr(event)] = str(getattr(event, "info", event))
    print(f"{calls} calls, {len(checked)} checks: {', '.join(sorted(checked))}")
    assert not found, "\n\n".join(found.values())
    assert calls > 100
    assert {"not_a_server_error", "status_code_conformance", "ignored_auth", "use_after_free"} <= checked
