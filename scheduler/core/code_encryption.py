"""Session codes at rest: a stolen database opens no door (R-051, Điều 11.1).

A code is kept twice: as a mark, a keyed hash by which it is looked up and by which none is ever given twice, and sealed
(AES-256-GCM) as long as it lives, for those who may be told it. Both keys come from one that lies outside the database.
A sealed code is bound to its session, so that swapping rows opens nothing either.
"""

import base64
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.errors import LostKey

KEY_BYTES = 32
NONCE_BYTES = 12  # SP 800-38D, 8.2.2: random ones, for far fewer than 2^32 codes
MARK_BYTES = 13
"""104 bits, 18 letters: two of a million codes share a mark once in 10^19 provinces."""


class CodeCipher:
    """Seals codes and knows them again."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise LostKey
        self._lookup = hmac.digest(key, b"diemcau code lookup", "sha256")
        self._cipher = AESGCM(hmac.digest(key, b"diemcau code seal", "sha256"))

    def mark(self, code: str) -> str:
        """Return what a code is looked up by."""
        return base64.urlsafe_b64encode(hmac.digest(self._lookup, code.encode(), "sha256")[:MARK_BYTES])[:18].decode()

    def seal(self, code: str, session: str) -> str:
        """Return a code as it may lie in the database."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, code.encode(), session.encode())).decode()

    def open(self, sealed: str, session: str) -> str:
        """Return the code that was sealed for a session. Raises LostKey."""
        try:
            kept = base64.b64decode(sealed, validate=True)
            return self._cipher.decrypt(kept[:NONCE_BYTES], kept[NONCE_BYTES:], session.encode()).decode()
        except (InvalidTag, ValueError):
            raise LostKey from None


OPTION = "diemcau_vault"
"""The execution option of an engine whose connections seal codes."""
FORGETFUL = CodeCipher(secrets.token_bytes(KEY_BYTES))
"""For an engine without a key of its own: what it seals is lost with the process."""


def of(db: AsyncConnection) -> CodeCipher:
    """Return the vault of a connection."""
    assert db.sync_connection is not None
    vault: CodeCipher = db.sync_connection.get_execution_options().get(OPTION, FORGETFUL)
    return vault
