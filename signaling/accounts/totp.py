"""Codes of authenticator apps: TOTP (RFC 6238) with SHA-1, six digits and steps of 30 seconds, as apps have it. Pure.

Decision 124 says why a code is accepted once, and one step early or late.
"""

import base64
import hmac
import re
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

SECRET_BYTES = 20
"""160 bits, as RFC 4226 recommends (R6)."""
STEP_SECONDS = 30
DIGITS = 6
TOLERATED_STEPS = 1
"""A clock may be so many steps early or late, or a person that slow (RFC 6238 §5.2)."""
ISSUER = "Điểm cầu"
_CODE = re.compile(r"[0-9]{6}")


def new_secret() -> bytes:
    """Return a fresh secret."""
    return secrets.token_bytes(SECRET_BYTES)


def text_of(secret: bytes) -> str:
    """Return a secret as people type it: base32 (RFC 4648)."""
    return base64.b32encode(secret).decode()


def secret_of(text: str) -> bytes:
    """Return the secret of a text of :func:`text_of`."""
    return base64.b32decode(text)


def uri(secret: bytes, account: str, host: str) -> str:
    """Return the otpauth URI by which an app learns a secret; the app lists it under issuer, host and account."""
    issuer = quote(f"{ISSUER} {host}", safe="")
    name = f"{issuer}:{quote(account, safe='')}"
    return f"otpauth://totp/{name}?secret={text_of(secret)}&issuer={issuer}"


def is_code(text: str) -> bool:
    """Return whether a text can be a code."""
    return _CODE.fullmatch(text) is not None


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a time step."""
    hotp = HOTP(secret, DIGITS, SHA1())  # noqa: S303 - HMAC-SHA-1, which apps know alone
    return hotp.generate(step).decode()


def step_at(now: datetime) -> int:
    """Return the time step of a time."""
    return int(now.timestamp()) // STEP_SECONDS


def accepted_step(secret: bytes, code: str, now: datetime, after: int) -> int | None:
    """Return the time step of a code: the present one, that before or that behind, if it is later than `after`.

    None for a wrong code, and for one of a step that was accepted already (RFC 6238 §5.2).
    """
    present, found = step_at(now), None
    for step in range(present - TOLERATED_STEPS, present + TOLERATED_STEPS + 1):
        right = hmac.compare_digest(code_at(secret, step).encode(), code.encode("utf-8", "surrogatepass"))
        if right and step > after:
            found = step
    return found
