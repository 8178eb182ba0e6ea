"""A mail server on this machine that keeps what it is given, and refuses or breaks off as it is told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer


class MailServer(ThreadingTCPServer):
    """`refuses`: it takes no mail for now. `breaks_off`: it takes mails and hangs up before it says so."""

    daemon_threads = True

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refuses = False
        self.breaks_off = False
        super().__init__(("127.0.0.1", 0), Dialogue)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class Dialogue(StreamRequestHandler):
    """One connection."""

    server: MailServer

    def handle(self) -> None:
        """Answer each line."""
        self.say("220 here")
        while line := self.rfile.readline():
            word = line.split()[0].upper()
            if word == b"QUIT":
                self.say("221 bye")
                return
            if word == b"MAIL" and self.server.refuses:
                self.say("451 not now")
            elif word == b"DATA":
                self.say("354 go on")
                self.take()
                if self.server.breaks_off:
                    return
                self.say("250 taken")
            else:
                self.say("250 yes")

    def take(self) -> None:
        """Read a mail up to the line with a dot."""
        lines = iter(self.rfile.readline, b".\r\n")
        found = message_from_bytes(b"".join(lines), policy=policy.default)
        self.server.taken.append(found)

    def say(self, text: str) -> None:
        """Send a line."""
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def serving_mail() -> Iterator[MailServer]:
    """Run a mail server for the length of the block."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
