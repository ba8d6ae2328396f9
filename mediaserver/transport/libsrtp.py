"""Reaches the C library libsrtp behind pylibsrtp, so that packets are encrypted where they lie.

Private parts: `pylibsrtp._binding` has the cffi handles `ffi` and `lib`, whose functions are libsrtp's own public ones
(`srtp.h`); `Session._srtp` points to the C session. pylibsrtp's own `protect` and `unprotect` copy each packet twice.

When it breaks (`tests/test_private_parts.py` says so): see in pylibsrtp's `__init__.py` how `Session.protect` now
calls libsrtp, and take the handles and the session from there; pin the former release in pyproject.toml until then.
`mediaserver/native/` gets the same functions by address and needs no change. Nothing else knows these private parts.
"""

from typing import Any

from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

__all__ = ["context", "ffi", "lib"]


def context(session: Session) -> Any:
    """Return the C session (`srtp_t`) of a session; it is valid only as long as that session lives."""
    return session._srtp[0]
