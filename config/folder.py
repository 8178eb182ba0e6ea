"""The data folder: what it holds, and that one command at a time uses it.

`pg/ redis/ web/ worker/ beat/`: working folders of the processes. `s/`: sockets. `log/`: what they say.
`tmp/`: emptied at each start. `lock`: held by the command that uses the folder.
"""

import errno
import fcntl
import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config.child import NOBODY
from config.processes import StartError, end, left_in

SOCKET_PATH_MAX = 103  # bytes that every Unix allows, without the closing zero
NEEDED_BYTES = 200_000_000


class FolderBusy(StartError):
    """Another command uses the folder."""


class DataFolder:
    """Where one installation keeps everything it writes."""

    def __init__(self, path: Path) -> None:
        """`path` is absolute."""
        self.path = path
        self.sockets = path / "s"
        self.logs = path / "log"
        self.tmp = path / "tmp"

    def log(self, name: str) -> Path:
        """The log of the process of this name."""
        return self.logs / f"{name}.log"

    def work(self, name: str) -> Path:
        """The working folder of the process of this name, where nothing of ours works any more."""
        folder = self.path / name
        folder.mkdir(exist_ok=True)
        end(left_in(folder))
        return folder

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """The folder is ours for the length of the block; raises StartError when it cannot be used.

        The kernel lets go of the lock whenever its holder dies.
        """
        self.prepare()
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            take(lock, self.path)
            shutil.rmtree(self.tmp, ignore_errors=True)
            self.tmp.mkdir()
            yield
        finally:
            os.close(lock)

    def prepare(self) -> None:
        """Make the folders, and refuse early what would fail later."""
        longest = len(os.fsencode(self.sockets / ".s.PGSQL.5432"))
        if longest > SOCKET_PATH_MAX:
            raise StartError(
                f"The path {self.path} is {longest - SOCKET_PATH_MAX} bytes too long for a Unix socket: "
                "move the project to a shorter path, or set PALLET_DATA_DIR to a short one."
            )
        self.path.mkdir(parents=True, exist_ok=True)
        self.refuse_foreign()
        for folder in (self.sockets, self.logs):
            folder.mkdir(exist_ok=True)
        self.sockets.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(self.sockets, NOBODY, NOBODY)
        if shutil.disk_usage(self.path).free < NEEDED_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def refuse_foreign(self) -> None:
        """What we made in somebody else's folder would lock its owner out."""
        owner = self.path.stat().st_uid
        if owner != os.geteuid():
            raise StartError(
                f"{self.path} belongs to {user_name(owner)}: run this as that user, "
                f"or remove it with its data (sudo rm -rf '{self.path}')."
            )


def take(lock: int, path: Path) -> None:
    """Lock the open file, and leave our process number in it for others to read."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(lock, 20, 0).decode(errors="replace") or "unknown"
        raise FolderBusy(
            f"Another command (process {owner}) is using {path}: stop it first, or wait for its end."
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)


def user_name(uid: int) -> str:
    """The name of a user, or the number when it has none here."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def sentence(error: Exception) -> str:
    """One sentence with the remedy for what can go wrong while starting."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        megabytes = NEEDED_BYTES // 1_000_000
        return f"The disk is full: Pallet needs {megabytes} MB here; free some space and try again."
    if isinstance(error, PermissionError):
        return f"{error.filename} may not be written by this user: make it yours, or remove it and try again."
    if isinstance(error, ValueError | ImproperlyConfigured):
        return f"A setting is not right ({error}): .env.example says what each may be."
    return str(error)
