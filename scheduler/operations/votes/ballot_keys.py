"""Keeps the key of each secret vote in a file outside the database, and destroys it when the vote is closed.

The counts of a secret vote change with each ballot. Whoever had the database before and after a ballot (two backups, a
write-ahead log) could subtract; encrypted with a key that no longer exists, they say nothing (decision 84).
"""

import base64
import os
import secrets
from collections.abc import Collection, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scheduler.operations.votes.errors import BallotsLost

KEY_BYTES = 32
NONCE_BYTES = 12
COUNT_BYTES = 4
"""Each count takes as many bytes, so that the length of what is encrypted says nothing."""


class BallotKeys:
    """The keys of secret votes in progress, one file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, vote: str) -> None:
        """Write the key of a vote that is being opened. Raises OSError."""
        self._write(vote, secrets.token_bytes(KEY_BYTES))

    def take_over(self, vote: str, key: bytes, sealed: str) -> bool:
        """Write the key of a vote that another server opened; return False if it does not open the counts `sealed`.

        Raises OSError.
        """
        try:
            _decrypted(AESGCM(key), vote, sealed)
        except (InvalidTag, ValueError):
            return False
        self._write(vote, key)
        return True

    def _write(self, vote: str, key: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / vote, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        self._sync_folder()

    def read(self, vote: str) -> bytes | None:
        """Return the key of a vote in progress; None where it is not here. Raises OSError."""
        try:
            return (self._folder / vote).read_bytes()
        except FileNotFoundError:
            return None

    def destroy(self, vote: str) -> None:
        """Overwrite and delete the key of a vote; nothing happens without one. Raises OSError.

        It is also deleted where it cannot be overwritten, as on a full disk whose file system copies on write.
        """
        path = self._folder / vote
        if not path.exists():
            return
        try:
            with path.open("r+b") as file:
                file.write(bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            path.unlink()
            self._sync_folder()

    def destroy_others(self, votes: Collection[str]) -> None:
        """Destroy the keys of all votes but these, which a killed server left. Raises OSError."""
        names = [path.name for path in self._folder.iterdir()] if self._folder.exists() else []
        for name in set(names) - set(votes):
            self.destroy(name)

    def seal(self, vote: str, counts: Sequence[int]) -> str:
        """Encrypt counts, bound to their vote; return base64 text. Raises BallotsLost."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = b"".join(count.to_bytes(COUNT_BYTES, "big") for count in counts)
        return base64.b64encode(nonce + self._cipher(vote).encrypt(nonce, plain, vote.encode())).decode()

    def open(self, vote: str, sealed: str) -> tuple[int, ...]:
        """Decrypt counts. Raises BallotsLost."""
        try:
            plain = _decrypted(self._cipher(vote), vote, sealed)
        except InvalidTag:
            raise BallotsLost from None
        return tuple(
            int.from_bytes(plain[place : place + COUNT_BYTES], "big") for place in range(0, len(plain), COUNT_BYTES)
        )

    def _cipher(self, vote: str) -> AESGCM:
        try:
            return AESGCM((self._folder / vote).read_bytes())
        except (FileNotFoundError, ValueError):
            raise BallotsLost from None

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _decrypted(cipher: AESGCM, vote: str, sealed: str) -> bytes:
    """Return counts as bytes. Raises InvalidTag."""
    data = base64.b64decode(sealed)
    return cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], vote.encode())
