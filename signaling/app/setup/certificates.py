"""Judges a certificate that an administrator brings, and makes an authority of the site's own with a certificate."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from signaling.app import tls
from signaling.app.setup.answers import BadAnswer

MAX_BYTES = 1 << 20
AUTHORITY_LASTS = timedelta(days=3650)
LASTS = timedelta(days=825)
"""Lifetime of a certificate of an authority of one's own; Apple's browsers refuse longer ones."""
RENEW_BEFORE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate, with those of its authorities after it, and its key (PEM)."""

    certificate: bytes
    key: bytes


def judge(pair: Pair, host: str, now: datetime) -> datetime:
    """Return the end of a certificate that serves as that of `host`. Raises BadAnswer with what is wrong with it."""
    chain = _chain(pair.certificate)
    first = chain[0]
    try:
        key = load_pem_private_key(pair.key, None)
    except TypeError:
        raise BadAnswer("setup-key-encrypted") from None
    except ValueError:
        raise BadAnswer("setup-key-unreadable") from None
    shown = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*shown) != first.public_key().public_bytes(*shown):
        raise BadAnswer("setup-key-of-another")
    if now < first.not_valid_before_utc:
        raise BadAnswer("setup-certificate-early", f"{first.not_valid_before_utc:%d/%m/%Y}")
    if now > first.not_valid_after_utc:
        raise BadAnswer("setup-certificate-ended", f"{first.not_valid_after_utc:%d/%m/%Y}")
    if not covers(names(first), host):
        raise BadAnswer("setup-certificate-names", ", ".join(names(first))[:200] or "-")
    _check_purpose(first)
    for issued, issuer in pairwise(chain):
        if not _issued(issued, issuer):
            raise BadAnswer("setup-chain")
    _load(pair)
    return first.not_valid_after_utc


def _chain(content: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise BadAnswer("setup-certificate-unreadable") from None


def _check_purpose(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}.intersection(usage):
        raise BadAnswer("setup-certificate-purpose")


def _issued(issued: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        issued.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _load(pair: Pair) -> None:
    """Load a certificate as the server will: OpenSSL refuses what is too weak."""
    with TemporaryDirectory() as folder:
        write(Path(folder), pair)
        try:
            tls.load(Path(folder))
        except (OSError, ValueError) as error:
            raise BadAnswer("setup-certificate-refused", str(error)) from None


def write(folder: Path, pair: Pair) -> None:
    """Put a certificate and its key into a folder, each in one step. Raises OSError."""
    for name, content in (("key.pem", pair.key), ("cert.pem", pair.certificate)):
        fresh = folder / f"{name}.new"
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_bytes(content)
    for name in ("key.pem", "cert.pem"):
        (folder / f"{name}.new").replace(folder / name)


def names(certificate: x509.Certificate) -> list[str]:
    """Return the names and IP addresses that a certificate is for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))]


def covers(held: Sequence[str], host: str) -> bool:
    """Return whether a certificate with these names is for a host; `*` is one whole label (RFC 9525 §6.3)."""
    first, _, rest = host.partition(".")
    wild = f"*.{rest}" if rest and not is_address(host) else host
    return bool(first) and {host, wild}.intersection(name.lower() for name in held) != set()


def is_address(host: str) -> bool:
    """Return whether a host is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


# An authority of one's own.


def make_authority(host: str, now: datetime) -> Pair:
    """Make an authority that signs the certificates of a site."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Diemcau CA {host}"[:64])])
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    made = (
        _builder(name, name, private.public_key(), AUTHORITY_LASTS, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(private, hashes.SHA256())
    )
    return Pair(made.public_bytes(Encoding.PEM), _pem(private))


def issue(authority: Pair, host: str, addresses: Sequence[str], now: datetime) -> Pair:
    """Make a certificate for a host and this machine's addresses. Raises BadAnswer where the authority ends."""
    signer = _authority(authority, now)
    key = load_pem_private_key(authority.key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    private = ec.generate_private_key(ec.SECP256R1())
    own = x509.IPAddress(ipaddress.ip_address(host)) if is_address(host) else x509.DNSName(host)
    held = [own, *(name for name in tls.own_names(addresses) if name != own)]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    lasts = min(LASTS, signer.not_valid_after_utc - now)
    made = (
        _builder(subject, signer.subject, private.public_key(), lasts, now)
        .add_extension(x509.SubjectAlternativeName(held), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Pair(made.public_bytes(Encoding.PEM), _pem(private))


def lasts_on(certificate: bytes, authority: Pair, host: str, addresses: Sequence[str], now: datetime) -> bool:
    """Return whether a certificate is of the authority, for the host and all addresses, and ends not soon."""
    try:
        present, signer = _chain(certificate)[0], _authority(authority, now)
    except BadAnswer:
        return False
    held = names(present)
    ends = present.not_valid_after_utc - now > RENEW_BEFORE
    return ends and _issued(present, signer) and covers(held, host) and set(held).issuperset(addresses)


def _authority(authority: Pair, now: datetime) -> x509.Certificate:
    signer = _chain(authority.certificate)[0]
    if now > signer.not_valid_after_utc - RENEW_BEFORE:
        raise BadAnswer("setup-authority-ends", f"{signer.not_valid_after_utc:%d/%m/%Y}")
    return signer


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, lasts: timedelta, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - timedelta(hours=1))
        .not_valid_after(now.astimezone(UTC) + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _pem(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
