"""A load generator that costs little itself: keep-alive connections, prepared requests, one event loop."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial


@dataclass
class Result:
    """What one run of the generator saw."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)  # seconds, one for each answer
    statuses: Counter[int] = field(default_factory=Counter)
    charged: int = 0  # credits, as X-Credits-Charged says

    def percentile(self, share: float) -> float:
        """A latency in milliseconds: `share` of the answers were at least as quick."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Client(asyncio.Protocol):
    """One connection that sends the next request as soon as it has the last answer."""

    def __init__(
        self, requests: "itertools.cycle[bytes]", result: Result, ends: float, done: asyncio.Future[None]
    ) -> None:
        self.requests, self.result, self.ends, self.done = requests, result, ends, done
        self.buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self.transport = transport
        self.send()

    def send(self) -> None:
        """The next request, unless time is over."""
        if time.perf_counter() >= self.ends:
            self.transport.close()
            return
        self.began = time.perf_counter()
        self.transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = bytes(self.buffer[:head_end]).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self.buffer) < head_end + 4 + length:
            return
        self.buffer.clear()
        self.result.latencies.append(time.perf_counter() - self.began)
        self.result.statuses[int(head[9:12])] += 1
        if b"x-credits-charged:" in head:
            self.result.charged += int(head.split(b"x-credits-charged:")[1].split(b"\r\n")[0])
        self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if error:
            self.result.statuses[0] += 1
        if not self.done.done():
            self.done.set_result(None)


def get_request(host: str, path: str, headers: dict[str, str]) -> bytes:
    """The bytes of one GET."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def drive(host: str, port: int, requests: Sequence[bytes], *, clients: int, seconds: float) -> Result:
    """Ask with `clients` connections for `seconds`, taking the requests in turn."""
    loop, result = asyncio.get_running_loop(), Result()
    turns, began = itertools.cycle(requests), time.perf_counter()
    endings = []
    for _ in range(clients):
        done: asyncio.Future[None] = loop.create_future()
        await loop.create_connection(partial(Client, turns, result, began + seconds, done), host, port)
        endings.append(done)
    await asyncio.gather(*endings)
    result.seconds = time.perf_counter() - began
    return result
