"""Certificates for SIP over TLS: an authority, folders with what it signed, and those that room systems show."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Authority:
    """Signs certificates; `name` tells it from others."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def certificate(self) -> bytes:
        """Return its own certificate in PEM."""
        return self._sign(self.name, self.key.public_key(), x509.BasicConstraints(ca=True, path_length=None))

    def folder(self, at: Path, *names: str, trusts: "Authority | None" = None) -> Path:
        """Write a folder with a certificate for IP addresses or SIP URIs, and with the authority that it trusts."""
        key = ec.generate_private_key(ec.SECP256R1())
        at.mkdir()
        san = [
            x509.UniformResourceIdentifier(n) if ":" in n else x509.IPAddress(ipaddress.ip_address(n)) for n in names
        ]
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (at / "key.pem").write_bytes(pem)
        (at / "cert.pem").write_bytes(self._sign("room", key.public_key(), x509.SubjectAlternativeName(san)))
        if trusts is not None:
            (at / "authority.pem").write_bytes(trusts.certificate)
        return at

    def _sign(self, subject: str, key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> bytes:
        now = datetime.now(UTC)
        built = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(self.name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        )
        return built.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


Shown = Literal["accepted", "none", "of another authority", "of another address"]
"""The certificate that a room system shows, if any."""


@dataclass(frozen=True, slots=True)
class RoomCertificates:
    """Certificates that room systems at one address may show, and the authority by which they judge the server, if any.

    Each is a file of a key and its certificate, as baresip reads it.
    """

    shown: Mapping[Shown, Path | None]
    authority: Path | None


def by_authority(folder: Path, host: str, other: str) -> RoomCertificates:
    """Make an authority in a new folder, which is the server's for TLS, and the certificates of rooms at a host.

    A certificate of `other` names another address. Raises OSError.
    """
    ours, others = Authority("Room systems"), Authority("Others")
    ours.folder(folder, host, trusts=ours)
    shown: dict[Shown, Path | None] = {"none": None}
    signed: Sequence[tuple[Shown, Authority, str]] = (
        ("accepted", ours, host),
        ("of another authority", others, host),
        ("of another address", ours, other),
    )
    for name, authority, named in signed:
        shown[name] = in_one_file(authority.folder(folder / name.replace(" ", "-"), named))
    return RoomCertificates(shown, folder / "authority.pem")


def in_one_file(folder: Path) -> Path:
    """Write the key and the certificate of a folder into one file, and return it. Raises OSError."""
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
