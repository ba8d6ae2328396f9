"""Master keys of SRTP (RFC 3711 §3.2.1) and the crypto suites they belong to."""

from dataclasses import dataclass, field

SUITES = {"AEAD_AES_128_GCM": 28, "AES_CM_128_HMAC_SHA1_80": 30, "AES_CM_128_HMAC_SHA1_32": 30}
"""Bytes of the master key with its salt by crypto suite (RFC 4568 §6.2, RFC 7714 §14.2), best first."""


@dataclass(frozen=True, slots=True)
class SrtpKey:
    """A master key with its salt, of one crypto suite."""

    suite: str
    secret: bytes = field(repr=False)
