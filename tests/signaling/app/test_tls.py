"""A certificate is replaced while connections go on."""

import asyncio
import ipaddress
import logging
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from signaling.app.settings import RelaySettings
from signaling.app.tls import Certificates, context
from tests.signaling.world import NOW


def replace(directory: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> int:
    """Put an operator's certificate into a directory; return its serial number."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hop.khanhhoa.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (directory / "key.pem").write_bytes(pem)
    return made.serial_number


class Listener:
    """An HTTPS server and what its clients see."""

    def __init__(self, certificates: Certificates, port: int) -> None:
        self.certificates = certificates
        self.port = port

    async def connect(self, version: ssl.TLSVersion) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect with one version of TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=context)

    async def serial(self, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> int:
        """Return the serial number of the certificate that a new connection gets."""
        _, writer = await self.connect(version)
        found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        await writer.wait_closed()
        return x509.load_der_x509_certificate(found).serial_number


@pytest.fixture
async def listener(tmp_path: Path) -> AsyncIterator[Listener]:
    """Yield a server with a certificate of its own making."""

    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.add_routes([web.get("/", hello)])
    runner = web.AppRunner(app)
    await runner.setup()
    certificates = Certificates(tmp_path)
    certificates.reload()  # before anybody listens there is nothing to load
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificates.open((), NOW)).start()
    yield Listener(certificates, runner.addresses[0][1])
    await runner.cleanup()


async def hello(stream: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bool:
    """Ask over a connection that stays."""
    reader, writer = stream
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    return head.startswith(b"HTTP/1.1 200") and await reader.readexactly(5) == b"hello"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("kind", ["ECDSA", "RSA"])
async def test_new_connections_get_the_new_certificate_and_others_go_on(
    listener: Listener, tmp_path: Path, version: ssl.TLSVersion, kind: str
) -> None:
    first = await listener.serial(version)
    stays = await listener.connect(version)
    assert await hello(stays)
    key = rsa.generate_private_key(65537, 2048) if kind == "RSA" else ec.generate_private_key(ec.SECP256R1())
    second = replace(tmp_path, key)
    assert await listener.serial(version) == first
    listener.certificates.reload()
    assert await listener.serial(version) == second
    assert await hello(stays)
    stays[1].close()


@pytest.mark.parametrize("fault", ["no-certificate", "no-key", "junk", "key-of-another", "key-with-password"])
async def test_a_certificate_that_cannot_be_used_leaves_the_old_one(
    listener: Listener, tmp_path: Path, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "signaling.app.tls")
    first = await listener.serial()
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    old_key = key.read_bytes()
    private = rsa.generate_private_key(65537, 2048)
    replace(tmp_path, private)
    if fault == "no-certificate":
        certificate.unlink()
    elif fault == "no-key":
        key.unlink()
    elif fault == "junk":
        certificate.write_text("-----BEGIN CERTIFICATE-----\n????\n")
    elif fault == "key-of-another":
        key.write_bytes(old_key)
    else:
        encryption = serialization.BestAvailableEncryption(b"x")
        form = serialization.PrivateFormat.PKCS8
        key.write_bytes(private.private_bytes(serialization.Encoding.PEM, form, encryption))
    listener.certificates.reload()
    assert await listener.serial() == first
    (log_record,) = [each for each in caplog.records if each.name == "signaling.app.tls"]
    assert (log_record.levelname, log_record.exc_info, str(tmp_path) in log_record.getMessage()) == (
        "ERROR",
        None,
        True,
    )
    second = replace(tmp_path, private)
    listener.certificates.reload()
    assert await listener.serial() == second


def test_servers_of_a_system_share_the_certificate_of_the_first(tmp_path: Path) -> None:
    one = RelaySettings("10.0.0.1", 8444, frozenset({"10.0.0.2", "10.0.0.9"}))
    two = RelaySettings("10.0.0.2", 8444, frozenset({"10.0.0.1", "10.0.0.9"}))
    context(tmp_path, ("10.0.0.1", "192.168.1.1"), NOW)
    alone = (tmp_path / "cert.pem").read_bytes()
    context(tmp_path, ("10.0.0.1", "192.168.1.1"), NOW, one.servers)
    shared = (tmp_path / "cert.pem").read_bytes()
    context(tmp_path, ("10.0.0.2", "192.168.1.2"), NOW, two.servers)
    assert (shared != alone, (tmp_path / "cert.pem").read_bytes() == shared) == (True, True)
    names = x509.load_pem_x509_certificate(shared).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    expected = ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "10.0.0.2", "10.0.0.9"]
    assert [str(each) for each in names.value.get_values_for_type(x509.IPAddress)] == expected
