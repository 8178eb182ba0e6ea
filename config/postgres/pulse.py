"""Whether PostgreSQL lives: one that hangs keeps its connections open and says nothing.

How long a statement takes says little: it may wait for a lock, or have much to do. So whoever has waited for
0.4 s asks for a sign of life on a connection of its own, which any server gives at once. Without one,
everybody in this process stops waiting, and nobody sends anything to a server that would carry it out later.
Twice a second one caller asks again.
"""

import socket
import struct
import time

import psycopg

PATIENCE = 0.4  # seconds without an answer before anybody wonders
SIGN_SECONDS = 0.8  # for the sign of life
PAUSE = 0.5  # seconds between two such questions
MAY_I_ENCRYPT = struct.pack("!ii", 8, 80877103)  # the one question that is answered before any log-in

Address = tuple[str, int]  # host or folder of the socket, port


class Away(psycopg.OperationalError):
    """PostgreSQL does not answer, and nothing was sent."""


class Pulse:
    """What is known in this process about the server at one address."""

    def __init__(self) -> None:
        self.address: Address | None = None
        self.ask_at = 0.0  # time.monotonic()
        self.is_alive = True

    def look_at(self, host: str, port: int | str) -> None:
        """Say where the server is: a host, or the folder of its socket. Of several hosts none is asked."""
        address = (host, int(port)) if host and "," not in host else None
        if address != self.address:
            self.address, self.is_alive, self.ask_at = address, True, 0.0

    def check(self) -> None:
        """Raise Away while the server gives no sign of life; one caller at a time asks for it."""
        if not self.is_alive and not self.beats():
            raise Away("PostgreSQL does not answer")

    def beats(self) -> bool:
        """Say whether the server lives, as far as that is known, and ask it when it is time to."""
        now = time.monotonic()
        if now >= self.ask_at and self.address:
            self.ask_at = now + SIGN_SECONDS + PAUSE  # who comes meanwhile believes what was known
            self.is_alive = answers(self.address)
            self.ask_at = time.monotonic() + PAUSE
        return self.is_alive

    def doubt(self) -> None:
        """A connection was lost: ask at the next occasion."""
        self.ask_at = min(self.ask_at, time.monotonic())
        self.beats()


def answers(address: Address) -> bool:
    """Say whether a PostgreSQL answers here at all."""
    host, port = address
    is_local = host.startswith(("/", "@"))
    try:
        with (
            socket.socket(socket.AF_UNIX)
            if is_local
            else socket.create_connection(address, timeout=SIGN_SECONDS) as asking
        ):
            asking.settimeout(SIGN_SECONDS)
            if is_local:
                asking.connect(f"{host}/.s.PGSQL.{port}")
            asking.sendall(MAY_I_ENCRYPT)
            return heard(asking)
    except OSError:
        return False


def heard(asking: socket.socket) -> bool:
    """Say whether a word comes in time; one that came while this process was too busy to look counts."""
    try:
        return asking.recv(1) != b""
    except TimeoutError:
        asking.setblocking(False)
        return asking.recv(1) != b""


pulse = Pulse()
