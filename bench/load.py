"""A load generator that costs little itself: keep-alive connections, prepared requests, one epoll loop.

It shares the machine with what it measures, so it does no more for an answer than to find its end, its
status and what it cost. `Result.cpu_seconds` is what that took.
"""

import select
import socket
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

READ = 262_144  # bytes: an answer comes in one piece, as a rule
LOST = 0  # the status of a request whose connection ended without an answer
SILENT = -1  # and of one that got none in time


@dataclass(slots=True)
class Result:
    """What one run of the generator saw. `answers`: (when it came, seconds it took, status, credits)."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    answers: list[tuple[float, float, int, int]] = field(default_factory=list)

    @property
    def statuses(self) -> Counter[int]:
        """How many answers had which status."""
        return Counter(answer[2] for answer in self.answers)

    @property
    def charged(self) -> int:
        """Credits, as X-Credits-Charged says."""
        return sum(answer[3] for answer in self.answers)

    def percentile(self, share: float) -> float:
        """A latency in milliseconds: `share` of the answers were at least as quick."""
        ordered = sorted(answer[1] for answer in self.answers)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def between(self, since: float, until: float) -> "Result":
        """The part that was asked at `since` or later and before `until` (time.perf_counter)."""
        chosen = [answer for answer in self.answers if since <= answer[0] - answer[1] < until]
        return Result(until - since, 0.0, chosen)


class Connection:
    """One client: it has one request under way at most."""

    __slots__ = ("began", "data", "socket", "wanted")

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""
        self.wanted = 0  # the length of the answer once its head is here
        self.began = 0.0


class Generator:
    """Asks one server with many clients, each sending its next request as soon as it has its answer."""

    def __init__(self, address: tuple[str, int], requests: Iterable[bytes], *, pause: float, patience: float):
        self.address = address
        self.requests: Iterator[bytes] = iter(requests)
        self.pause, self.patience = pause, patience
        self.poll = select.epoll()
        self.clients: dict[int, Connection] = {}
        self.resting: deque[tuple[float, Connection]] = deque()  # those who pause, the first to go on first
        self.result = Result()

    def run(self, clients: int, seconds: float) -> Result:
        """Open so many clients and ask for so long, or until every request was sent; await what is left."""
        began, cpu, now = time.perf_counter(), time.process_time(), time.perf_counter()
        self.ends, looked = began + seconds, began
        for place in range(clients):
            self.open(began + self.pause * place / clients)
        while self.clients:
            now = time.perf_counter()
            while self.resting and self.resting[0][0] <= now:
                self.send(self.resting.popleft()[1], now)
            wait = self.resting[0][0] - now if self.resting else 1.0
            for number, _ in self.poll.poll(max(0.0, min(wait, 1.0))):
                self.receive(self.clients[number])
            if now - looked > 0.5:
                looked = now
                self.give_up(now)
        self.poll.close()
        self.result.seconds = time.perf_counter() - began
        self.result.cpu_seconds = time.process_time() - cpu
        return self.result

    def open(self, due: float) -> None:
        """Connect one more client, whose first request is due then."""
        client = Connection(self.address)
        self.clients[client.socket.fileno()] = client
        self.poll.register(client.socket, select.EPOLLIN)
        self.rest(client, due)

    def rest(self, client: Connection, due: float) -> None:
        """Send its next request at `due`; at once if that is now."""
        if self.pause:
            client.began = 0.0
            self.resting.append((due, client))
        else:
            self.send(client, time.perf_counter())

    def send(self, client: Connection, now: float) -> None:
        """Send its next request, or leave when time is over or nothing is left to ask."""
        request = next(self.requests, None) if now < self.ends else None
        if request is None:
            self.close(client)
            return
        client.began, client.data, client.wanted = now, b"", 0
        try:
            client.socket.send(request)
        except OSError:
            self.end(client, LOST)

    def receive(self, client: Connection) -> None:
        """Take what has come; with a whole answer, note it and go on."""
        try:
            data = client.socket.recv(READ)
        except OSError:
            data = b""
        if not data:
            self.end(client, LOST)
            return
        if client.data:
            data = client.data + data
        if not client.wanted:
            client.wanted = length_of(data)
        if not client.wanted or len(data) < client.wanted:
            client.data = data
            return
        now = time.perf_counter()
        charged = number_after(data, b"X-Credits-Charged: ")
        self.result.answers.append((now, now - client.began, int(data[9:12]), charged))
        self.rest(client, client.began + self.pause)

    def end(self, client: Connection, status: int) -> None:
        """Note a request without an answer and go on with a connection that is new."""
        now = time.perf_counter()
        if client.began:
            self.result.answers.append((now, now - client.began, status, 0))
        self.resting = deque(one for one in self.resting if one[1] is not client)
        self.close(client)
        if now < self.ends:
            self.open(now + self.pause)

    def give_up(self, now: float) -> None:
        """End what waits too long."""
        for client in [one for one in self.clients.values() if 0 < one.began < now - self.patience]:
            self.end(client, SILENT)

    def close(self, client: Connection) -> None:
        """Hang up."""
        del self.clients[client.socket.fileno()]
        client.socket.close()


def length_of(data: bytes) -> int:
    """How long the answer that begins here is; 0 while its head is not whole."""
    head = data.find(b"\r\n\r\n")
    return head + 4 + number_after(data, b"Content-Length: ") if head >= 0 else 0


def number_after(data: bytes, name: bytes) -> int:
    """The number in this header; 0 without one."""
    start = data.find(name)
    if start < 0:
        return 0
    start += len(name)
    return int(data[start : data.index(b"\r", start)])


def get_request(host: str, path: str, headers: dict[str, str]) -> bytes:
    """The bytes of one GET."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {headers[name]}" for name in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def drive(
    address: tuple[str, int],
    requests: Iterable[bytes],
    *,
    clients: int,
    seconds: float,
    pause: float = 0.0,
    patience: float = 60.0,
) -> Result:
    """Ask with so many connections for so long, taking the requests in turn; `pause` from one to the next.

    Nobody waits longer than `patience` for an answer.
    """
    return Generator(address, requests, pause=pause, patience=patience).run(clients, seconds)
