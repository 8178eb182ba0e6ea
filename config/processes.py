"""Start, watch and stop the processes that Pallet consists of on one machine."""

import os
import signal
import subprocess  # nosec B404
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

import psutil

LAUNCHER = Path(__file__).with_name("child.py")
PROGRAMS = ("postgres", "redis-server", "valkey-server", "python", "gunicorn", "celery")


class StartError(Exception):
    """What cannot work and what to do about it, in one sentence."""


class Stopped(BaseException):
    """Somebody wants this command to end: Ctrl-C, a terminal that closed, or a signal."""

    def __init__(self, how: signal.Signals) -> None:
        """`how` is the signal that came."""
        super().__init__(how)
        self.how = how


def stop_on_signals() -> None:
    """Raise Stopped on the first signal to end; the further ones are ignored, so that stopping is orderly."""
    wanted = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        wanted.append(signal.SIGHUP)

    def stopped(number: int, _frame: FrameType | None) -> None:
        for how in wanted:
            signal.signal(how, signal.SIG_IGN)
        raise Stopped(signal.Signals(number))

    for how in wanted:
        signal.signal(how, stopped)


class Child:
    """One process of ours, in a session of its own: Ctrl-C reaches us alone, and we stop it in order."""

    def __init__(self, name: str, process: psutil.Popen, log: Path, how: signal.Signals) -> None:
        """`how` is the signal on which the program ends by itself and properly."""
        self.name = name
        self.process = process
        self.log = log
        self.how = how

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str | Path],
        *,
        folder: Path,
        log: Path,
        how: signal.Signals = signal.SIGTERM,
        when_orphaned: signal.Signals = signal.SIGKILL,
        unprivileged: bool = False,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> "Child":
        """Start a program; its output goes to `log`, and the log of the time before is kept as `<log>.1`.

        It works in a folder of its own: there the next start looks for what was left behind.
        """
        with suppress(FileNotFoundError):
            log.replace(f"{log}.1")
        launcher = [sys.executable, "-I", "-S", LAUNCHER, str(os.getpid()), str(int(when_orphaned))]
        rights = ["--unprivileged"] if unprivileged else []
        with log.open("wb") as output:
            process = psutil.Popen(
                [str(part) for part in (*launcher, *rights, "--", *command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=env,
                cwd=folder,
                pass_fds=pass_fds,
            )
        return cls(name, process, log, how)

    @property
    def has_ended(self) -> bool:
        """Whether it is gone."""
        return self.process.poll() is not None

    def failure(self) -> StartError:
        """What to say when it ended without being asked."""
        code = self.process.poll()
        if code is not None and code < 0:
            return StartError(f"{self.name} was ended by {signal.Signals(-code).name}: see {self.log}.")
        return StartError(f"{self.name} ended by itself ({last_line(self.log)}): see {self.log}.")

    def stop(self, seconds: float = 10) -> None:
        """End it and whatever it started; by force after that many seconds."""
        end([self.process], self.how, seconds=seconds)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


def end(processes: Iterable[psutil.Process], *signals: signal.Signals, seconds: float = 10) -> None:
    """Send the signals in turn, SIGKILL last, giving each its time, until every process has ended."""
    left = list(processes)
    for how in (*signals, signal.SIGKILL):
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(how)
        _, left = psutil.wait_procs(left, timeout=seconds)
        if not left:
            return


def left_in(folder: Path) -> list[psutil.Process]:
    """The programs of ours that still work in this folder: what a killed command left behind."""
    others = (process for process in psutil.process_iter() if process.pid != os.getpid())
    return [process for process in others if works_in(process, folder)]


def works_in(process: psutil.Process, folder: Path) -> bool:
    """Whether it is a program of ours with this working folder; what we may not look at is not ours."""
    with suppress(psutil.Error, OSError):
        return bool(process.name().lower().startswith(PROGRAMS) and process.cwd() == str(folder))
    return False


def last_line(log: Path) -> str:
    """The last thing a program said."""
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][:300] if said else "it said nothing"
