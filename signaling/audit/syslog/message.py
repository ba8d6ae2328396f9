"""Writes entries of the audit log as syslog messages (RFC 5424)."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signaling.audit.hash_chain import ChainedEntry

LOG_AUDIT = 13
"""The facility (RFC 5424 §6.2.1)."""
WARNING, INFORMATIONAL = 4, 6
WARNINGS = frozenset(
    f"{subject}-{result}"
    for subject, results in {
        "login": ("failed", "locked", "disabled"),
        "second-factor": ("failed",),
        "code": ("wrong", "locked"),
        "password": ("locked",),
        "break-glass": ("used",),
        "token": ("locked",),
        "register": ("refused",),
        "call": ("refused",),
        "worker": ("refused",),
        "document": ("damaged",),
        "malware": ("refused",),
        "recording": ("damaged",),
    }.items()
    for result in results
)
"""The actions that a security officer looks at: people and devices that were refused, files that were changed."""
HEAD = "audit-head"
MAX_MSGID, MAX_HOSTNAME = 32, 255
SEQUENCE_IDS = 2_147_483_647
"""The range of `sequenceId` (RFC 5424 §7.3.1)."""
BOM = "\ufeff"


def entry_message(chained: ChainedEntry, host: str) -> bytes:
    """Return an entry with its number and seal as one message; its text is a JSON object."""
    entry = chained.entry
    text = {
        "number": chained.id,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
        "address": entry.address,
        "port": entry.port,
        "profile": chained.profile,
        "seal": chained.seal,
    }
    severity = WARNING if entry.action in WARNINGS else INFORMATIONAL
    return _message(severity, entry.at, host, entry.action, chained.id, text)


def head_message(number: int, seal: str, key: Ed25519PrivateKey, now: datetime, host: str) -> bytes:
    """Return a message with the number and seal of the newest entry, signed (Ed25519, RFC 8032).

    Whoever has the public key can prove later that the log was so far, and that nothing before it was changed.
    """
    signed = f"diemcau audit log {number}:{seal} {_timestamp(now)}"
    text = {"signed": signed, "signature": base64.b64encode(key.sign(signed.encode())).decode()}
    return _message(INFORMATIONAL, now, host, HEAD, number, text)


def public_key(key: Ed25519PrivateKey) -> str:
    """Return the PEM by which heads are verified."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _message(severity: int, at: datetime, host: str, action: str, number: int, text: Mapping[str, object]) -> bytes:
    priority = LOG_AUDIT * 8 + severity
    sequence_id = (number - 1) % SEQUENCE_IDS + 1
    data = f'[meta sequenceId="{sequence_id}"][origin software="diemcau" swVersion="{version("diemcau")}"]'
    header = f"<{priority}>1 {_timestamp(at)} {_word(host, MAX_HOSTNAME)} diemcau - {_word(action, MAX_MSGID)} {data} "
    return (header + BOM + json.dumps(text, ensure_ascii=False)).encode()


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _word(text: str, longest: int) -> str:
    """Return a header field: printable ASCII without spaces, else `-` in place of each other character."""
    return "".join(char if "!" <= char <= "~" else "-" for char in text)[:longest] or "-"
