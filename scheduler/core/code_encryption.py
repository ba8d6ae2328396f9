"""Encrypts session codes at rest, so that a stolen database admits nobody to a meeting (R-051, Điều 11.1).

A code is stored twice: as a mark, a keyed hash for look-up, which also keeps a code from being issued twice; and
encrypted (AES-256-GCM) as long as it is live, for accounts that may see it. Both keys derive from one key outside the
database. An encrypted code is bound to its session, so that swapped rows cannot be decrypted.
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
    """Encrypts session codes and makes their marks. Raises LostKey for a key of another length."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise LostKey
        self._lookup = hmac.digest(key, b"diemcau code lookup", "sha256")
        self._cipher = AESGCM(hmac.digest(key, b"diemcau code seal", "sha256"))

    def mark(self, code: str) -> str:
        """Return the keyed hash by which a code is looked up: 18 letters."""
        return base64.urlsafe_b64encode(hmac.digest(self._lookup, code.encode(), "sha256")[:MARK_BYTES])[:18].decode()

    def encrypt(self, code: str, session: str) -> str:
        """Encrypt a code, bound to its session; return base64 text."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, code.encode(), session.encode())).decode()

    def decrypt(self, encrypted: str, session: str) -> str:
        """Decrypt the code that was encrypted for a session. Raises LostKey."""
        try:
            data = base64.b64decode(encrypted, validate=True)
            return self._cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], session.encode()).decode()
        except (InvalidTag, ValueError):
            raise LostKey from None


OPTION = "diemcau_code_cipher"
"""The execution option of an engine that holds its cipher."""
EPHEMERAL = CodeCipher(secrets.token_bytes(KEY_BYTES))
"""The cipher of an engine without a key; what it encrypts is lost when the process ends."""


def cipher_of(db: AsyncConnection) -> CodeCipher:
    """Return the cipher of the engine that a connection belongs to."""
    assert db.sync_connection is not None
    cipher: CodeCipher = db.sync_connection.get_execution_options().get(OPTION, EPHEMERAL)
    return cipher
