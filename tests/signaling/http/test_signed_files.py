"""Files that leave the site are signed by its certificate, as OpenSSL verifies.

Also tests `signer.py`.
"""

import hashlib
import io
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from signaling.app.settings import Settings
from signaling.core.errors import SignatureUnavailable
from signaling.http import signer
from signaling.http.signer import Signer
from tests.signaling.world import NOW, open_world, problem_of

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)


def certificate(name: str, key: Key, by: str, signing: Key, end: datetime = END) -> x509.Certificate:
    """Return a certificate of a name, signed by an authority; one that signs its own is an authority."""
    subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, by))
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(BEGIN).not_valid_after(end)
    authority = x509.BasicConstraints(ca=name == by, path_length=None)
    return builder.add_extension(authority, critical=True).sign(signing, hashes.SHA256())


def write(folder: Path, key: Key | ed25519.Ed25519PrivateKey, *chain: x509.Certificate) -> Signer:
    """Write the key and the certificates of a site."""
    folder.mkdir(exist_ok=True)
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "cert.pem").write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in chain))
    return Signer(folder)


def site(folder: Path, key: Key, end: datetime = END) -> Signer:
    """Write a certificate of a site, and its authority's beside it."""
    root = ec.generate_private_key(ec.SECP256R1())
    authority = certificate("Root", root, "Root", root)
    made = write(folder / "site", key, certificate("Site", key, "Root", root, end))
    (folder / "root.pem").write_bytes(authority.public_bytes(Encoding.PEM))
    return made


def verified(folder: Path, body: bytes, signature: bytes) -> bool:
    """Return whether OpenSSL finds that a signature is a file's, of a certificate of the authority."""
    (folder / "file").write_bytes(body)
    (folder / "file.p7s").write_bytes(signature)
    command = "openssl cms -verify -binary -inform DER -in file.p7s -content file -CAfile root.pem -out out"
    done = subprocess.run(command.split(), cwd=folder, capture_output=True, check=False)
    return done.returncode == 0 and (folder / "out").read_bytes() == body


def test_openssl_verifies_a_signature_and_no_other_file(tmp_path: Path) -> None:
    for key in (ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)):
        signature = site(tmp_path, key).sign(b"Bi\xc3\xaan b\xe1\xba\xa3n\n", NOW)
        assert verified(tmp_path, b"Bi\xc3\xaan b\xe1\xba\xa3n\n", signature)
        assert not verified(tmp_path, b"Bi\xc3\xaan b\xe1\xba\xa3n\r\n", signature)


def test_a_certificate_that_cannot_be_used_signs_nothing(tmp_path: Path) -> None:
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ended = site(tmp_path, key, NOW - timedelta(days=1))
    ended.check()
    with pytest.raises(SignatureUnavailable):
        ended.sign(b"x", NOW)
    own = certificate("Site", key, "Site", key)
    for wrong in (other, ed25519.Ed25519PrivateKey.generate()):
        with pytest.raises(ValueError, match="the key is"):
            write(tmp_path / "site", wrong, own).check()
    for made in ("ecparam -name SM2 -genkey -noout", "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024"):
        for command in (f"{made} -out key.pem", "req -x509 -new -key key.pem -subj /CN=Site -out cert.pem"):
            subprocess.run(["openssl", *command.split()], cwd=tmp_path / "site", capture_output=True, check=True)
        with pytest.raises(ValueError, match=r"Curve .* is not supported|RSASSA-PSS alone"):
            signer.parse(str(tmp_path / "site"))
    (tmp_path / "site/cert.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(ValueError, match=r"."):
        signer.parse(str(tmp_path / "site"))
    with pytest.raises(SignatureUnavailable):
        Signer(tmp_path / "nothing").sign(b"x", NOW)
    with pytest.raises(ValueError, match="No such file"):
        signer.parse(str(tmp_path / "nothing"))


async def test_a_report_leaves_with_its_signature(settings: Settings, tmp_path: Path) -> None:
    made = site(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    async with open_world(replace(settings, signature=made)) as world:
        client = await world.signed_in("central")
        async with client.get("/api/v1/me") as response:
            assert (await response.json())["signs"] is True
        url = "/api/v1/reports/file/signed?format=xlsx&period=year&year=2026&calendar=true"
        async with client.get(url) as response:
            assert (response.status, response.content_type) == (200, "application/zip")
            archive = ZipFile(io.BytesIO(await response.read()))
        name = "thong-ke-20260101.xlsx"
        assert archive.namelist() == [name, f"{name}.p7s"]
        body = archive.read(name)
        assert verified(tmp_path, body, archive.read(f"{name}.p7s"))
        told = [(each.actor, each.subject, each.detail) for each in await world.audited(9) if each.action == "sign"]
        assert told == [("central", name, hashlib.sha256(body).hexdigest())]
        async with (await world.signed_in("nhatrang")).get(url) as response:
            assert await problem_of(response) == (403, "forbidden")
        (tmp_path / "site/key.pem").unlink()
        async with client.get(url) as response:
            assert await problem_of(response) == (503, "signature-unavailable")
