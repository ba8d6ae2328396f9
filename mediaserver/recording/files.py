"""The files of a recording: how they are called and opened, its fingerprint, and how much of a cut-off one is whole."""

import hashlib
import os
from pathlib import Path
from typing import Protocol

from mediaserver.recording.disk_space import Space, measure

CHUNK_BYTES = 1 << 20
HEADER_BYTES = 16
"""Of a box: its size in 4 bytes, its kind in 4, and 8 more for a size that is larger (ISO/IEC 14496-12, 4.2)."""

MAX_DAMAGED = 5
"""Fragments, of a second each, that may be given up at the end of a file for the sake of the rest."""
MAX_ISOLATED_TRACKS = 64
"""Points with a file of their own in one recording; who speaks first after them is in the mix only."""


class RecordingFiles(Protocol):
    """The files of one recording that is made: number 0 is the recording itself, 1 and on are those of its points."""

    path: Path

    def open(self, number: int) -> int:
        """Return the descriptor of a file, which is the caller's to close. Raises OSError."""

    def space(self) -> Space:
        """How full the disk is on which they lie. Raises OSError."""

    def close(self) -> None:
        """Let go of what was not opened."""


class FolderFiles:
    """:class:`RecordingFiles` in a folder where we may open them."""

    def __init__(self, path: Path) -> None:
        # given
        self.path = path

    def open(self, number: int) -> int:
        """Make a file anew. Raises OSError."""
        return create(self.path if number == 0 else isolated_track_path(self.path, number))

    def space(self) -> Space:
        """How full the disk is. Raises OSError."""
        return measure(self.path.parent)

    def close(self) -> None:
        """Nothing is open."""


def create(path: Path) -> int:
    """Open a file to be written anew, for its owner alone. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)


def isolated_track_path(recording: Path, number: int) -> Path:
    """Where the sound of the point lies that spoke as the `number`-th one."""
    return recording.with_name(f"{recording.stem}.{number}.m4a")


def all_paths(recording: Path) -> list[Path]:
    """Where all files of a recording may lie, by their numbers."""
    return [recording, *(isolated_track_path(recording, number) for number in range(1, MAX_ISOLATED_TRACKS + 1))]


def delete_empty(recording: Path) -> None:
    """Delete what stayed empty of a recording that is closed. Raises OSError."""
    for path in (recording, *isolated_track_paths(recording)):
        if path.is_file() and path.stat().st_size == 0:
            path.unlink()


def thumbnail_of(path: Path) -> Path:
    """Where the picture of a recording lies."""
    return path.with_suffix(".jpg")


def isolated_track_paths(recording: Path) -> list[Path]:
    """The files of a recording's points, in the order in which they spoke first."""
    found = recording.parent.glob(f"{recording.stem}.*.m4a")
    return sorted(found, key=lambda path: (len(path.name), path.name))


def rename_synced(fresh: Path, target: Path) -> None:
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
