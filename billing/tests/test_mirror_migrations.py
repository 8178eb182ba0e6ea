"""dj-stripe's own migrations and the one that sums them up."""

import pkgutil
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from djstripe import migrations as upstream

from billing.mirror_migrations.summed_up_to_0003_2_11 import NAMES, Migration

SUM = "summed_up_to_0003_2_11"
NEWER = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("djstripe", "0003_2_11")]
"""


def plan() -> list[str]:
    """The migrations of dj-stripe that `migrate` would apply now, in order."""
    executor = MigrationExecutor(connection)
    wanted = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "djstripe"]
    return [one.name for one, _ in executor.migration_plan(wanted) if one.app_label == "djstripe"]


def applied(*names: str) -> None:
    """Let the database say that of dj-stripe's migrations these were applied, and no others."""
    rows = MigrationRecorder(connection).migration_qs.filter(app="djstripe")
    rows.exclude(name__in=names).delete()


def test_the_sum_has_every_migration_of_the_dj_stripe_that_is_pinned() -> None:
    assert sorted(NAMES) == sorted(found.name for found in pkgutil.iter_modules(upstream.__path__))


@pytest.mark.django_db
def test_the_table_of_migrations_says_what_dj_stripe_expects() -> None:
    names = MigrationRecorder(connection).migration_qs.filter(app="djstripe").values_list("name", flat=True)
    assert sorted(names) == [*NAMES, SUM]
    assert plan() == []


@pytest.mark.django_db
def test_an_empty_database_takes_one_step() -> None:
    applied()
    assert plan() == [SUM]


@pytest.mark.django_db
def test_a_database_that_stands_between_two_of_them_goes_on_where_it_stands() -> None:
    applied("0001_initial")
    assert plan() == ["0002_2_10", "0003_2_11"]


@pytest.mark.django_db
def test_what_a_newer_dj_stripe_brings_is_applied_after_the_sum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "newer.py").write_text(NEWER)
    monkeypatch.setattr(upstream, "__path__", [*upstream.__path__, str(tmp_path)])
    assert plan() == ["newer"]
    applied()
    assert plan() == [SUM, "newer"]


@pytest.mark.django_db
def test_the_tables_can_be_dropped_and_made_again() -> None:
    def tables() -> set[str]:
        return {name for name in connection.introspection.table_names() if name.startswith("djstripe_")}

    before = tables()
    executor = MigrationExecutor(connection)
    state = executor.loader.project_state(
        [node for node in executor.loader.graph.leaf_nodes() if node[0] == "accounts"]
    )
    after = state.clone()
    operation = Migration.operations[0]
    operation.state_forwards("djstripe", after)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("djstripe", editor, after, state)
    assert len(before) == 62
    assert tables() == set()
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("djstripe", editor, state, after)
    assert tables() == before
