"""Security keys (W3C WebAuthn Level 2) as second factors: what browsers are asked, and checks of the answers. Pure.

`fido2` reads the binary formats and verifies signatures; the steps around it are those of §7.1 and §7.2. No attestation
is asked for: which make of key somebody has is nothing that this server needs to know (decision 124).
"""

import hmac
import ipaddress
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from fido2.cose import CoseKey
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

NAME = "Điểm cầu"
ALGORITHMS = (-7, -8, -257)
"""COSE algorithms, in order of preference: ES256, EdDSA, RS256, one of which every authenticator has."""
TIMEOUT_MS = 120_000
MAX_CREDENTIAL_ID = 1023
MAX_ANSWER = 16_384
"""Longest part of an answer, in letters of base64url; without attestation none is near."""
_FAULTS = (
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    struct.error,
    InvalidSignature,
    UnsupportedAlgorithm,
)
"""What reading foreign bytes, and verifying them by a foreign key, may raise."""


class BadAnswer(ValueError):
    """An answer that is none to what was asked."""


@dataclass(frozen=True, slots=True)
class SecurityKey:
    """A security key: `credential` is WebAuthn's attested credential data as text, `rp_id` the host it works for."""

    id: str
    account: str
    name: str
    rp_id: str
    credential: str
    sign_count: int
    created: datetime
    last_used: datetime | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """The relying party of a request: the host name that keys are bound to, and the origin of the page."""

    rp_id: str
    origin: str

    @property
    def possible(self) -> bool:
        """Return whether browsers use security keys here: they are bound to names, never to addresses."""
        try:
            ipaddress.ip_address(self.rp_id)
        except ValueError:
            return bool(self.rp_id)
        return False


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """The answer of a security key at a sign-in."""

    credential: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes


def encoded(data: bytes) -> str:
    """Return bytes as base64url without padding, as WebAuthn has them in JSON."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Return the bytes of base64url without padding. Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def creation_options(
    site: Site, account: str, name: str, challenge: str, known: Iterable[SecurityKey]
) -> dict[str, object]:
    """Return what a browser is asked to make a key for an account with (PublicKeyCredentialCreationOptions as JSON)."""
    user = {"id": encoded(sha256(f"user {account}".encode()).digest()), "name": account, "displayName": name}
    return {
        "rp": {"id": site.rp_id, "name": NAME},
        "user": user,
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
        "timeout": TIMEOUT_MS,
        "excludeCredentials": _descriptors(site, known),
        "authenticatorSelection": {"residentKey": "discouraged", "userVerification": "preferred"},
        "attestation": "none",
    }


def request_options(site: Site, challenge: str, known: Iterable[SecurityKey]) -> dict[str, object] | None:
    """Return what a browser is asked a key for at a sign-in; None if no key of the account works here."""
    keys = _descriptors(site, known)
    if not keys:
        return None
    asked = {"rpId": site.rp_id, "challenge": challenge, "timeout": TIMEOUT_MS, "userVerification": "preferred"}
    return {**asked, "allowCredentials": keys}


def _descriptors(site: Site, keys: Iterable[SecurityKey]) -> list[dict[str, str]]:
    ours = (key for key in keys if key.rp_id == site.rp_id)
    return [{"type": "public-key", "id": encoded(_data(key).credential_id)} for key in ours]


def registered(site: Site, challenge: str, client_data: bytes, attestation: bytes) -> tuple[str, int]:
    """Return id and public key of a new key, as they are stored, and its counter (§7.1). Raises BadAnswer."""
    with _foreign():
        data = AttestationObject(attestation).auth_data
        _check(site, challenge, CollectedClientData(client_data), "webauthn.create", data)
        credential = data.credential_data
        if credential is None or not 1 <= len(credential.credential_id) <= MAX_CREDENTIAL_ID:
            raise BadAnswer
        if credential.public_key.get(3) not in ALGORITHMS:
            raise BadAnswer
        _check_usable(credential.public_key)
        return encoded(bytes(credential)), data.counter


def asserted(site: Site, challenge: str, keys: Iterable[SecurityKey], answer: KeyAnswer) -> tuple[SecurityKey, int]:
    """Return the key of an account that answered, and its counter (§7.2). Raises BadAnswer."""
    with _foreign():
        ours = (key for key in keys if key.rp_id == site.rp_id)
        key = next((each for each in ours if _data(each).credential_id == answer.credential), None)
        if key is None:
            raise BadAnswer
        client_data, data = CollectedClientData(answer.client_data), AuthenticatorData(answer.authenticator_data)
        _check(site, challenge, client_data, "webauthn.get", data)
        _data(key).public_key.verify(bytes(data) + client_data.hash, answer.signature)
        return key, data.counter


def _data(key: SecurityKey) -> AttestedCredentialData:
    return AttestedCredentialData(decoded(key.credential))


def _check(site: Site, challenge: str, client_data: CollectedClientData, kind: str, data: AuthenticatorData) -> None:
    """Check that it is an answer to our challenge, from a page of ours, by a key bound to our host, and touched."""
    ours = (client_data.type, client_data.origin, client_data.cross_origin) == (kind, site.origin, False)
    fresh = hmac.compare_digest(client_data.challenge, decoded(challenge))
    bound = hmac.compare_digest(data.rp_id_hash, sha256(site.rp_id.encode()).digest())
    if not (ours and fresh and bound and data.is_user_present()):
        raise BadAnswer


def _check_usable(key: CoseKey) -> None:
    """Check that signatures can be verified by a key: it refuses an empty one, and does not fail otherwise."""
    try:
        key.verify(b"", b"")
    except InvalidSignature:
        return
    raise BadAnswer


@contextmanager
def _foreign() -> Iterator[None]:
    """Raise BadAnswer for whatever foreign bytes do to those who read them."""
    try:
        yield
    except _FAULTS as error:
        raise BadAnswer from error
