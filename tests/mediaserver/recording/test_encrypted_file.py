"""Tests of encrypted files: any range reads back, and every change, cut, swap, move or foreign key is noticed.

Also tests `files.py`.
"""

import hashlib
import io
import os
import random
from pathlib import Path

import pytest

from mediaserver.recording.encrypted_file import (
    ENCRYPTED_CHUNK_BYTES,
    HEADER_BYTES,
    KEY_BYTES,
    MARK,
    TAG_BYTES,
    Damaged,
    EncryptedFile,
    FileCipher,
)
from mediaserver.recording.files import CHUNK_BYTES
from mediaserver.recording.remux_job import RecordingPart
from mediaserver.recording.remuxer import RemuxFailed, remux
from tests.film import CIPHER, film
from tests.mediaserver.recording.container import payloads

SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 12_345]


def noise(size: int) -> bytes:
    """Return so many random bytes, no two chunks of which are equal."""
    return random.Random(size).randbytes(size)


def encrypted_copy(path: Path, data: bytes) -> Path:
    """Write `data` to `path`, encrypt the file in place and return its path."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    CIPHER.encrypt(path)
    return path


def decrypted(path: Path) -> bytes:
    """Return the plain bytes of an encrypted file."""
    with CIPHER.open(path, require_encrypted=True) as file:
        return file.read()


@pytest.mark.parametrize("size", SIZES)
def test_r101_an_encrypted_file_reads_back_and_does_not_hold_plain_bytes(tmp_path: Path, size: int) -> None:
    data = noise(size)
    path = encrypted_copy(tmp_path / "1.mp4", data)
    raw = path.read_bytes()
    assert (raw[: len(MARK)], decrypted(path)) == (MARK, data)
    assert len(raw) == HEADER_BYTES + size + TAG_BYTES * max(1, -(-size // CHUNK_BYTES))
    assert size < 16 or data[:16] not in raw
    CIPHER.encrypt(path)
    assert (path.read_bytes(), os.listdir(tmp_path)) == (raw, ["1.mp4"]), "encrypting it again changes nothing"


def test_r101_any_range_opens_by_itself(tmp_path: Path) -> None:
    data = noise(3 * CHUNK_BYTES + 12_345)
    path, chance = encrypted_copy(tmp_path / "1.mp4", data), random.Random(1)
    with CIPHER.open(path, require_encrypted=True) as file:
        assert isinstance(file.raw, EncryptedFile)
        assert file.seek(0, os.SEEK_END) == len(data)
        for _ in range(200):
            start, size = chance.randrange(len(data) + 10), chance.randrange(2 * CHUNK_BYTES)
            file.seek(start)
            assert file.read(size) == data[start : start + size]
        file.seek(-5, os.SEEK_END)
        assert file.read() == data[-5:]
        file.seek(0)
        assert hashlib.file_digest(file, "sha256").digest() == hashlib.sha256(data).digest()


def test_r101_a_range_reads_no_chunk_but_its_own(tmp_path: Path) -> None:
    data = noise(3 * CHUNK_BYTES)
    path = encrypted_copy(tmp_path / "1.mp4", data)
    raw = bytearray(path.read_bytes())
    raw[HEADER_BYTES + 5] ^= 1
    path.write_bytes(raw)
    with CIPHER.open(path) as file:
        file.seek(CHUNK_BYTES)
        assert file.read(CHUNK_BYTES) == data[CHUNK_BYTES : 2 * CHUNK_BYTES]
        file.seek(0)
        with pytest.raises(Damaged, match=r"was changed in chunk 0$"):
            file.read(1)


@pytest.mark.parametrize(
    "place", [0, len(MARK), HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + ENCRYPTED_CHUNK_BYTES, -1]
)
def test_r101_one_changed_bit_anywhere_is_noticed(tmp_path: Path, place: int) -> None:
    path = encrypted_copy(tmp_path / "1.mp4", noise(CHUNK_BYTES + 7))
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)
    with pytest.raises(Damaged, match=f"^{path} (is not sealed|was )"):
        decrypted(path)


LEFT = (len(MARK), HEADER_BYTES, HEADER_BYTES + 1, HEADER_BYTES + TAG_BYTES, HEADER_BYTES + ENCRYPTED_CHUNK_BYTES, -1)


@pytest.mark.parametrize("left", LEFT)
def test_r101_a_file_that_is_cut_off_is_noticed_also_between_chunks(tmp_path: Path, left: int) -> None:
    path = encrypted_copy(tmp_path / "1.mp4", noise(2 * CHUNK_BYTES))
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(Damaged):
        decrypted(path)


def test_r101_chunks_keep_their_order_and_their_file(tmp_path: Path) -> None:
    one, two = (encrypted_copy(tmp_path / f"{n}.mp4", noise(3 * CHUNK_BYTES + n)) for n in (1, 2))
    raw, other = one.read_bytes(), two.read_bytes()
    first, second = (HEADER_BYTES + n * ENCRYPTED_CHUNK_BYTES for n in (0, 1))
    third = second + ENCRYPTED_CHUNK_BYTES
    for forged in (
        raw[:first] + raw[second:third] + raw[first:second] + raw[third:],
        raw[:first] + other[first:second] + raw[second:],
    ):
        one.write_bytes(forged)
        with pytest.raises(Damaged, match="was changed in chunk 0"):
            decrypted(one)


def test_r101_a_file_is_opened_at_its_place_with_its_key_only(tmp_path: Path) -> None:
    path = encrypted_copy(tmp_path / "s" / "1.mp4", b"a meeting")
    moved = tmp_path / "t" / "1.mp4"
    moved.parent.mkdir()
    moved.write_bytes(path.read_bytes())
    with pytest.raises(Damaged, match="for another place"):
        decrypted(moved)
    with pytest.raises(Damaged, match="another key"):
        FileCipher(b"\1" * KEY_BYTES).open(path)
    path.rename(path.with_name("2.mp4"))
    with pytest.raises(Damaged, match="for another place"):
        decrypted(path.with_name("2.mp4"))
    plain = tmp_path / "plain.mp4"
    plain.write_bytes(b"anything")
    with CIPHER.open(plain) as file:
        assert file.read() == b"anything"
    with pytest.raises(Damaged, match="is not sealed"):
        CIPHER.open(plain, require_encrypted=True)


def test_r101_a_disk_that_fills_up_leaves_what_was_there(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > CHUNK_BYTES:
                raise OSError(28, "No space left on device")
            return super().read(size)

    path = tmp_path / "1.mp4"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="No space"):
        CIPHER.write(path, Full(noise(3 * CHUNK_BYTES)))
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"old", ["1.mp4"])


def test_r101_encrypted_parts_are_joined_as_plain_ones_are(tmp_path: Path) -> None:
    parts = [film(tmp_path / f"{number}.mp4", 2) for number in (1, 2)]
    recording_parts = [RecordingPart(path, offset) for path, offset in zip(parts, (0, 3.0), strict=True)]
    for path in parts:
        remux(path, [RecordingPart(path)], CIPHER)
    plain = remux(tmp_path / "plain.mp4", recording_parts, CIPHER)
    CIPHER.encrypt(parts[0])  # the other one was just finished
    joined = remux(tmp_path / "joined.mp4", recording_parts, CIPHER)
    assert joined.seconds == plain.seconds == 5.0
    for kind in ("video", "audio"):
        assert payloads(tmp_path / "joined.mp4", kind) == payloads(tmp_path / "plain.mp4", kind)
    raw = bytearray(parts[0].read_bytes())
    raw[-1] ^= 1
    parts[0].write_bytes(raw)
    with pytest.raises(RemuxFailed, match="unreadable"):
        remux(tmp_path / "joined.mp4", recording_parts, CIPHER)
