"""Files encrypted at rest (AES-256-GCM), chunk by chunk: any range can be read, and no change, cut or move goes
unnoticed.

An encrypted file is a header and chunks of 1 MiB, each with its tag. Each file has a key of its own in its header,
encrypted with the key of :class:`FileCipher` and bound to the file's place: its folder and name. A chunk's nonce is its
number and a flag for the last one, as in STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015), so that missing or swapped
chunks and chunks of another file do not decrypt.
"""

import hmac
import io
import os
import secrets
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mediaserver.recording.files import CHUNK_BYTES, rename_synced

MARK = b"diemcau sealed 1"
"""The first bytes of an encrypted file; an mp4 begins with the size of its first box."""
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
HEADER_BYTES = len(MARK) + WRAPPED_BYTES
REWRAP_SUFFIX = ".rewrap"
"""Of the file with a new header, which lies beside a file until it is written there."""
ENCRYPTED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES


class Damaged(Exception):
    """Raised when a file is not what was encrypted at its place, or was encrypted with another key."""

    def __init__(self, path: Path, fault: str) -> None:
        super().__init__(f"{path} {fault}")
        self.path = path
        self.fault = fault


class EncryptedFile(io.RawIOBase):
    """Reads an encrypted file as plain bytes. Raises Damaged."""

    def __init__(self, file: BinaryIO, path: Path, key: bytes) -> None:
        self._file = file
        self._path = path
        self._cipher = AESGCM(key)
        body = os.fstat(file.fileno()).st_size - HEADER_BYTES
        self._last = max(0, body - 1) // ENCRYPTED_CHUNK_BYTES
        self._size = body - (self._last + 1) * TAG_BYTES
        self._place = 0
        self._opened: tuple[int, bytes] = (-1, b"")
        if self._size < 0:
            raise Damaged(path, "is cut off")
        if self._size == 0:  # there is no byte whose reading would tell
            self._chunk(0)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to an offset in the plain bytes."""
        self._place = max(0, offset + (0, self._place, self._size)[whence])
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Read plain bytes from the current position, at most to the end of the chunk."""
        if self._place >= self._size:
            return 0
        view = memoryview(buffer).cast("B")
        number, start = divmod(self._place, CHUNK_BYTES)
        found = self._chunk(number)[start : start + len(view)]
        view[: len(found)] = found
        self._place += len(found)
        return len(found)

    def close(self) -> None:
        """Close this file and the encrypted one beneath."""
        self._file.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self._opened[0] != number:
            self._file.seek(HEADER_BYTES + number * ENCRYPTED_CHUNK_BYTES)
            encrypted = self._file.read(ENCRYPTED_CHUNK_BYTES)
            try:
                self._opened = number, self._cipher.decrypt(_nonce(number, number == self._last), encrypted, None)
            except InvalidTag:
                raise Damaged(self._path, f"was changed in chunk {number}") from None
        return self._opened[1]


