"""What migrations make of the rows that are there."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from rest_framework.test import APIClient

from accounts import keys
from accounts.tests.factories import bearing

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("accounts", "0002_append_only_audit")]


def migrate(targets: list[tuple[str, str]]) -> Any:
    """Bring the tables to this state and return the models as they were then."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.fixture
def latest() -> Iterator[list[tuple[str, str]]]:
    """The newest state, to which the tables return whatever happens."""
    leaves = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield leaves
    migrate(leaves)


def test_a_key_made_before_there_were_scopes_goes_on_as_it_was(latest: list[tuple[str, str]]) -> None:
    apps = migrate(BEFORE)
    new = keys.generate()
    user = apps.get_model("accounts", "User").objects.create(
        email="old@example.com", mailbox="old@example.com"
    )
    apps.get_model("accounts", "APIKey").objects.create(
        user=user, prefix=new.prefix, key_hash=keys.hash_of(new.plaintext), last_four=new.last_four
    )
    migrate(latest)
    program: APIClient = bearing(new.plaintext)
    for path in "auth/me", "credits/balance", "products/B07ZPKCJ6X/history":
        assert program.get(f"/api/v1/{path}").status_code == 200
    assert program.get("/api/v1/keys").json()["code"] == "scope_missing"


def test_a_key_with_all_defaults_gets_the_new_one_and_a_chosen_list_stays(
    latest: list[tuple[str, str]],
) -> None:
    apps = migrate([("accounts", "0003_key_scopes_addresses_and_reroll")])
    user = apps.get_model("accounts", "User").objects.create(
        email="old@example.com", mailbox="old@example.com"
    )
    held = {
        "all": ["account:read", "credits:read", "keys:write", "products:read", "usage:read"],
        "chosen": ["products:read"],
        "newer": ["account:read", "conversion:read", "credits:read", "products:read", "usage:read"],
    }
    for name, scopes in held.items():
        new = keys.generate()
        apps.get_model("accounts", "APIKey").objects.create(
            user=user,
            name=name,
            prefix=new.prefix,
            key_hash=keys.hash_of(new.plaintext),
            last_four=new.last_four,
            scopes=scopes,
        )
    newest = migrate(latest).get_model("accounts", "APIKey").objects
    now = dict(newest.values_list("name", "scopes"))
    assert now == held | {"all": [*held["all"], "conversion:read"]}
    older = migrate([("accounts", "0003_key_scopes_addresses_and_reroll")])
    before = dict(older.get_model("accounts", "APIKey").objects.values_list("name", "scopes"))
    assert not [name for name, scopes in before.items() if "conversion:read" in scopes]
