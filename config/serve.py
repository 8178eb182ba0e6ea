"""Serve Pallet on this machine: `make run`.

Takes the data folder, starts the engines, migrates, makes the sample people, starts web server, worker and
beat, and says where everything is. Ctrl-C stops all of it. When one of them ends by itself, the rest is
stopped too, and its log named.
"""

import errno
import ipaddress
import json
import os
import re
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from billing.offline.guard import objections
from config.child import end_with
from config.engines import running
from config.folder import DataFolder, sentence
from config.healthcheck import is_ready
from config.processes import Child, StartError, Stopped, last_line, stop_on_signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
PATIENCE_SECONDS = 120  # for migrations on a slow machine, and for the first answer
STOP_SECONDS = 30  # more than the web server gives to the requests under way


def main() -> int:
    """The command line."""
    stop_on_signals()
    if "MAKELEVEL" in os.environ:
        end_with(os.getppid(), SIGTERM)  # when make is killed, nobody else would stop us
    try:
        serve()
    except (StartError, OSError, ImproperlyConfigured, ValueError) as error:
        print(sentence(error), file=sys.stderr)
        return 1
    except Stopped:
        with suppress(OSError):
            print("Stopped. Nothing is left running.", flush=True)
    return 0


def serve() -> None:
    """Run until Stopped is raised; raises StartError when something cannot start or ends by itself."""
    began = time.monotonic()
    data = DataFolder(settings.DATA_DIR)
    with data.claimed():
        folders = {name: data.work(name) for name in ("web", "worker", "beat", "prepare")}
        environment = {
            **os.environ,
            **offline_checkout(),
            "PALLET_DATA_DIR": str(data.path),
            "PYTHONPATH": str(settings.BASE_DIR),
            "TMPDIR": str(data.tmp),
        }
        with listening(settings.HOST, settings.PORT) as listener, running(data) as engines:
            prepare(data, folders["prepare"], environment)
            with (
                child("beat", beat_command(folders["beat"]), data, environment) as beat,
                child("worker", worker_command(), data, environment) as worker,
                child("web", web_command(listener), data, environment, pass_fds=[listener.fileno()]) as web,
            ):
                children = [*engines, beat, worker, web]
                await_answer(listener, children)
                print(greeting(data.path / "sample.json", time.monotonic() - began), flush=True)
                watch(children)


def offline_checkout() -> dict[str, str]:
    """Return the variable that lets purchases be tried: for who has no key and is alone here."""
    is_wanted = not settings.BILLING_OFFLINE_IS_SET and not settings.STRIPE_SECRET_KEY
    return {"BILLING_OFFLINE": "true"} if is_wanted and not any(objections()) else {}


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Hold the address from the start, so that nobody takes it meanwhile; raises StartError when taken."""
    host = "127.0.0.1" if host == "localhost" else host
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        raise StartError(
            f"HOST={host} is no IP address: give one of this machine, such as 127.0.0.1."
        ) from None
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            refuse_other_localhost(host, port)
            listener.bind((host, port))
            listener.listen(2048)
        except OverflowError:
            raise StartError(f"PORT={port} is no port: choose one from 1024 to 65535.") from None
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise StartError(f"HOST={host} is no address of this machine: try HOST=127.0.0.1.") from None
            remedy = f"choose another one, such as PORT={8001 if port == 8000 else 8000} make run"
            raise StartError(f"Port {port} of {host} cannot be used ({error.strerror}): {remedy}.") from None
        yield listener


def refuse_other_localhost(host: str, port: int) -> None:
    """Raise OSError when `localhost` would lead to somebody else: most programs try ::1 before 127.0.0.1."""
    if host == "127.0.0.1":
        with suppress(OSError), socket.create_connection(("::1", port), timeout=1):
            host = ""
    if not host:
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def prepare(data: DataFolder, folder: Path, environment: Mapping[str, str]) -> None:
    """Migrate and make the sample people, in a process of their own; raises StartError."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "prepare"]
    child = Child.start("manage.py prepare", command, folder=folder, log=data.log("prepare"), env=environment)
    try:
        if child.process.wait(PATIENCE_SECONDS):
            raise StartError(f"The database is not ready for use ({complaint(child.log)}): see {child.log}.")
    finally:
        child.stop()


