"""The embedded servers: real processes, really killed."""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from django.conf import settings
from pytest_django import Settings

from config import postgres_server
from config.engines import running
from config.folder import DataFolder, FolderBusy
from config.processes import StartError
from config.tests.waiting import eventually, processes_below

ROOT = Path(__file__).parents[2]
USES_BOTH = """
import django
django.setup()
from django.core.cache import cache
from django.db import connection
cache.set("k", "v")
with connection.cursor() as cursor:
    cursor.execute("SELECT version()")
    print(cursor.fetchone()[0].split()[1], cache.get("k"))
"""


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """The files of a PostgreSQL that has run once: copying them is quicker than making them for each test."""
    with tempfile.TemporaryDirectory(prefix="a ", dir=settings.DATA_DIR) as place:
        data = DataFolder(Path(place))
        with data.claimed():
            server = postgres_server.start(data, durable=False)
            postgres_server.await_ready(data, server)
            server.stop()
        yield data.path / "pg"


@pytest.fixture
def data(data: DataFolder, cluster: Path) -> DataFolder:
    """A data folder with a PostgreSQL in it."""
    subprocess.run(["cp", "-a", cluster, data.path], check=True)
    return data


@pytest.fixture(autouse=True)
def embedded(settings: Settings) -> None:
    """Both servers are embedded, whatever the suite itself runs on."""
    settings.EMBEDDED_POSTGRES = settings.EMBEDDED_REDIS = True


def execute(
    data: DataFolder, *command: str, options: tuple[str, ...] = (), **variables: str
) -> "subprocess.Popen[str]":
    """Start `python -m config.engines exec`, as `make` does."""
    ours = ("DATABASE_URL", "REDIS_URL", "TMPDIR")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.Popen(
        [sys.executable, "-m", "config.engines", "exec", *options, "--", *command],
        cwd=ROOT,
        env={**environment, **variables, "PALLET_DATA_DIR": str(data.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def connect(data: DataFolder) -> "psycopg.Connection[tuple[object, ...]]":
    """Connect to the folder's PostgreSQL."""
    return psycopg.connect(host=str(data.sockets), user="pallet", dbname="pallet", autocommit=True)


def leave_a_mark(data: DataFolder) -> None:
    """Store something that a later start must still have."""
    with connect(data) as db:
        db.execute("CREATE TABLE mark AS SELECT 42 AS value")


def start_again(data: DataFolder) -> None:
    """Start, find the mark, use Redis, stop."""
    with data.claimed(), running(data):
        with connect(data) as db:
            assert db.execute("SELECT value FROM mark").fetchone() == (42,)
        with redis.Redis(unix_socket_path=str(data.sockets / "redis.sock")) as client:
            assert client.ping()
    assert processes_below(data.path) == []


def test_a_command_finds_both_servers_and_its_exit_code_is_ours(data: DataFolder) -> None:
    answered = execute(data, "sh", "-c", f"{shlex.quote(sys.executable)} -c '{USES_BOTH}' && exit 7")
    output, errors = answered.communicate()
    assert re.fullmatch(r"18\.\d+ v\n", output)
    assert errors == ""
    assert answered.returncode == 7
    assert processes_below(data.path) == []


def test_nothing_is_left_when_the_supervisor_is_killed_and_the_next_start_is_right(data: DataFolder) -> None:
    supervisor = execute(data, "sleep", "600")
    eventually(lambda: [p for p in psutil.Process(supervisor.pid).children() if p.name() == "sleep"])
    leave_a_mark(data)
    children = psutil.Process(supervisor.pid).children(recursive=True)
    supervisor.kill()
    supervisor.communicate()
    start_again(data)
    assert psutil.wait_procs(children, timeout=10)[1] == []


def test_servers_that_were_killed_come_back_whole(data: DataFolder) -> None:
    with data.claimed(), running(data) as children:
        leave_a_mark(data)
        for server in children:
            server.process.kill()
        eventually(lambda: all(server.has_ended for server in children))
    start_again(data)


def test_stale_marks_that_name_a_living_process_do_not_stop_a_start(data: DataFolder) -> None:
    with data.claimed(), running(data):
        leave_a_mark(data)
    for mark in (data.path / "pg" / "postmaster.pid", data.sockets / ".s.PGSQL.5432.lock"):
        mark.write_text(f"{os.getppid()}\n{data.path / 'pg'}\n")
    (data.sockets / ".s.PGSQL.5432").touch()
    (data.sockets / "redis.sock").touch()
    (data.path / "pg.new").mkdir()
    start_again(data)


def test_postgresql_never_runs_as_root(data: DataFolder) -> None:
    with data.claimed(), running(data) as children:
        server = next(child for child in children if child.name == "PostgreSQL")
        assert server.process.uids().real == (os.geteuid() or 65534)


def test_only_what_the_environment_does_not_name_is_started(data: DataFolder, settings: Settings) -> None:
    settings.EMBEDDED_POSTGRES = False
    with data.claimed(), running(data) as children:
        assert [child.name for child in children] == ["Redis"]


@pytest.mark.parametrize(
    ("variable", "address"),
    [("DATABASE_URL", "postgres://a:b@127.0.0.1:1/c"), ("REDIS_URL", "redis://127.0.0.1:1/0")],
)
def test_a_server_of_ones_own_that_does_not_answer_is_told(
    data: DataFolder, variable: str, address: str
) -> None:
    refused = execute(data, "true", options=("--throwaway",), **{variable: address})
    assert refused.communicate()[1].endswith(f": start it, or correct {variable}.\n")
    assert refused.returncode == 1
    assert processes_below(data.path) == []


def test_a_folder_serves_one_command_at_a_time_and_others_may_join(data: DataFolder) -> None:
    with data.claimed(), running(data):
        with pytest.raises(FolderBusy, match=f"process {os.getpid()}"), data.claimed():
            pass
        refused = execute(data, "true")
        assert "is using" in refused.communicate()[1]
        assert refused.returncode == 1
        joined = execute(data, "echo", "joined", options=("--join",))
        assert joined.communicate() == ("joined\n", "")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_command_and_the_servers(data: DataFolder, how: signal.Signals) -> None:
    supervisor = execute(data, "sleep", "600", options=("--throwaway",))
    eventually(lambda: [p for p in psutil.Process(supervisor.pid).children() if p.name() == "sleep"])
    supervisor.send_signal(how)
    assert supervisor.communicate() == ("", "")
    assert supervisor.returncode == 128 + how
    assert processes_below(data.path) == []


def test_a_server_that_does_not_start_is_told_with_its_own_words_and_its_log(data: DataFolder) -> None:
    with data.claimed(), running(data):
        pass
    (data.path / "pg" / "PG_VERSION").write_text("9\n")
    told = r"PostgreSQL ended by itself \(.*\): see .*postgres\.log"
    with data.claimed(), pytest.raises(StartError, match=told), running(data):
        pass
    assert processes_below(data.path) == []


def test_a_path_too_long_for_a_socket_is_refused_with_the_remedy(data: DataFolder) -> None:
    too_long = execute(DataFolder(data.path / ("x" * 100)), "true")
    assert "bytes too long for a Unix socket: move the project" in too_long.communicate()[1]
    assert too_long.returncode == 1


def test_a_folder_of_another_user_is_refused_with_its_name(data: DataFolder) -> None:
    foreign = Path("/")
    if os.geteuid() == 0:
        foreign = data.path
        os.chown(foreign, 65534, 65534)
    with pytest.raises(StartError, match=r"belongs to .*: run this as that user"):
        DataFolder(foreign).refuse_foreign()
