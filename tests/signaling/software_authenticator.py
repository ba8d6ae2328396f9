"""A security key in software, scripted: it answers as browsers hand answers on, right or with one thing wrong."""

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from signaling.accounts.security_keys import encoded

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def cbor(value: Any) -> bytes:
    """Encode what authenticators send (RFC 8949): small maps of integers, texts and byte strings."""
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    return _head(5, len(value)) + b"".join(cbor(key) + cbor(each) for key, each in value.items())


def _head(kind: int, value: int) -> bytes:
    if value < 24:
        return bytes([kind << 5 | value])
    size = 1 if value < 256 else 2
    return bytes([kind << 5 | 23 + size]) + value.to_bytes(size)


@dataclass
class SoftwareKey:
    """A key for one host; `flags` are those of its answers, `counter` grows with each, unless it is 0."""

    rp_id: str
    origin: str
    flags: int = PRESENT | VERIFIED
    counter: int = 0
    algorithm: int = -7
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, challenge: str, **changed: Any) -> dict[str, str]:
        """Answer creation options with their challenge."""
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: self.algorithm, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        attested = bytes(16) + len(self.credential).to_bytes(2) + self.credential + cbor(cose)
        data = self._data(ATTESTED) + attested
        attestation = cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return {
            "client_data": encoded(self._client_data("webauthn.create", challenge, changed)),
            "attestation": encoded(attestation),
        }

    def get(self, challenge: str, **changed: Any) -> dict[str, str]:
        """Answer request options with their challenge."""
        self.counter += bool(self.counter)
        data, client_data = self._data(0), self._client_data("webauthn.get", challenge, changed)
        signature = self.key.sign(data + sha256(client_data).digest(), ec.ECDSA(SHA256()))
        answer = {"client_data": client_data, "authenticator_data": data, "signature": signature}
        return {"credential": encoded(self.credential), **{name: encoded(part) for name, part in answer.items()}}

    def _data(self, more: int) -> bytes:
        return sha256(self.rp_id.encode()).digest() + bytes([self.flags | more]) + self.counter.to_bytes(4)

    def _client_data(self, kind: str, challenge: str, changed: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **changed}).encode()
