"""Make `.venv` and install the pinned requirements, when that is needed. Standard library only.

    python -m config.bootstrap run     what `make run` needs
    python -m config.bootstrap dev     what `make test`, `make lint` and `make bench` need

Each level leaves a stamp in `.venv`: the interpreter, the place and a hash of the requirements. While it is
as it should be, this takes no time. An environment whose making was cut short has none, and is made anew.
"""

import argparse
import errno
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess  # nosec B404
import sys
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEVELS = {
    "run": ["requirements.txt", "requirements-engines.txt"],
    "dev": ["requirements.txt", "requirements-engines.txt", "requirements-dev.txt"],
}
NEEDED_BYTES = 700_000_000  # the environment with everything, and what pip unpacks meanwhile
LAUNCHER = Path(__file__).with_name("child.py")
NO_NETWORK = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "Max retries exceeded",
    "ProxyError",
)


class SetupError(Exception):
    """What cannot work and what to do about it, in one sentence."""


class Environment:
    """The project's virtual environment."""

    def __init__(self, root: Path, interpreter: Path) -> None:
        """`interpreter` is the Python it is made from, never one inside an environment."""
        self.root = root
        self.interpreter = interpreter
        self.path = root / ".venv"
        self.python = self.path / "bin" / "python"
        self.tmp = self.path / "tmp"
        self.log = root / ".data" / "log" / "install.log"

    # what is there

    def stamp(self, level: str) -> Path:
        """The mark that says: everything of this level is installed."""
        return self.path / f"installed-{level}"

    def foundation(self) -> str:
        """What an environment cannot outlive: its interpreter and its place."""
        return f"{sys.version}\n{self.interpreter}\n{self.path}\n"

    def fingerprint(self, level: str) -> str:
        """What must stand in the stamp of a level."""
        texts = [(self.root / name).read_bytes() for name in (*LEVELS[level], "constraints.txt")]
        return self.foundation() + hashlib.sha256(b"\0".join(texts)).hexdigest() + "\n"

    def has(self, level: str) -> bool:
        """Whether everything of this level is installed as it should be; `dev` has all that `run` has."""
        levels = [level] if level == "dev" else [level, "dev"]
        return self.runs() and any(read(self.stamp(name)) == self.fingerprint(name) for name in levels)

    def runs(self) -> bool:
        """Whether its interpreter is still there."""
        return os.access(self.python, os.X_OK)

    def can_be_mended(self) -> bool:
        """Whether only the requirements have changed since it was completed."""
        return self.runs() and any(read(self.stamp(name)).startswith(self.foundation()) for name in LEVELS)

    # making it

    def prepare(self, level: str) -> None:
        """Make sure of a level; raises SetupError."""
        with self.alone():
            if self.has(level):
                return
            self.refuse_what_would_fail()
            if not self.can_be_mended():
                self.make()
            for name in LEVELS:
                self.stamp(name).unlink(
                    missing_ok=True
                )  # until the end, this environment counts as half-made
            self.install(level)
            self.stamp(level).write_text(self.fingerprint(level))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep two commands from making it at once: the second waits."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with (self.root / ".data" / "install.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def refuse_what_would_fail(self) -> None:
        """Say early, in one sentence, what pip or venv would say late and long."""
        if importlib.util.find_spec("ensurepip") is None:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise SetupError(
                f"{self.interpreter} cannot make virtual environments: install its venv module "
                f"(apt install python{version}-venv), or name another Python (make run PYTHON=...)."
            )
        if shutil.disk_usage(self.root).free < NEEDED_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        for path in (self.path, self.root / ".data"):
            if path.exists() and path.stat().st_uid != os.geteuid():  # even root would lock its owner out
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    def make(self) -> None:
        """An empty environment in place of whatever is there."""
        say(f"Making .venv with Python {sys.version.split()[0]} ({self.interpreter})")
        if self.path.is_symlink() or self.path.is_file():
            self.path.unlink()
        elif self.path.exists():
            shutil.rmtree(self.path)
        self.tmp.mkdir(parents=True)
        os.environ["TMPDIR"] = str(self.tmp)
        venv.create(self.path, with_pip=True, symlinks=True)

    def install(self, level: str) -> None:
        """Let pip install the pinned requirements of a level; raises SetupError."""
        say(f"Installing the requirements ({' '.join(LEVELS[level])})")
        self.tmp.mkdir(exist_ok=True)
        files = [part for name in LEVELS[level] for part in ("-r", name)]
        command: list[str | Path] = [
            sys.executable, "-I", "-S", LAUNCHER, str(os.getpid()), str(int(signal.SIGKILL)), "--",
            self.python, "-m", "pip", "install", "--no-cache-dir", "--no-compile", "--only-binary=:all:",
            "--no-input", "--disable-pip-version-check", "--retries=2", *files,
        ]  # fmt: skip
        with self.log.open("wb") as log:
            done = subprocess.run(  # noqa: S603  # nosec B603
                command,
                cwd=self.root,
                env={**os.environ, "TMPDIR": str(self.tmp), "PIP_REQUIRE_VIRTUALENV": "0"},
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        shutil.rmtree(self.tmp, ignore_errors=True)
        if done.returncode:
            raise SetupError(reason(self.log))


def reason(log: Path) -> str:
    """Why pip failed, in one sentence with the remedy."""
    said = log.read_text(errors="replace")
    if "No space left on device" in said:
        return out_of_space()
    if any(mark in said for mark in NO_NETWORK):
        return "The packages could not be downloaded: check the network connection and try again."
    errors = [line for line in said.splitlines() if line.startswith("ERROR")] or said.splitlines()[-1:]
    return f"pip could not install the requirements ({' '.join(errors[:1])}): see {log}."


def out_of_space() -> str:
    """The sentence for a full disk."""
    return (
        f"The disk is full: Pallet needs {NEEDED_BYTES // 1_000_000} MB here; free some space and try again."
    )


def sentence(error: Exception) -> str:
    """One sentence with the remedy for what can go wrong."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return out_of_space()
    if isinstance(error, PermissionError):
        path = Path(str(error.filename))
        return f"{path} belongs to {owner(path)}: run this as that user, or remove it (sudo rm -rf '{path}')."
    return str(error)


def owner(path: Path) -> str:
    """Whose file or folder it is, or would be."""
    try:
        return pwd.getpwuid(
            next(place for place in (path, *path.parents) if place.exists()).stat().st_uid
        ).pw_name
    except (KeyError, OSError):
        return "another user"


def read(path: Path) -> str:
    """What stands in a small file; nothing when there is none."""
    return path.read_text() if path.exists() else ""


def say(what: str) -> None:
    """Tell what takes a while."""
    print(what, flush=True)


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m config.bootstrap", description=__doc__)
    parser.add_argument("level", choices=LEVELS)
    level = parser.parse_args(arguments).level
    started = time.monotonic()
    # The interpreter below an environment: this may run inside the very one that it is about to replace.
    environment = Environment(root, Path(getattr(sys, "_base_executable", sys.executable)).resolve())
    try:
        if not environment.has(level):
            environment.prepare(level)
            say(f"The environment is ready after {time.monotonic() - started:.0f} s")
    except (SetupError, OSError) as error:
        print(sentence(error), file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(
            f"The environment could not be made ({error}): see whether python3-venv is whole.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that pip ends with us
    sys.exit(main())
