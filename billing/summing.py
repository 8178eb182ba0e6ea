"""What a number of migrations of another app add up to, made in one step.

Django works out all models anew after every operation, and dj-stripe's 0002 alone has 514 that take columns
away again. Here the operations only tell which models there are in the end; their tables are then made as
any new tables are.
"""

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


def migrations_of(package: str, names: Sequence[str]) -> list[type[Migration]]:
    """Return the migrations of these names."""
    return [import_module(f"{package}.{name}").Migration for name in names]


class CreateTables(Operation):
    """Make the models that migrations of this app, applied in turn to nothing, lead to."""

    reversible = True

    def __init__(self, migrations: Sequence[type[Migration]]) -> None:
        self.migrations = migrations

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Add the models to the state all at once."""
        own = ProjectState()
        for migration in self.migrations:
            for operation in migration.operations:
                operation.state_forwards(app_label, own)
        state.models.update(own.models)
        state.__dict__.pop("apps", None)  # worked out anew when it is asked for
        state._relations = None  # type: ignore[attr-defined]  # likewise

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Make the tables; foreign keys are added after the last."""
        for model in models_of(app_label, to_state.apps):
            schema_editor.create_model(model)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Drop the tables."""
        for model in models_of(app_label, from_state.apps):
            schema_editor.delete_model(model)

    def describe(self) -> str:
        """Return what `migrate --plan` prints."""
        return f"Create the tables that {len(self.migrations)} migrations add up to"


def models_of(app_label: str, apps: Apps) -> Iterator[Any]:
    """Yield the models of an app that have a table of their own."""
    yield from (model for model in apps.get_models() if model._meta.app_label == app_label)