class FileCipher:
    """Encrypts and decrypts files with one master key."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self._cipher = AESGCM(key)

    def for_making(self, recording: Path) -> "FileCipher":
        """Return the cipher of the files from which a recording is made; it opens nothing else, and this one none of
        them."""
        return FileCipher(hmac.digest(self.key, b"diemcau making " + _place(recording), "sha256"))

    def encrypt(self, path: Path) -> None:
        """Replace a file by its encrypted form, unless it is encrypted already; the change is atomic. Raises
        OSError."""
        with path.open("rb") as plain:
            if not _marked(plain):
                plain.seek(0)
                self.write(path, plain)

    def write(self, path: Path, plain: BinaryIO) -> None:
        """Write an encrypted file from the rest of an open plain one. Raises OSError."""
        fresh = path.with_name(f"{path.name}.sealed")
        key = secrets.token_bytes(KEY_BYTES)
        cipher, nonce = AESGCM(key), secrets.token_bytes(NONCE_BYTES)
        try:
            with fresh.open("wb") as file:
                file.write(MARK + nonce + self._cipher.encrypt(nonce, key, _place(path)))
                number, chunk = 0, plain.read(CHUNK_BYTES)
                while following := plain.read(CHUNK_BYTES):
                    file.write(cipher.encrypt(_nonce(number, False), chunk, None))
                    number, chunk = number + 1, following
                file.write(cipher.encrypt(_nonce(number, True), chunk, None))
            rename_synced(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)

    def open(self, path: Path, require_encrypted: bool = False) -> io.BufferedReader:
        """Open a file for reading, encrypted or plain; with `require_encrypted`, a plain
        one is refused. Raises Damaged,
        OSError."""
        file = path.open("rb")
        try:
            if _marked(file):
                opened = EncryptedFile(file, path, self._unwrap(file.read(WRAPPED_BYTES), path))
                return io.BufferedReader(opened, CHUNK_BYTES)
            if require_encrypted:
                raise Damaged(path, "is not sealed")
            file.seek(0)
        except Damaged:
            file.close()
            raise
        return file

    def key_of(self, path: Path) -> bytes | None:
        """Return the key of one encrypted file, for :func:`open_by_own_key`; None for a plain one. Raises Damaged,
        OSError."""
        with path.open("rb") as file:
            return self._unwrap(file.read(WRAPPED_BYTES), path) if _marked(file) else None

    def rewrap(self, path: Path, other: "FileCipher") -> bool:
        """Encrypt the key of a file with that of another cipher, unless it is already; return False if neither opens
        it.

        The header is replaced in its place. If that is interrupted, the next call finishes it. Raises OSError.
        """
        journal = path.with_name(f"{path.name}{REWRAP_SUFFIX}")
        if journal.exists():
            _replace_header(path, journal)
        wrapped = _wrapped(path)
        if other._opens(wrapped, path):
            return True
        if not self._opens(wrapped, path):
            return False
        fresh, nonce = path.with_name(f"{path.name}.part{REWRAP_SUFFIX}"), secrets.token_bytes(NONCE_BYTES)
        fresh.write_bytes(nonce + other._cipher.encrypt(nonce, self._unwrap(wrapped, path), _place(path)))
        rename_synced(fresh, journal)
        _replace_header(path, journal)
        return True

    def _opens(self, wrapped: bytes, path: Path) -> bool:
        try:
            self._unwrap(wrapped, path)
        except Damaged:
            return False
        return True

    def _unwrap(self, wrapped: bytes, path: Path) -> bytes:
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _place(path))
        except (InvalidTag, ValueError):
            raise Damaged(path, "was sealed with another key, or for another place") from None


def open_by_own_key(path: Path, key: bytes) -> io.BufferedReader:
    """Open an encrypted file by its own key, which opens no other. Raises Damaged, OSError."""
    file = path.open("rb")
    try:
        return io.BufferedReader(EncryptedFile(file, path, key), CHUNK_BYTES)
    except Damaged:
        file.close()
        raise


def is_encrypted(path: Path) -> bool:
    """Return whether a file is in its encrypted form. Raises OSError."""
    with path.open("rb") as file:
        return _marked(file)


def _wrapped(path: Path) -> bytes:
    """Return the encrypted key in the header of an encrypted file."""
    with path.open("rb") as file:
        file.seek(len(MARK))
        return file.read(WRAPPED_BYTES)


def _replace_header(path: Path, journal: Path) -> None:
    """Write the encrypted key of a journal, which is whole, into a file, then delete the journal."""
    with path.open("r+b") as file:
        file.seek(len(MARK))
        file.write(journal.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    journal.unlink()


def _marked(file: BinaryIO) -> bool:
    return file.read(len(MARK)) == MARK


def _place(path: Path) -> bytes:
    return f"{path.parent.name}/{path.name}".encode()


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(NONCE_BYTES - 1, "big") + bytes([last])
