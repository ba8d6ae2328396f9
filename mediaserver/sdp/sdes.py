"""Keys of SRTP in session descriptions (SDES, RFC 4568): reads and writes the values of `a=crypto`. Pure.

Whoever reads the description has the keys: it must travel over TLS.
"""

import binascii
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass

from mediaserver.rtp.srtp_key import SUITES, SrtpKey

_LINE = re.compile(r"([0-9]{1,9})[ \t]+([A-Za-z0-9_]{1,64})[ \t]+(\S{1,256})((?:[ \t]+\S{1,64}){0,16})", re.ASCII)
_INLINE = re.compile(r"inline:([A-Za-z0-9+/=]{1,128})(?:\|(?:2\^)?[0-9]{1,20})?", re.ASCII | re.IGNORECASE)
"""The key with its salt, and its lifetime, which is not watched: libsrtp ends a key where SRTP does (RFC 3711 §9.2). A
key with an index (MKI) does not match, nor do several keys."""
_HARMLESS = re.compile(r"WSH=[0-9]{1,5}|-.*", re.ASCII | re.IGNORECASE)
"""Session parameters that change nothing for us: a hint for the replay window, and what may be ignored (§6.3.7, §6.4).
All others change how packets are protected."""


@dataclass(frozen=True, slots=True)
class Crypto:
    """One `a=crypto`: a key with which its writer protects what it sends. An answer repeats the tag it has chosen."""

    tag: int
    key: SrtpKey

    def __str__(self) -> str:
        return f"{self.tag} {self.key.suite} inline:{b64encode(self.key.secret).decode()}"


def parse(value: str) -> Crypto | None:
    """Read the value of an `a=crypto`; return None for a malformed one, and for what we do not protect by."""
    found = _LINE.fullmatch(value)
    if found is None:
        return None
    tag, suite, parameters, session = found.groups()
    inline = _INLINE.fullmatch(parameters)
    if inline is None or suite not in SUITES or not all(map(_HARMLESS.fullmatch, session.split())):
        return None
    try:
        secret = b64decode(inline[1], validate=True)
    except binascii.Error:
        return None
    return Crypto(int(tag), SrtpKey(suite, secret)) if len(secret) == SUITES[suite] else None


def make(tag: int, suite: str) -> Crypto:
    """Make a fresh key."""
    return Crypto(tag, SrtpKey(suite, secrets.token_bytes(SUITES[suite])))


def make_all() -> tuple[Crypto, ...]:
    """Make a fresh key of each suite, for an offer."""
    return tuple(make(tag, suite) for tag, suite in enumerate(SUITES, 1))
