"""Start and stop the embedded PostgreSQL and Redis.

    python -m config.engines exec -- COMMAND...           start both, run COMMAND, stop both
    python -m config.engines exec --join -- COMMAND...    the same, or COMMAND alone when both run already

The exit code is that of COMMAND. Both listen on Unix sockets in the data folder only (`.data/s`, or under
PALLET_DATA_DIR). They are children of this process and end with it: the kernel tells them when it dies, and
the next start cleans up all the same. A server whose address the environment names (DATABASE_URL, REDIS_URL)
is not started. Settings never import this module.
"""

import argparse
import os
import signal
import subprocess  # nosec B404
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config import postgres_server, redis_server
from config.folder import DataFolder, FolderBusy, sentence
from config.processes import LAUNCHER, Child, StartError, Stopped, stop_on_signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
PATIENCE_SECONDS = 30  # for the command to end once it was asked to


class Engines:
    """The servers that are embedded, in a data folder that the caller holds."""

    def __init__(self, data: DataFolder, *, durable: bool = True) -> None:
        """`durable=False` gives up safety on power loss for speed: for tests."""
        self.data = data
        self.durable = durable
        self.children: list[Child] = []

    def start(self) -> None:
        """Start what is embedded, and wait until both answer; raises StartError."""
        if settings.EMBEDDED_REDIS:
            self.children.append(redis_server.start(self.data))
        else:
            redis_server.ask()
        if settings.EMBEDDED_POSTGRES:
            self.children.append(postgres_server.start(self.data, durable=self.durable))
        else:
            postgres_server.ask()
        for child in self.children:
            server = redis_server if child.name == redis_server.NAME else postgres_server
            server.await_ready(self.data, child)

    def stop(self) -> None:
        """Stop them, the last started first; data stays."""
        while self.children:
            self.children.pop().stop()


@contextmanager
def running(data: DataFolder, *, durable: bool = True) -> Iterator[list[Child]]:
    """The engines, up for the length of the block."""
    engines = Engines(data, durable=durable)
    try:
        engines.start()
        yield engines.children
    finally:
        engines.stop()


# --- the command --------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m config.engines", description=__doc__)
    parser.add_argument("action", choices=["exec"])
    parser.add_argument("--throwaway", action="store_true", help="faster, not safe on power loss: for tests")
    parser.add_argument("--join", action="store_true", help="use engines that run already")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    stop_on_signals()
    try:
        return run_with_engines(options.command, durable=not options.throwaway, join=options.join)
    except (StartError, OSError, ImproperlyConfigured, ValueError) as error:
        print(sentence(error), file=sys.stderr)
        return 1
    except Stopped as stopped:
        return 128 + stopped.how


def run_with_engines(command: Sequence[str], *, durable: bool, join: bool) -> int:
    """Run a command with the engines up and return its exit code."""
    data = DataFolder(settings.DATA_DIR)
    try:
        with data.claimed(), running(data, durable=durable):
            return run(command, data)
    except FolderBusy:
        if join:
            return run(command, data)
        raise


def run(command: Sequence[str], data: DataFolder) -> int:
    """Run a command in the foreground; asked to stop, ask it too, and wait for its end."""
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), "9", "--"]
    environment = {**os.environ, "PALLET_DATA_DIR": str(data.path), "TMPDIR": str(data.tmp)}
    child = subprocess.Popen([*launcher, *command], env=environment)  # noqa: S603  # nosec B603
    try:
        return child.wait()
    except Stopped as stopped:
        with suppress(subprocess.TimeoutExpired):
            if not (stopped.how == signal.SIGINT and at_terminal()):
                child.send_signal(stopped.how)
            child.wait(PATIENCE_SECONDS)
        raise
    finally:
        child.kill()
        child.wait()


def at_terminal() -> bool:
    """Whether a Ctrl-C reaches the command as well as us."""
    with suppress(OSError), open("/dev/tty", "rb") as terminal:
        return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    return False


if __name__ == "__main__":
    sys.exit(main())
