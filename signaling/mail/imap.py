"""Reads one IMAP mailbox over one connection (RFC 3501), in a thread of its own because imaplib blocks.

Decisions 26 and 68 say why no other library is used.
"""

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from signaling.core.errors import ServerError
from signaling.mail.config import Server

SECONDS = 30.0
"""Longest wait for one response of the server."""

Client = imaplib.IMAP4

_UIDS = re.compile(rb"[0-9]+")
_ARRIVED = re.compile(rb'INTERNALDATE "([^"]+)"')
_SIZE = re.compile(rb"RFC822\.SIZE ([0-9]+)")


class NotRead(ServerError):
    """The mailbox cannot be read now. The text holds no secret."""


@contextmanager
def _as_not_read() -> Iterator[None]:
    """Turn imaplib's exceptions into NotRead."""
    try:
        yield
    except (imaplib.IMAP4.error, OSError, ValueError, ArithmeticError, MemoryError) as error:
        raise NotRead(f"imap: {type(error).__name__}") from None


def connect(server: Server, context: ssl.SSLContext) -> Client:
    """Dial the server; TLS from the first byte or by STARTTLS, unless the settings demand none. Raises NotRead."""
    with _as_not_read():
        if server.tls == "implicit":
            return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=context, timeout=SECONDS)
        client = imaplib.IMAP4(server.host, server.port, timeout=SECONDS)
        if server.tls == "starttls":
            _encrypt(client, context)
        return client


def _encrypt(client: Client, context: ssl.SSLContext) -> None:
    try:
        client.starttls(context)
    except (imaplib.IMAP4.error, OSError):
        close(client)
        raise


def open_mailbox(client: Client, server: Server) -> int:
    """Sign in and open the mailbox; return its UIDVALIDITY. Raises NotRead."""
    with _as_not_read():
        client.login(server.user, server.password)
        name = (server.folder or "INBOX").replace("\\", "\\\\").replace('"', '\\"')
        _ok(client.select(f'"{name}"'))
        _, validity = client.response("UIDVALIDITY")
        return int(_text(validity[0]) or b"0")


def new(client: Client, last: int) -> list[int]:
    """Return the UIDs to read, oldest first: unseen ones, and all those after `last`. Raises NotRead."""
    unseen, after = _search(client, "UNSEEN"), _search(client, f"UID {last + 1}:*")
    return sorted(unseen | {uid for uid in after if uid > last})  # `n:*` names the last one even if it is before n


@dataclass(frozen=True, slots=True)
class Fetched:
    """A letter, or its beginning; `size` is its full length, `arrived` when its server took it, if known."""

    raw: bytes
    size: int
    arrived: datetime | None


def fetch(client: Client, uid: int, most: int) -> Fetched | None:
    """Return at most so many bytes of a letter; None if it is gone. Raises NotRead."""
    with _as_not_read():
        parts = _ok(client.uid("FETCH", str(uid), f"(INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.{most}>)"))
        for part in parts:
            if isinstance(part, tuple):
                size, arrived = _SIZE.search(part[0]), _ARRIVED.search(part[0])
                when = datetime.strptime(arrived[1].decode(), "%d-%b-%Y %H:%M:%S %z") if arrived else None
                return Fetched(part[1], int(size[1]) if size else len(part[1]), when)
    return None


def mark_seen(client: Client, uid: int) -> None:
    """Mark a letter as read. Raises NotRead."""
    with _as_not_read():
        _ok(client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"))


def close(client: Client) -> None:
    """Log out if the server still listens."""
    with suppress(imaplib.IMAP4.error, OSError):
        client.logout()
    with suppress(OSError):
        client.shutdown()


def abort(client: Client) -> None:
    """Close the connection at once, also while a thread waits for it."""
    with suppress(OSError):
        client.sock.shutdown(socket.SHUT_RDWR)


def _search(client: Client, criterion: str) -> set[int]:
    with _as_not_read():
        return {int(uid) for line in _ok(client.uid("SEARCH", criterion)) for uid in _UIDS.findall(_text(line))}


def _text(part: Any) -> bytes:
    """Return the text of a response; imaplib returns a pair for a literal, and None for nothing."""
    return part if isinstance(part, bytes) else b""


def _ok(response: tuple[str, list[Any]]) -> list[Any]:
    status, data = response
    if status != "OK":
        raise imaplib.IMAP4.error(status)
    return data
