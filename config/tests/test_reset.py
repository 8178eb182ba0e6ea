"""`make reset` and `make clean`."""

import fcntl
from pathlib import Path

import pytest

from config import reset


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder in which everything was run once."""
    for name in (".data/pg", ".data/test", ".venv/bin", ".mypy_cache", "config"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ".data" / "lock").touch()
    (tmp_path / ".env").touch()
    return tmp_path


def left(project: Path) -> set[str]:
    """What is still there."""
    return {path.name for path in project.iterdir()}


def test_reset_forgets_the_data_and_nothing_else(project: Path) -> None:
    assert reset.main(["data"], project) == 0
    assert left(project) == {".venv", ".mypy_cache", ".env", "config"}
    assert reset.main(["data"], project) == 0


def test_clean_leaves_what_was_not_made_here(project: Path) -> None:
    assert reset.main(["all"], project) == 0
    assert left(project) == {".env", "config"}


@pytest.mark.parametrize("lock", [".data/lock", ".data/test/lock"])
def test_nothing_is_removed_from_under_a_running_command(
    project: Path, lock: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with (project / lock).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert reset.main(["all"], project) == 1
    assert capsys.readouterr().err.startswith("Pallet is running here: stop it first")
    assert ".venv" in left(project)
