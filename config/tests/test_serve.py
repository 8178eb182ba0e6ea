"""`make run`: everything up, a first answer, everything down; and the sentences for what cannot work."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import requests
from pytest_django import Settings

from config.folder import DataFolder
from config.processes import Child, StartError
from config.serve import listening, offline_checkout, serve, watch
from config.tests.waiting import eventually, processes_below

ROOT = Path(__file__).parents[2]


@pytest.fixture
def port() -> int:
    """A port that nobody uses, below those that the system gives to whoever asks for any."""
    for number in range(20_000 + os.getpid() % 10_000, 32_000):
        with suppress(OSError), socket.create_server(("127.0.0.1", number)):
            return number
    raise AssertionError("no port is free")


Start = Callable[[object], "subprocess.Popen[str]"]


@pytest.fixture
def start(data: DataFolder) -> Iterator[Start]:
    """Start serving as `make run` does, on engines of its own, on the port that is given."""
    told_by_make = ("DATABASE_URL", "REDIS_URL", "REDIS_DB", "PUBLIC_URL", "TMPDIR", "MAKELEVEL")
    environment = {name: value for name, value in os.environ.items() if name not in told_by_make}
    started = []

    def serve_on(port: object) -> "subprocess.Popen[str]":
        server = subprocess.Popen(
            [sys.executable, "-m", "config.serve"],
            cwd=ROOT,
            env={**environment, "ENV_FILE": "none", "PALLET_DATA_DIR": str(data.path), "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(server)
        return server

    yield serve_on
    for server in started:
        with server:
            server.kill()
    eventually(lambda: processes_below(data.path) == [])


def terminal(server: "subprocess.Popen[str]") -> str:
    """What is on the terminal once everything answers."""
    assert server.stdout
    lines = []
    for line in server.stdout:
        lines.append(line)
        if "Ctrl-C stops everything" in line:
            return "".join(lines)
    raise AssertionError(f"it ended: {lines}")


def paste(line: str) -> requests.Response:
    """Do what the printed `curl` line does."""
    curl, silent, address, flag, header = shlex.split(line)
    assert (curl, silent, flag) == ("curl", "-s", "-H")
    name, value = header.split(": ")
    return requests.get(address, headers={name: value}, timeout=10)


def test_serves_from_the_first_start_to_a_kill_and_a_second_start(
    start: Start, data: DataFolder, port: int
) -> None:
    first = start(port)
    shown = terminal(first)
    known = json.loads((data.path / "sample.json").read_text())
    assert (data.path / "sample.json").stat().st_mode & 0o777 == 0o600
    for name in ("base_url", "email", "password", "operator_email", "operator_password", "api_key"):
        assert known[name] in shown
    assert known["base_url"] == f"http://localhost:{port}"
    assert "10,000 credits" in shown

    answer = paste(re.findall("curl .*", shown)[0])
    assert (answer.status_code, answer.json()["credits_used"]) == (200, 1)
    assert requests.get(f"{known['base_url']}/static/admin/css/base.css", timeout=10).ok
    log_in = {"email": known["email"], "password": known["password"]}
    assert requests.post(f"{known['base_url']}/api/v1/auth/login", json=log_in, timeout=10).ok

    children = psutil.Process(first.pid).children(recursive=True)
    assert {"web", "worker", "beat", "redis", "pg"} == {Path(process.cwd()).name for process in children}
    first.kill()
    first.communicate()
    second = start(port)
    shown = terminal(second)
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert json.loads((data.path / "sample.json").read_text()) == {**known, "available": 9_999}
    assert "9,999 credits" in shown

    second.send_signal(signal.SIGINT)
    assert second.communicate()[0].splitlines()[-1] == "Stopped. Nothing is left running."
    assert second.returncode == 0
    assert processes_below(data.path) == []
    assert list(data.sockets.iterdir()) == []


def test_a_port_that_is_taken_is_told_before_anything_starts(data: DataFolder, settings: Settings) -> None:
    settings.DATA_DIR = data.path
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings.PORT = other.getsockname()[1]
        with pytest.raises(StartError, match=rf"^Port {settings.PORT} .*: choose another one, such as PORT="):
            serve()
    assert not (data.path / "pg").exists()
    assert not (data.path / "log" / "redis.log").exists()


def test_localhost_must_not_lead_to_somebody_else(port: int) -> None:
    with (
        socket.create_server(("::1", port), family=socket.AF_INET6),
        pytest.raises(StartError, match="choose another one"),
        listening("127.0.0.1", port),
    ):
        pass


@pytest.mark.parametrize(
    ("host", "port", "told"),
    [
        ("nowhere.example", 8000, "HOST=nowhere.example is no IP address"),
        ("192.0.2.1", 8000, "HOST=192.0.2.1 is no address of this machine"),
        ("127.0.0.1", 70000, "PORT=70000 is"),
    ],
)
def test_an_address_that_is_none_is_told(host: str, port: int, told: str) -> None:
    with pytest.raises(StartError, match=told), listening(host, port):
        pass


def test_a_process_that_ends_by_itself_ends_all_and_its_log_is_named(data: DataFolder) -> None:
    with data.claimed():
        folder, log = data.work("worker"), data.log("worker")
        child = Child.start("worker", ["sh", "-c", "echo out of luck"], folder=folder, log=log)
        with pytest.raises(StartError) as told:
            watch([child])
    assert str(told.value) == f"worker ended by itself (out of luck): see {log}."


def test_a_setting_that_is_none_is_told_in_one_sentence(start: Start) -> None:
    server = start("many")
    shown, _ = server.communicate()
    assert shown.startswith("A setting is not right (")
    assert shown.endswith(": .env.example says what each may be.\n")
    assert server.returncode == 1


# --- a checkout without an account at Stripe ---


@pytest.fixture
def alone(settings: Settings) -> None:
    """Somebody on a machine of their own, who has said nothing about Stripe."""
    settings.BILLING_OFFLINE = settings.BILLING_OFFLINE_IS_SET = settings.STRIPE_LIVE_MODE = False
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = "", []
    settings.PUBLIC_URL, settings.HOST = "http://localhost:8000", "127.0.0.1"
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]


def test_who_has_no_key_of_stripes_gets_the_offline_checkout(alone: None) -> None:
    assert offline_checkout() == {"BILLING_OFFLINE": "true"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE_SECRET_KEY", "sk_test_" + "a1b2c3d4" * 4),
        ("STRIPE_SECRET_KEY", "sk_live_" + "a1b2c3d4" * 4),
        ("STRIPE_WEBHOOK_SECRETS", ["whsec_one"]),
        ("STRIPE_LIVE_MODE", True),
        ("BILLING_OFFLINE_IS_SET", True),
        ("PUBLIC_URL", "https://pallet.example.com"),
        ("HOST", "0.0.0.0"),  # noqa: S104  # nosec B104
        ("ALLOWED_HOSTS", ["localhost", "192.168.1.20"]),
    ],
)
def test_nobody_else_gets_it(alone: None, settings: Settings, name: str, value: object) -> None:
    setattr(settings, name, value)
    assert offline_checkout() == {}


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({"BILLING_OFFLINE": "true"}, "True sk_test_offline"),
        ({"BILLING_OFFLINE": "true", "STRIPE_LIVE_MODE": "true"}, "True "),
        ({"BILLING_OFFLINE": "true", "STRIPE_WEBHOOK_SECRETS": "whsec_one"}, "True "),
        ({"BILLING_OFFLINE": "true", "STRIPE_SECRET_KEY": "sk_live_x"}, "True sk_live_x"),
        ({"BILLING_OFFLINE": "false"}, "False "),
        ({"BILLING_OFFLINE": ""}, "False "),
        ({"DEBUG": "true"}, "False "),
    ],
)
def test_only_its_own_variable_lets_the_stand_in_take_stripes_place(
    told: dict[str, str], wanted: str
) -> None:
    code = "from config import settings as s; print(s.BILLING_OFFLINE, s.STRIPE_SECRET_KEY[:15])"
    said = subprocess.check_output(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "ENV_FILE": "none", **told}, text=True
    )
    assert said == f"{wanted}\n"


def test_no_web_server_starts_with_it_beside_a_live_key() -> None:
    told = {"BILLING_OFFLINE": "true", "STRIPE_SECRET_KEY": "sk_live_" + "a1b2c3d4" * 4, "ENV_FILE": "none"}
    ended = subprocess.run(
        [sys.executable, "-c", "import config.wsgi"],
        cwd=ROOT,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert ended.stderr.strip().splitlines()[-1].endswith("take all variables of Stripe's away.")
    assert "a1b2c3d4" not in ended.stderr


def test_no_worker_starts_with_it_beside_a_live_key() -> None:
    told = {"BILLING_OFFLINE": "true", "STRIPE_SECRET_KEY": "sk_live_" + "a1b2c3d4" * 4, "ENV_FILE": "none"}
    ended = subprocess.run(
        [sys.executable, "-m", "celery", "--app", "config.celery", "worker", "--pool", "solo"],
        cwd=ROOT,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode != 0
    assert "BILLING_OFFLINE is on although Stripe's live mode is." in ended.stderr
    assert "a1b2c3d4" not in ended.stdout + ended.stderr
