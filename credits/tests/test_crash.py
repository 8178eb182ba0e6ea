"""A process that dies, and a process that is made of greenlets: real ones, started and killed by the test."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from credits import holds
from credits.models import Hold, LedgerEntry
from credits.services import payment
from credits.tests.factories import assert_sound, entries_of, figures, user_with

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(settings.BASE_DIR)
BEGIN = """
import sys
{first}
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from types import SimpleNamespace
from uuid import UUID
user = SimpleNamespace(pk=UUID(sys.argv[2]))
"""
HOLD_AND_HANG = """
from credits.services import payment
with payment(user, 4, operation="product.lookup", key="chg_1") as due:
    due.authorise()
    print("held", flush=True)
    sys.stdin.read()  # the upstream that never answers
"""
CHARGE_AND_HANG = """
from credits.services import charge
charge(user, 4, operation="product.lookup", key="chg_1")
print("charged", flush=True)
sys.stdin.read()
"""
PAY_AND_HANG = """
from credits.services import payment
with payment(user, 4, operation="product.lookup", key="chg_1"):
    pass
print("paid", flush=True)
sys.stdin.read()  # and the answer is never sent
"""
CHARGE_IN_GREENLETS = """
import gevent
from credits.errors import InsufficientCredits
from credits.services import charge
def attempt(number):
    try:
        return charge(user, 3, operation="product.lookup", key=f"chg_{number}").amount
    except InsufficientCredits:
        return 0
waiting = [gevent.spawn(attempt, number) for number in range(200)]
gevent.sleep(0)
impatient = waiting[50:60]
gevent.killall(impatient)
gevent.joinall(waiting, timeout=30)
print(sum(greenlet.value == -3 for greenlet in waiting), flush=True)
"""


def another_process(script: str, user: Any, first: str = "") -> subprocess.Popen[str]:
    """A Python of its own that runs the script on the test's database."""
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            BEGIN.format(first=first) + script,
            connection.settings_dict["NAME"],
            str(user.pk),
        ],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_when_it_says(word: str, process: subprocess.Popen[str]) -> None:
    """SIGKILL: no handler runs, nothing is cleaned up."""
    with process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == word
        process.send_signal(signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL


def test_a_process_killed_between_hold_and_capture_leaves_the_wallet_whole_after_the_sweep() -> None:
    user = user_with(10)
    kill_when_it_says("held", another_process(HOLD_AND_HANG, user))
    assert figures(user) == (10, 4, 0)
    assert Hold.objects.for_user(user).get().is_open
    assert holds.release_expired() == 0
    assert holds.release_expired(timezone.now() + timedelta(seconds=settings.HOLD_SECONDS + 1)) == 1
    assert figures(user) == (10, 0, 0)
    assert entries_of(user) == [("grant", 10)]
    assert_sound()


def test_a_process_killed_after_a_charge_has_charged_once() -> None:
    user = user_with(10)
    kill_when_it_says("charged", another_process(CHARGE_AND_HANG, user))
    assert figures(user) == (6, 0, 0)
    assert entries_of(user) == [("grant", 10), ("charge", -4)]
    assert_sound()


def test_work_that_was_paid_before_a_process_was_killed_is_not_paid_again() -> None:
    user = user_with(4)
    kill_when_it_says("paid", another_process(PAY_AND_HANG, user))
    for is_held in (False, True):
        with payment(user, 4, operation="product.lookup", key="chg_1") as due:
            if is_held:
                due.authorise()
        assert (due.charged, due.available) == (4, 0)
    assert entries_of(user) == [("grant", 4), ("charge", -4)]
    assert_sound()


def test_work_goes_on_with_the_hold_of_a_process_that_was_killed() -> None:
    user = user_with(4)
    kill_when_it_says("held", another_process(HOLD_AND_HANG, user))
    with payment(user, 4, operation="product.lookup", key="chg_1") as due:
        due.authorise()
        assert figures(user) == (4, 4, 0)
    assert (due.charged, due.available) == (4, 0)
    assert Hold.objects.for_user(user).get().status == "captured"
    assert entries_of(user) == [("grant", 4), ("charge", -4)]
    assert_sound()


def test_greenlets_charge_in_groups_and_those_who_leave_harm_nobody() -> None:
    user = user_with(10_000)
    with another_process(
        CHARGE_IN_GREENLETS, user, "from gevent import monkey; monkey.patch_all()"
    ) as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert int(out) == 190
    charged = LedgerEntry.objects.for_user(user).of_kind("charge")
    assert charged.count() == 190
    assert figures(user) == (10_000 - 3 * 190, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT xmin::text) FROM credits_ledgerentry WHERE wallet_id = %s", [user.pk]
        )
        assert cursor.fetchone()[0] < 20
    assert_sound()
