"""A cable between this thread and PostgreSQL that a test can cut at a chosen word: a real one, of sockets."""

import select
import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db import connection


class Cable:
    """While it is plugged in, this thread's connection goes through it; without the pool."""

    def __enter__(self) -> "Cable":
        self.own = connection.settings_dict
        parameters = connection.get_connection_params()
        self.host, self.port = str(parameters.get("host") or "localhost"), int(parameters.get("port") or 5432)
        self.folder = tempfile.mkdtemp(prefix="cable")
        self.word, self.is_delivered, self.is_armed, self.is_cut = b"", True, False, False
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(f"{self.folder}/.s.PGSQL.{self.port}")
        self.socket.listen()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        options = {name: value for name, value in self.own["OPTIONS"].items() if name != "pool"}
        connection.close()
        connection.settings_dict = {
            **self.own,
            "HOST": self.folder,
            "PORT": str(self.port),
            "OPTIONS": options,
            "CONN_MAX_AGE": None,
        }
        return self

    def __exit__(self, *error: Any) -> None:
        connection.close()
        connection.settings_dict = self.own
        self.close()
        self.thread.join(20)
        shutil.rmtree(self.folder)

    def close(self) -> None:
        """Nothing goes through any more, and nobody can connect."""
        with suppress(OSError):  # closed already
            self.socket.shutdown(socket.SHUT_RDWR)

    def cut_at(self, word: bytes, *, is_delivered: bool) -> None:
        """Once armed: cut it when `word` is sent, after it has been delivered and answered, or before."""
        self.word, self.is_delivered = word, is_delivered

    def arm(self) -> None:
        """From now on."""
        self.is_armed = True

    def serve(self) -> None:
        """Take one connection after the other."""
        while True:
            try:
                near, _ = self.socket.accept()
            except OSError:
                self.socket.close()
                return
            with near, self.far_end() as far:
                self.carry(near, far)

    def far_end(self) -> socket.socket:
        """A connection to the real server."""
        if not self.host.startswith("/"):
            return socket.create_connection((self.host, self.port))
        far = socket.socket(socket.AF_UNIX)
        far.connect(str(Path(self.host) / f".s.PGSQL.{self.port}"))
        return far

    def carry(self, near: socket.socket, far: socket.socket) -> None:
        """Carry bytes both ways until one side hangs up or it is time to cut."""
        while True:
            for end in select.select([near, far, self.socket], [], [])[0]:
                if end is self.socket:
                    return
                if not (data := end.recv(65536)):
                    return
                if end is near and self.is_armed and not self.is_cut and self.word in data:
                    self.is_cut = True
                    if self.is_delivered:
                        far.sendall(data)
                        far.recv(65536)
                    return
                (far if end is near else near).sendall(data)
