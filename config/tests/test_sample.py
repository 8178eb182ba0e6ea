"""The people a fresh installation comes with."""

import json
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from accounts.models import APIKey, User
from accounts.services import revoke_key
from config import sample

pytestmark = pytest.mark.django_db


def test_makes_people_who_can_log_in_and_a_key_with_ten_thousand_credits(tmp_path: Path) -> None:
    made = sample.prepare(tmp_path / "sample.json", base_url="http://testserver")
    assert json.loads((tmp_path / "sample.json").read_text())["api_key"] == made.api_key
    assert (tmp_path / "sample.json").stat().st_mode & 0o777 == 0o600
    assert made.available == 10_000
    assert User.objects.get(email=made.email).check_password(made.password)
    operator = User.objects.get(email=made.operator_email)
    assert operator.check_password(made.operator_password)
    assert (operator.is_staff, operator.is_superuser) == (True, True)
    balance = APIClient().get("/api/v1/credits/balance", headers={"X-API-Key": made.api_key})
    assert balance.json()["available"] == 10_000


def test_the_second_time_changes_nothing(tmp_path: Path) -> None:
    first = sample.prepare(tmp_path / "sample.json", base_url="http://testserver")
    assert sample.prepare(tmp_path / "sample.json", base_url="http://testserver") == first
    assert User.objects.count() == 2
    assert APIKey.objects.count() == 1


def test_what_no_longer_works_is_made_anew(tmp_path: Path) -> None:
    first = sample.prepare(tmp_path / "sample.json", base_url="http://testserver")
    revoke_key(key=APIKey.objects.get())
    again = sample.prepare(tmp_path / "sample.json", base_url="http://testserver")
    assert again.api_key != first.api_key
    assert (again.password, again.available) == (first.password, 10_000)


@pytest.mark.parametrize("damage", ["[]", "{"])
def test_a_lost_or_damaged_file_is_written_anew(tmp_path: Path, damage: str) -> None:
    first = sample.prepare(tmp_path / "sample.json", base_url="http://testserver")
    (tmp_path / "sample.json").write_text(damage)
    again = sample.prepare(tmp_path / "sample.json", base_url="http://testserver")
    assert again.password != first.password
    assert User.objects.get(email=again.email).check_password(again.password)
