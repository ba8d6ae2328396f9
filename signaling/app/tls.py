"""Manages the server's certificate: self-signed at the first start, reloaded when an operator has replaced it."""

import ipaddress
import logging
import socket
import ssl
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

log = logging.getLogger(__name__)

LASTS = timedelta(days=397)
"""Lifetime of a certificate; browsers refuse longer ones."""
RENEW_BEFORE = timedelta(days=30)


class Certificates:
    """Serves the certificate of a directory to a running listener; replaces it while connections go on.

    Each handshake gets a context of its certificate alone. Loaded into the context of the listener, a certificate
    with a key of another kind (RSA after ECDSA) would stand beside the old one, which clients would go on getting.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._current: ssl.SSLContext | None = None

    def open(self, addresses: Sequence[str], now: datetime, shared: Collection[str] = ()) -> ssl.SSLContext:
        """Return the TLS context of the listener. Raises OSError, ValueError when the certificate cannot be used."""
        listening = self._current = context(self._directory, addresses, now, shared)
        listening.sni_callback = self._choose
        return listening

    def reload(self) -> None:
        """Load the certificate of the directory for new connections; log one that cannot be used and keep the old."""
        if self._current is None:
            return  # nobody listens yet, and what lies there will be read
        try:
            self._current = load(self._directory)
        except (OSError, ValueError) as error:
            log.error(
                "x the certificate in %s cannot be used, the previous one stays in use: %s", self._directory, error
            )
        else:
            log.info("= the certificate in %s was loaded", self._directory)

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, _: str | None, __: ssl.SSLContext) -> None:
        assert self._current is not None
        connection.context = self._current


def context(directory: Path, addresses: Sequence[str], now: datetime, shared: Collection[str] = ()) -> ssl.SSLContext:
    """Return the server's TLS context; use ``cert.pem`` and ``key.pem`` of an operator as they are.

    Our own names our addresses and `shared`, those of all servers of a system. It may be another server's, which names
    of ours only these.
    """
    certificate, key = directory / "cert.pem", directory / "key.pem"
    if not certificate.exists() or _own_and_unfit(certificate, shared or addresses, now):
        _write(certificate, key, (*addresses, *shared), now)
    return load(directory)


def load(directory: Path) -> ssl.SSLContext:
    """Return the TLS context of a directory's certificate and key. Raises OSError, ValueError."""
    loaded = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    loaded.minimum_version = ssl.TLSVersion.TLSv1_2
    loaded.load_cert_chain(directory / "cert.pem", directory / "key.pem", password="")  # nobody is there to be asked
    return loaded


def described(directory: Path) -> tuple[bool, datetime | None]:
    """Return whether the certificate of a directory is self-signed by us, and when it ends; None: there is none."""
    try:
        certificate = x509.load_pem_x509_certificate((directory / "cert.pem").read_bytes())
    except (OSError, ValueError):
        return False, None
    return certificate.issuer == _name(), certificate.not_valid_after_utc


def _own_and_unfit(path: Path, addresses: Collection[str], now: datetime) -> bool:
    """Return whether a certificate is self-signed by us, and ends soon or misses one of `addresses`."""
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    if certificate.issuer != _name():
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    named = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    return now > certificate.not_valid_after_utc - RENEW_BEFORE or not named.issuperset(addresses)


def _write(certificate: Path, key: Path, addresses: Sequence[str], now: datetime) -> None:
    certificate.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key.unlink(missing_ok=True)
    key.touch(mode=0o600)
    key.write_bytes(pem)
    certificate.write_bytes(_certificate(private, addresses, now).public_bytes(serialization.Encoding.PEM))


def own_names(addresses: Sequence[str]) -> list[x509.GeneralName]:
    """Return the names of this machine, and its loopback and other addresses, as a certificate has them."""
    ips = dict.fromkeys(("127.0.0.1", "::1", *addresses))
    hosts = dict.fromkeys(("localhost", socket.gethostname()))
    return [*map(x509.DNSName, hosts), *(x509.IPAddress(ipaddress.ip_address(ip)) for ip in ips)]


def _certificate(private: ec.EllipticCurvePrivateKey, addresses: Sequence[str], now: datetime) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(_name())
        .issuer_name(_name())
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - timedelta(hours=1))
        .not_valid_after(now.astimezone(UTC) + LASTS)
        .add_extension(x509.SubjectAlternativeName(own_names(addresses)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )


def _name() -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "diemcau self-signed")])
