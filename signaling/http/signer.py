"""Signs files that leave the site: detached CMS signatures (RFC 5652) by the site's key and certificate."""

import asyncio
import io
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509.oid import PublicKeyAlgorithmOID

from signaling.core.errors import SignatureUnavailable

log = logging.getLogger(__name__)

OPTIONS = PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities


@dataclass(frozen=True, slots=True)
class _Identity:
    """The certificate of the site, its key, and the certificates between it and its authority."""

    certificate: x509.Certificate
    key: RSAPrivateKey | EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs by ``cert.pem`` and ``key.pem`` of a directory, read for each signature: they may be replaced."""

    directory: Path

    def check(self) -> None:
        """Read certificate and key. Raises OSError, ValueError when they cannot be used."""
        _read(self.directory)

    async def archive(self, name: str, body: bytes, now: datetime) -> bytes:
        """Return a ZIP file of a file and its signature, ``NAME.p7s``. Raises SignatureUnavailable."""
        return await asyncio.to_thread(self._archive, name, body, now)

    def _archive(self, name: str, body: bytes, now: datetime) -> bytes:
        out = io.BytesIO()
        with ZipFile(out, "w") as file:
            file.writestr(name, body)
            file.writestr(f"{name}.p7s", self.sign(body, now))
        return out.getvalue()

    def sign(self, body: bytes, now: datetime) -> bytes:
        """Return the signature of a file in DER. Raises SignatureUnavailable."""
        try:
            identity = _read(self.directory)
        except (OSError, ValueError) as error:
            log.error("x nothing can be signed by the certificate in %s: %s", self.directory, error)
            raise SignatureUnavailable from None
        if not identity.certificate.not_valid_before_utc <= now <= identity.certificate.not_valid_after_utc:
            log.error("x nothing is signed: the certificate in %s is not valid now", self.directory)
            raise SignatureUnavailable
        builder = PKCS7SignatureBuilder().set_data(body)
        builder = builder.add_signer(identity.certificate, identity.key, hashes.SHA256())
        for each in identity.chain:
            builder = builder.add_certificate(each)
        return builder.sign(Encoding.DER, list(OPTIONS))


def parse(text: str) -> Signer:
    """Return the signer of a directory, once its certificate and key were read. Raises ValueError."""
    signer = Signer(Path(text).absolute())
    try:
        signer.check()
    except OSError as error:
        raise ValueError(str(error)) from None
    return signer


def _read(directory: Path) -> _Identity:
    """Read certificate and key of a directory. Raises OSError, ValueError."""
    certificate, *chain = x509.load_pem_x509_certificates((directory / "cert.pem").read_bytes())
    try:
        key = load_pem_private_key((directory / "key.pem").read_bytes(), None)
    except (TypeError, UnsupportedAlgorithm) as error:  # it is encrypted, and nobody is there to be asked; or its curve
        raise ValueError(str(error)) from None
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise ValueError("the key is neither RSA nor of an elliptic curve")
    if certificate.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSASSA_PSS:
        raise ValueError("the certificate is for RSASSA-PSS alone, and nobody could verify signatures of PKCS #1 v1.5")
    if key.public_key() != certificate.public_key():
        raise ValueError("the key is another certificate's")
    return _Identity(certificate, key, tuple(chain))
