"""Signs deliveries as the specification Standard Webhooks 1.0 says: HMAC-SHA-256 over id, time and body."""

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 32
"""Between the 24 and 64 that the specification allows."""


def new_secret() -> str:
    """Return a new secret: its prefix, and random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers_of(keys: Sequence[str], message: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers that identify a delivery and sign it as sent now, by each of several secrets."""
    timestamp = str(int(now.timestamp()))
    signed = b".".join((message.encode(), timestamp.encode(), body))
    macs = [hmac.digest(base64.b64decode(each.removeprefix(PREFIX)), signed, "sha256") for each in keys]
    signatures = " ".join(f"v1,{base64.b64encode(mac).decode()}" for mac in macs)
    return {"webhook-id": message, "webhook-timestamp": timestamp, "webhook-signature": signatures}
