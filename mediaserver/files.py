"""The files of a recording: where its picture lies, its fingerprint, and how much of a cut-off one is whole."""

import hashlib
import os
from pathlib import Path

CHUNK_BYTES = 1 << 20
HEADER_BYTES = 16
"""Of a box: its size in 4 bytes, its kind in 4, and 8 more for a size that is larger (ISO/IEC 14496-12, 4.2)."""

MAX_DAMAGED = 5
"""Fragments, of a second each, that may be given up at the end of a file for the sake of the rest."""


def thumbnail_of(path: Path) -> Path:
    """Where the picture of a recording lies."""
    return path.with_suffix(".jpg")


def solos_of(recording: Path) -> list[Path]:
    """The files of a recording's points, in the order in which they spoke first."""
    found = recording.parent.glob(f"{recording.stem}.*.m4a")
    return sorted(found, key=lambda path: (len(path.name), path.name))


def take_name(fresh: Path, target: Path) -> None:
    """Give a file its name, once all of it is on the disk; rename(2) leaves no moment without a file."""
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(target)
    directory = os.open(target.parent, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ends(path: Path) -> list[int]:
    """Where an mp4 may end: after what is whole of it, or before its last fragment, or the one before. Raises OSError.

    Whole it is up to a box that is cut off, unless that holds pictures. A demuxer takes what there is of pictures, but
    gives a whole file up for half a table of them; also for one that has its size but, after a loss of power, zeros in
    it, which nobody but a demuxer can tell.
    """
    whole, fragments = _walk(path)
    return [whole, *fragments[: -MAX_DAMAGED - 1 : -1]]


def _walk(path: Path) -> tuple[int, list[int]]:
    """How much of an mp4 is whole, and where its fragments begin."""
    end, place = path.stat().st_size, 0
    fragments: list[int] = []
    with path.open("rb") as file:
        while place < end:
            file.seek(place)
            size, kind = _box(file.read(HEADER_BYTES))
            if kind and size == 0:  # to the end of the file
                return end, fragments
            if size < 8 or (place + size > end and kind != b"mdat"):
                return place, fragments
            if kind == b"moof":
                fragments.append(place)
            place += size
    return end, fragments


def _box(header: bytes) -> tuple[int, bytes]:
    """Size and kind of a box; the kind is empty when the header is cut off."""
    size, kind = int.from_bytes(header[:4], "big"), header[4:8]
    if len(header) < 8:
        return 0, b""
    return (int.from_bytes(header[8:16], "big"), kind) if size == 1 else (size, kind)
