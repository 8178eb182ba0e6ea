"""Below an HTTP call: TLS, the watch, and logs."""

import logging
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from providers.errors import ErrorClass, ProviderError
from providers.http import Call, HTTPClient, Patience
from providers.tests import loopback
from providers.transport import Watch


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "loopback.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_speaks_tls_and_cuts_it_off_in_time(
    tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    over = threading.Event()
    with loopback.serving(tls=tls) as server:
        client = HTTPClient("test", server.url, patience=Patience(total=0.5, attempts=1))
        params = {"domain": "1", "asin": "B0PALLET01"}
        assert client.send(Call(operation="x", path="/product", params=params)).status == 200
        server.usually = loopback.drips(over)
        with pytest.raises(ProviderError) as caught:
            client.send(Call(operation="x", path="/product", params=params))
        over.set()
    assert caught.value.reason is ErrorClass.TIMEOUT


def test_believes_no_certificate_it_does_not_know(tls: ssl.SSLContext) -> None:
    with loopback.serving(tls=tls) as server, pytest.raises(ProviderError) as caught:
        HTTPClient("test", server.url, patience=Patience(attempts=1)).send(Call(operation="x", path="/"))
    assert caught.value.reason is ErrorClass.UPSTREAM_DOWN


def test_a_connection_made_after_the_end_is_shut_at_once() -> None:
    here, there = socket.socketpair()
    with here, there, Watch(0.001) as watch:
        watch._timer.join(30)
        assert watch.is_over
        watch.over(here)
        assert there.recv(1) == b""


def test_a_connection_that_is_closed_already_is_no_trouble() -> None:
    here, there = socket.socketpair()
    here.close()
    with there, Watch(0.001) as watch:
        watch.over(here)
        watch._timer.join(30)
    assert watch.is_over


def test_log_lines_without_addresses_are_left_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("urllib3.connectionpool").debug("plain")
        logging.getLogger("urllib3.connectionpool").debug("%(name)s", {"name": "by name"})
    assert [record.getMessage() for record in caplog.records] == ["plain", "by name"]
