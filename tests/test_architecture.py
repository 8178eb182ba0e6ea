"""The house itself: who may import whom, and where."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
BELOW = {"accounts", "credits", "providers", "api", "products", "conversion", "webhooks", "jobs", "billing"}
MAY_IMPORT = {
    "accounts": set(),
    "credits": set(),
    "providers": set(),
    "api": {"accounts"},
    "products": {"api", "credits", "providers", "accounts"},
    "conversion": {"api", "credits", "providers", "accounts"},
    "webhooks": {"api", "accounts"},
    "jobs": {"api", "credits", "providers", "accounts", "webhooks"},
    "billing": {"api", "credits", "accounts"},
    "monitoring": BELOW,
    "config": BELOW | {"monitoring"},
}


def sources(app: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every module of an app that is not a test or a migration, parsed."""
    for path in sorted((ROOT / app).rglob("*.py")):
        if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts):
            yield path, ast.parse(path.read_text())


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The top-level name of each import, and its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0], node.lineno


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function, however deep."""
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_app_has_its_place_on_a_floor() -> None:
    apps = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert apps == set(MAY_IMPORT)


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_imports_run_one_way(app: str) -> None:
    forbidden = set(MAY_IMPORT) - MAY_IMPORT[app] - {app}
    found = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path, tree in sources(app)
        for name, line in imported(tree)
        if name in forbidden
    ]
    assert not found


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_no_import_hides_inside_a_function(app: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path, tree in sources(app)
        for function in functions(tree)
        for name, line in imported(function)
    ]
    assert not found


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_functions_are_short_and_typed(app: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path, tree in sources(app)
        for function in functions(tree)
        if function.returns is None or (function.end_lineno or 0) - function.lineno >= 70
    ]
    assert not found


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_modules_and_public_functions_say_what_they_are_for(app: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)} {getattr(node, 'name', 'module')}"
        for path, tree in sources(app)
        for node in [tree, *(n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef))]
        if tree.body and not ast.get_docstring(node) and not getattr(node, "name", "").startswith("_")
    ]
    assert not found


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_migration_is_named_for_what_it_does() -> None:
    assert not [path.name for app in MAY_IMPORT for path in (ROOT / app).glob("migrations/*auto_*.py")]


def test_the_repository_stands_alone() -> None:
    outside = "../" + "shared"
    texts = [
        p for p in ROOT.rglob("*") if p.suffix in {".py", ".md", ".html", ".yml", ".toml", ".txt", ".json"}
    ]
    ours = [p for p in texts if not {".venv", ".data", ".git"} & set(p.relative_to(ROOT).parts)]
    assert not [str(p) for p in ours if outside in p.read_text(errors="replace")]
