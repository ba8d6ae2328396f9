"""A certificate is judged before it is put in place; an authority of one's own signs one that browsers accept."""

import ipaddress
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from signaling.app.setup import certificates
from signaling.app.setup.answers import BadAnswer
from signaling.app.setup.certificates import Pair
from tests.signaling.world import NOW

HOST = "hop.khanhhoa.example"
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
PLAIN = serialization.NoEncryption()
KEY = ec.generate_private_key(ec.SECP256R1())
Change = Callable[[x509.CertificateBuilder], x509.CertificateBuilder]


def signed(*names: str, change: Change = lambda built: built, begins: int = -1, ends: int = 90) -> bytes:
    """Return a certificate for names, days from now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=begins))
        .not_valid_after(NOW + timedelta(days=ends))
    )
    if names:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
    return change(built).sign(KEY, hashes.SHA256()).public_bytes(PEM)


def key(private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = KEY, password: bytes | None = None) -> bytes:
    """Return a key, encrypted where there is a password."""
    return private.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(password) if password else PLAIN)


def for_clients(built: x509.CertificateBuilder) -> x509.CertificateBuilder:
    return built.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)


@pytest.mark.parametrize(
    ("pair", "word", "value"),
    [
        (Pair(b"", key()), "setup-certificate-unreadable", ""),
        (Pair(b"-----BEGIN CERTIFICATE-----\n", key()), "setup-certificate-unreadable", ""),
        (Pair(signed(HOST), b"no key"), "setup-key-unreadable", ""),
        (Pair(signed(HOST), key(password=b"secret")), "setup-key-encrypted", ""),
        (Pair(signed(HOST), key(ec.generate_private_key(ec.SECP256R1()))), "setup-key-of-another", ""),
        (Pair(signed(HOST, begins=1), key()), "setup-certificate-early", "07/04/2026"),
        (Pair(signed(HOST, begins=-9, ends=-1), key()), "setup-certificate-ended", "05/04/2026"),
        (Pair(signed("mcu.example", "*.example"), key()), "setup-certificate-names", "mcu.example, *.example"),
        (Pair(signed(), key()), "setup-certificate-names", "-"),
        (Pair(signed(HOST, change=for_clients), key()), "setup-certificate-purpose", ""),
        (Pair(signed(HOST) + certificates.make_authority("x", NOW).certificate, key()), "setup-chain", ""),
    ],
)
def test_a_certificate_that_would_not_serve_is_refused(pair: Pair, word: str, value: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        certificates.judge(pair, HOST, NOW)
    assert (refused.value.word, refused.value.value) == (word, value)


def test_a_certificate_that_serves_tells_when_it_ends() -> None:
    for names in ((HOST,), ("*.khanhhoa.example",), ("other.example", HOST.upper())):
        assert certificates.judge(Pair(signed(*names), key()), HOST, NOW) == NOW + timedelta(days=90)


def test_a_star_is_one_whole_label_and_of_no_address() -> None:
    assert certificates.covers(["*.example"], "a.example")
    assert not certificates.covers(["*.example"], "a.b.example")
    assert not certificates.covers(["*.0.0.1"], "127.0.0.1")
    assert not certificates.covers(["*"], "a")


def test_a_client_that_trusts_the_own_authority_accepts_its_certificate(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    authority = certificates.make_authority(HOST, now)
    issued = certificates.issue(authority, HOST, ["10.1.2.3"], now)
    assert certificates.judge(issued, HOST, now) == now + certificates.LASTS
    certificates.judge(issued, "10.1.2.3", now)
    (tmp_path / "authority.pem").write_bytes(authority.certificate)
    certificates.write(tmp_path, issued)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["authority.pem", "cert.pem", "key.pem"]
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    for host in (HOST, "10.1.2.3", "127.0.0.1", "localhost"):
        assert _handshake(tmp_path, host) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(tmp_path, "other.example")


def _handshake(folder: Path, host: str) -> str | None:
    """Return the version of TLS of a connection in memory, by the strict rules of RFC 5280."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    client = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(back, there, server_hostname=host), server.wrap_bio(there, back, server_side=True)]
    for end in (*ends, *ends):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return ends[0].version()


def test_a_certificate_is_issued_anew_before_it_ends_and_for_new_addresses() -> None:
    authority, other = (certificates.make_authority(HOST, NOW) for _ in range(2))
    issued = certificates.issue(authority, HOST, ["10.1.2.3"], NOW).certificate
    lasts = certificates.LASTS - certificates.RENEW_BEFORE
    assert certificates.lasts_on(issued, authority, HOST, ["10.1.2.3"], NOW)
    assert not certificates.lasts_on(issued, authority, HOST, ["10.1.2.3"], NOW + lasts)
    assert not certificates.lasts_on(issued, authority, HOST, ["10.1.2.4"], NOW)
    assert not certificates.lasts_on(issued, authority, "mcu.example", ["10.1.2.3"], NOW)
    assert not certificates.lasts_on(issued, other, HOST, ["10.1.2.3"], NOW)
    assert not certificates.lasts_on(b"", authority, HOST, [], NOW)
    with pytest.raises(BadAnswer, match="setup-authority-ends"):
        certificates.issue(authority, HOST, [], NOW + certificates.AUTHORITY_LASTS)


def test_names_of_an_address_are_written_as_hosts_are() -> None:
    issued = certificates.issue(certificates.make_authority("::1", NOW), "2001:db8::1", [], NOW)
    found = certificates.names(x509.load_pem_x509_certificate(issued.certificate))
    assert str(ipaddress.ip_address("2001:db8::1")) in found