def complaint(log: Path) -> str:
    """Why a Django command failed: the first check that said so, else its last words."""
    check = re.search(
        r"^\S*: \((\w+\.E\d+)\) (?P<what>.*)\n\s*HINT: (?P<hint>.*)", log.read_text(), re.MULTILINE
    )
    return f"{check['what']} {check['hint']}" if check else last_line(log)


@contextmanager
def child(
    name: str,
    command: Sequence[str],
    data: DataFolder,
    environment: Mapping[str, str],
    pass_fds: Sequence[int] = (),
) -> Iterator[Child]:
    """A process of ours, running for the length of the block."""
    started = Child.start(
        name,
        command,
        folder=data.path / name,
        log=data.log(name),
        how=SIGTERM,
        when_orphaned=SIGKILL,
        env=environment,
        pass_fds=pass_fds,
    )
    try:
        yield started
    finally:
        started.stop(STOP_SECONDS)


def web_command(listener: socket.socket) -> list[str]:
    """The web server, on the socket that is open already."""
    config = settings.BASE_DIR / "config" / "gunicorn.py"
    bind = f"fd://{listener.fileno()}"
    return [sys.executable, "-m", "gunicorn", "--config", str(config), "--bind", bind, "config.wsgi"]


def worker_command() -> list[str]:
    """The Celery worker."""
    celery = [sys.executable, "-m", "celery", "--app", "config.celery"]
    options = [
        "--pool",
        "threads",
        "--concurrency",
        str(settings.WORKER_THREADS),
        "--without-gossip",
        "--without-mingle",
    ]
    return [*celery, "worker", "--loglevel", "INFO", *options]


def beat_command(folder: Path) -> list[str]:
    """What reminds the worker of the regular tasks."""
    celery = [sys.executable, "-m", "celery", "--app", "config.celery"]
    return [*celery, "beat", "--loglevel", "INFO", "--schedule", str(folder / "schedule"), "--pidfile="]


def await_answer(listener: socket.socket, children: Sequence[Child]) -> None:
    """Wait until the web server says that it can work; raises StartError."""
    host, port = listener.getsockname()[:2]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_ready(host, port):
        raise_for_ended(children)
        if time.monotonic() > deadline:
            raise StartError(f"The web server does not get ready: see {children[-1].log}.")
        time.sleep(0.05)


def watch(children: Sequence[Child]) -> None:
    """Look after them until one ends by itself; raises StartError then."""
    try:
        while True:
            raise_for_ended(children)
            time.sleep(0.2)
    except Stopped:
        print("\nStopping the web server, the workers and the engines ...", flush=True)
        raise


def raise_for_ended(children: Sequence[Child]) -> None:
    """Raise StartError for a process that has ended without being asked."""
    for child in children:
        if child.has_ended:
            raise child.failure()


def greeting(path: Path, seconds: float) -> str:
    """What the terminal shows once everything answers."""
    known = json.loads(path.read_text())
    curl = f'curl -s {known["base_url"]}/api/v1/products/B07ZPKCJ6X -H "X-API-Key: {known["api_key"]}"'
    is_offline = settings.BILLING_OFFLINE or offline_checkout()
    offline = "\nCredits are bought on a page of this machine, and no money moves: checkout is offline.\n"
    return f"""
Pallet answers at {known["base_url"]} (ready after {seconds:.1f} s).

  Sample login     {known["email"]}     {known["password"]}
  Operator login   {known["operator_email"]}   {known["operator_password"]}   {known["base_url"]}/admin/
  API key          {known["api_key"]}   {int(known["available"]):,} credits

A first answer, for one credit:

  {curl}
{offline if is_offline else ""}
The same facts for scripts: {path}. Logs: {path.parent / "log"}. Ctrl-C stops everything."""


if __name__ == "__main__":
    sys.exit(main())
