"""Credentials for the TURN server (RFC 8656) by which browsers reach media where nothing but TLS passes, as coturn
takes them with `use-auth-secret` (draft-uberti-behave-turn-rest). Pure."""

import hmac
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta

VALID = timedelta(hours=1)
"""For the allocation alone: coturn keeps the key of one that it made. Whoever connects later asks anew."""


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """Links of the TURN server (RFC 7065), and the secret that it shares with us."""

    urls: tuple[str, ...]
    secret: str = field(repr=False)


def credentials(secret: str, name: str, now: datetime) -> tuple[str, str]:
    """Return a username that ends by itself, and its password."""
    username = f"{int((now + VALID).timestamp())}:{name}"
    return username, b64encode(hmac.digest(secret.encode(), username.encode(), "sha1")).decode()
