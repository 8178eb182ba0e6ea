"""The URL of a webhook: what it may look like, and its one spelling. Asks nobody: names are resolved when
something is sent (`webhooks.sending`), and only then is it known where they lead.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import idna
from django.conf import settings

from webhooks.addresses import is_public
from webhooks.errors import URLRefused

LONGEST = 2000
PORTS = frozenset({80, 443, 8443})
USUAL_PORTS = {"https": 443, "http": 80}
OUR_OWN_NAMES = ("localhost", "local", "internal", "home.arpa", "localdomain")
PRINTABLE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `path` has the query too, which may hold a secret: log nothing but `host`."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == USUAL_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The one spelling."""
        return f"{self.scheme}://{self.authority}{self.path}"


def read(url: str) -> Target:
    """Return where a URL leads. Raises URLRefused, whose text says why and repeats nothing of it."""
    parts, port = _parts(url)
    host = _host(parts.hostname or "")
    scheme = parts.scheme.lower()
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(scheme, host, USUAL_PORTS.get(scheme, 0) if port is None else port, path)
    _check_scheme(target)
    if not settings.WEBHOOK_ALLOW_PRIVATE:
        _check_public(target)
    return target


def _parts(url: str) -> tuple[SplitResult, int | None]:
    if len(url) > LONGEST:
        raise URLRefused(f"A URL has at most {LONGEST:,} characters.")
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise URLRefused("A URL has no spaces, control characters or backslashes.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise URLRefused("This is not a URL that can be read.") from None
    if "@" in parts.netloc:
        raise URLRefused("A URL with a user name or password is not taken: check the signature instead.")
    if not PRINTABLE.fullmatch(parts.path + parts.query + "/"):
        raise URLRefused("Write what is not ASCII in path and query percent-encoded.")
    return parts, port


def _host(name: str) -> str:
    """Return the host in its one spelling: an address, or a name in ASCII without its last dot."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return idna.encode(name.rstrip("."), uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise URLRefused("The URL has no host name that could be looked up.") from None


def _check_scheme(target: Target) -> None:
    if target.scheme not in USUAL_PORTS:
        raise URLRefused("A webhook's URL begins with https://.")
    if target.port == 0:
        raise URLRefused("Port 0 is none.")


def _check_public(target: Target) -> None:
    """Refuse what cannot lead to the public internet. Where a name leads is seen when it is sent to."""
    if target.scheme != "https":
        raise URLRefused("A webhook's URL begins with https://.")
    if target.port not in PORTS:
        raise URLRefused("The port must be 443, 8443 or 80.")
    if written := _address_in(target.host):
        if written != target.host or not is_public(written):
            raise URLRefused("This address is not on the public internet.")
    elif "." not in target.host or target.host.endswith(tuple(f".{name}" for name in OUR_OWN_NAMES)):
        raise URLRefused("This name is not one of the public internet.")


def _address_in(host: str) -> str:
    """Return the address that a host is, however it is written (2130706433, 0x7f.1, 0177.0.0.1); "": a name.

    What looks like a number at its end is never a name (WHATWG URL, 3.5), even if it is no address either.
    """
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        last = host.rpartition(".")[2]
        return "?" if last.isdigit() or last.startswith("0x") else ""
