"""What docs/webhooks.md says is so."""

import re
import runpy
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from webhooks import delivering, schedule, sending, signing, targets
from webhooks.events import EVENTS, TEST
from webhooks.models import Attempt, Endpoint
from webhooks.sending import Fault

TEXT = Path(settings.BASE_DIR, "docs", "webhooks.md").read_text()
SAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
UNITS = {"s": 1, "min": 60, "h": 3600}
WORDS: dict[object, str] = {0.1: "a tenth", 2: "two", 10: "ten", timedelta(days=1): "a day"}
TEN = WORDS[len(settings.WEBHOOK_RETRY_SECONDS)]
FIGURES = [
    f"makes one, of {settings.WEBHOOK_MOST_ENDPOINTS} at most",
    f"200 to 299, within {settings.WEBHOOK_TOTAL_SECONDS:.0f} seconds",
    f"the first {sending.MOST_READ // 1024} kB are read",
    f"{settings.WEBHOOK_CONNECT_SECONDS:.0f} seconds to connect, {settings.WEBHOOK_TOTAL_SECONDS:.0f} in all",
    f"For {settings.WEBHOOK_ROTATION_HOURS} hours each request is signed with both",
    f"An event is tried {TEN} times, over three days and a half",
    f"with {TEN} attempts before it",
    f"when an event has failed {TEN} times",
    f"give or take {WORDS[schedule.JITTER]}",
    f"A `Retry-After` of up to {WORDS[schedule.LONGEST_RETRY_AFTER]}, with status "
    + " or ".join(map(str, sorted(schedule.PATIENT))),
    f"At most {WORDS[delivering.AT_ONCE]} requests are under way to one webhook",
    f"Events and their log are kept for {settings.WEBHOOK_DAYS} days",
    f"all that was sent to it has failed for {settings.WEBHOOK_FAILING_DAYS} days",
    f"at once when it answers {delivering.GONE}",
    f"with `User-Agent: {sending.USER_AGENT}`",
]
BODY = '{"data":{"name":"café"}}'.encode()


def ran(sample: str, **known: Any) -> dict[str, Any]:
    """The names that a sample defines, run as a program that has these."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(sample)
        file.flush()
        return runpy.run_path(file.name, known)


def checked(secret: str, headers: dict[str, str], body: bytes) -> Any:
    """What the sample says of a request."""
    return ran(SAMPLES[0])["is_from_pallet"](secret, headers, body)


def signed(secret: bytes, *others: bytes, age: int = 0) -> dict[str, str]:
    """The headers of a request that was made so many seconds ago."""
    at = datetime.fromtimestamp(datetime.now(UTC).timestamp() - age, UTC)
    return signing.headers("evt_1", at, BODY, [*others, secret])


def test_the_sample_lets_in_what_is_ours() -> None:
    secret = signing.new_secret()
    assert checked(signing.shown(secret), signed(secret), BODY) is True
    assert checked(signing.shown(secret), signed(secret, signing.new_secret()), BODY) is True


@pytest.mark.parametrize("age", [301, 100_000, -301])
def test_the_sample_refuses_what_is_overheard_and_sent_again(age: int) -> None:
    secret = signing.new_secret()
    assert checked(signing.shown(secret), signed(secret, age=age), BODY) is False


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "evt_2"},
        {"webhook-timestamp": "soon"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,ä"},
    ],
)
def test_the_sample_refuses_what_was_changed(change: dict[str, str]) -> None:
    secret = signing.new_secret()
    assert checked(signing.shown(secret), signed(secret) | change, BODY) is False


def test_the_sample_refuses_another_body_and_another_secret() -> None:
    secret = signing.new_secret()
    assert checked(signing.shown(secret), signed(secret), BODY + b" ") is False
    assert checked(signing.shown(signing.new_secret()), signed(secret), BODY) is False


def test_the_sample_with_the_library_verifies_too() -> None:
    secret = signing.new_secret()
    names = ran(SAMPLES[1], secret=signing.shown(secret), body=BODY, headers=signed(secret))
    assert names["event"] == {"data": {"name": "café"}}


def test_the_pauses_are_those_of_the_settings() -> None:
    rows = re.findall(r"^\| (\d+) \| (?:at once|(\d+) (s|min|h)) \|$", TEXT, re.MULTILINE)
    told = tuple(int(number or 0) * UNITS.get(unit, 1) for _, number, unit in rows)
    assert told == settings.WEBHOOK_RETRY_SECONDS


def test_three_days_and_a_half_are_what_the_pauses_come_to() -> None:
    assert round(sum(settings.WEBHOOK_RETRY_SECONDS) / (24 * 3600), 1) == 3.5


@pytest.mark.parametrize("said", FIGURES)
def test_its_figures_are_those_of_the_code(said: str) -> None:
    assert said in " ".join(TEXT.split())


def test_the_ports_are_those_of_the_code() -> None:
    [told] = re.findall(r"its port is ([\d, or]+)\.", " ".join(TEXT.split()))
    assert set(map(int, re.findall(r"\d+", told))) == targets.PORTS


def test_every_event_has_its_row_in_the_words_of_the_code() -> None:
    rows = dict(re.findall(r"^\| `(\w+\.\w+)` \| (.*) \|$", TEXT, re.MULTILINE))
    assert set(rows) == {*EVENTS, TEST}
    assert {name: rows[name].lower() + "." for name in EVENTS} == {
        name: words.lower() for name, words in EVENTS.items()
    }


def test_every_word_for_what_went_wrong_is_explained() -> None:
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ", TEXT.partition("| `error` |")[2], re.MULTILINE)
    words = {word for row in rows for word in re.findall(r"\w+", row)}
    assert words == {*Fault, Attempt.UNDER_WAY, Attempt.INTERRUPTED}


def test_every_reason_to_be_disabled_is_named() -> None:
    assert not [reason for reason in Endpoint.Reason.values if f"`{reason}`" not in TEXT]
