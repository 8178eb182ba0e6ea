"""The engines taken away, hung or dead, and given back: for the bench of outages and for their tests."""

from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from config import postgres_server, redis_server
from config.engines import Engines
from config.folder import DataFolder
from config.processes import Child


class Outages:
    """The two engines, and the ways to take them away and give them back."""

    def __init__(self, data: DataFolder) -> None:
        self.data = data
        self.engines = Engines(data)

    def server(self, name: str) -> Child:
        """The engine of this name."""
        return next(child for child in self.engines.children if child.name == name)

    def tree(self, name: str) -> list[psutil.Process]:
        """Its processes."""
        process = self.server(name).process
        return [process, *process.children(recursive=True)]

    @contextmanager
    def hung(self, name: str) -> Iterator[None]:
        """Stop every process of it for the length of the block; connections stay open."""
        stopped = self.tree(name)
        for process in stopped:
            process.suspend()
        try:
            yield
        finally:
            for process in stopped:
                process.resume()

    @contextmanager
    def dead(self, name: str) -> Iterator[None]:
        """Kill it, and start it again after the block."""
        killed = self.tree(name)
        for process in killed:
            process.kill()
        psutil.wait_procs(killed, timeout=30)
        self.engines.children.remove(self.server(name))
        try:
            yield
        finally:
            if name == redis_server.NAME:
                self.engines.children.append(redis_server.start(self.data))
                redis_server.await_ready(self.data, self.server(name))
            else:
                self.engines.children.append(postgres_server.start(self.data, durable=True))
                postgres_server.await_ready(self.data, self.server(name))
