"""The environment: made when it must be, mended when it can be, and one sentence when neither works."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import bootstrap
from config.bootstrap import Environment, reason, sentence

ROOT = Path(__file__).parents[2]
INTERPRETER = Path(getattr(sys, "_base_executable", sys.executable)).resolve()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A project in a path with a space, whose only requirement is a wheel beside it: no network is needed."""
    root = tmp_path / "my project"
    root.mkdir()
    wheel(root, "1.0")
    for name in ("requirements-engines.txt", "requirements-dev.txt", "constraints.txt"):
        (root / name).touch()
    require(root, "1.0")
    yield root
    shutil.rmtree(root)


def wheel(root: Path, version: str) -> None:
    """A package `brick` of this version."""
    facts = f"brick-{version}.dist-info"
    with zipfile.ZipFile(root / f"brick-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr("brick.py", f"version = '{version}'")
        archive.writestr(f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: brick\nVersion: {version}\n")
        archive.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{facts}/RECORD", "")


def require(root: Path, version: str) -> None:
    """Pin the version of `brick`."""
    (root / "requirements.txt").write_text(f"--no-index\n--find-links .\nbrick=={version}\n")


def installed(environment: Environment) -> str:
    """The version of `brick` in the environment."""
    code = "import brick; print(brick.version)"
    return subprocess.run(
        [environment.python, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_is_made_once_mended_when_requirements_change_and_remade_when_cut_short(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = Environment(project, INTERPRETER)
    assert bootstrap.main(["run"], project) == 0
    assert installed(environment) == "1.0"
    assert environment.has("run")
    assert not environment.has("dev")
    capsys.readouterr()
    assert bootstrap.main(["run"], project) == 0
    assert capsys.readouterr() == ("", "")

    kept = environment.path / "kept"
    kept.touch()
    wheel(project, "2.0")
    require(project, "2.0")
    assert not environment.has("run")
    environment.prepare("dev")
    assert installed(environment) == "2.0"
    assert environment.has("run")
    assert kept.exists()

    environment.stamp("dev").unlink()  # as when pip was killed
    (environment.path / "bin" / "python").unlink()
    environment.prepare("run")
    assert installed(environment) == "2.0"
    assert not kept.exists()

    require(project, "3.0")
    assert bootstrap.main(["run"], project) == 1
    assert re.search(r"satisfies the requirement brick==3\.0.*: see .*install\.log", capsys.readouterr().err)
    assert not environment.has("run")


def test_a_moved_folder_and_another_interpreter_need_a_new_one(project: Path) -> None:
    environment = Environment(project, INTERPRETER)
    environment.python.parent.mkdir(parents=True)
    environment.python.symlink_to(INTERPRETER)
    environment.stamp("run").write_text(environment.fingerprint("run"))
    assert environment.has("run")
    assert not Environment(project, Path("/usr/bin/another-python")).has("run")
    moved = project.rename(project.with_name("moved"))
    assert not Environment(moved, INTERPRETER).has("run")
    assert not Environment(moved, INTERPRETER).can_be_mended()
    moved.rename(project)


def test_an_environment_of_another_user_is_left_alone(project: Path) -> None:
    environment = Environment(project, INTERPRETER)
    environment.path.symlink_to("/")
    if os.geteuid() == 0:
        environment.path.unlink()
        environment.path.mkdir()
        os.chown(environment.path, 65534, 65534)
    with pytest.raises(PermissionError) as refused:
        environment.refuse_what_would_fail()
    told = sentence(refused.value)
    assert f"{environment.path} belongs to" in told
    assert "run this as that user, or remove it" in told
    if environment.path.is_symlink():
        environment.path.unlink()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk is full",
        ),
        ("Failed to establish a new connection: NewConnectionError(...)", "check the network connection"),
        ("ERROR: something else", "(ERROR: something else): see"),
    ],
)
def test_what_pip_says_at_length_is_told_in_one_sentence(tmp_path: Path, said: str, told: str) -> None:
    log = tmp_path / "install.log"
    log.write_text(f"Collecting brick\n{said}\n")
    assert told in reason(log)


def find_python(*arguments: str, path: str) -> "subprocess.CompletedProcess[str]":
    """Run the script that `make` finds a Python with."""
    command = ["/bin/sh", str(ROOT / "config" / "find-python.sh"), *arguments]
    environment = {"PATH": path}
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)


def shim(folder: Path, name: str, does: str) -> None:
    """A command of this name."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{does}\n")
    (folder / name).chmod(0o755)


def test_finds_a_python_that_runs_behind_those_that_do_not(tmp_path: Path) -> None:
    bin_folder = tmp_path / "with space"
    shim(bin_folder, "python3", "echo 'pyenv: version 3.12 is not installed' >&2; exit 127")
    shim(bin_folder, "python3.12", "echo 0 /old/python3.10")
    shim(bin_folder, "python3.11", f'exec "{INTERPRETER}" "$@"')
    found = find_python(path=str(bin_folder))
    assert found.returncode == 0
    assert Path(found.stdout.strip()).resolve() in (INTERPRETER, Path("/usr/bin/python3").resolve())


def test_prefers_a_python_that_brings_redis_and_venv(tmp_path: Path) -> None:
    shim(tmp_path, "python3", "echo 3 /without/redis")
    shim(tmp_path, "python3.12", "echo 7 /with/all of it")
    assert find_python(path=str(tmp_path)).stdout == "/with/all of it\n"


def test_a_named_python_that_is_too_old_or_missing_is_told(tmp_path: Path) -> None:
    shim(tmp_path, "python3.9", "echo 0 /usr/bin/python3.9")
    for name in ("python3.9", "no-such-python"):
        told = find_python(name, path=str(tmp_path))
        assert told.returncode == 1
        assert told.stderr.startswith(
            f"{name} is not a Python 3.11 or later that runs here: name another one"
        )
