"""Which operation answers which code. `jobs` knows them by the setting BULK_OPERATIONS alone."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from api.bulk import Operation, Options

AnyOperation = Operation[Any]


@cache
def operations() -> Mapping[str, AnyOperation]:
    """Return all there are, by name."""
    return {name: import_string(path)() for name, path in settings.BULK_OPERATIONS.items()}


def operation(name: str) -> AnyOperation:
    """Return one. Raises KeyError."""
    return operations()[name]


def for_kind(kind: str, wanted: str) -> AnyOperation | None:
    """Return who answers codes of this kind in a job of the operation `wanted`: that one, if it does."""
    candidates = [operation(wanted), *operations().values()]
    return next((one for one in candidates if kind in one.kinds), None)


def options_for(name: str, *, job: str, options: Options) -> Options:
    """Return the options of an operation in a job of the operation `job`, whose own they are."""
    return options if name == job else operation(name).adopted(options)
