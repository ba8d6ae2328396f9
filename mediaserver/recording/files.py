"""Files of a recording: their names, how they are opened and replaced, their SHA-256, and where a damaged mp4 ends."""

import hashlib
import os
from pathlib import Path
from typing import Protocol

from mediaserver.recording.disk_space import Space, measure

CHUNK_BYTES = 1 << 20
HEADER_BYTES = 16
"""Size of a box header: the box's size in 4 bytes, its kind in 4, and 8 more for a large size (ISO/IEC 14496-12,
4.2)."""

MAX_DAMAGED = 5
"""Fragments of one second that may be given up at the end of a file to save the rest."""
MAX_ISOLATED_TRACKS = 64
"""Points with an isolated track in one recording; points that speak first after them are only in the mix."""
TRACKS = MAX_ISOLATED_TRACKS + 1
"""Number of the file with the tracks of a recording that is composed afterwards."""


class RecordingFiles(Protocol):
    """The files of one recording: number 0 is the composed recording, 1 and on are the isolated tracks of its points.

    Number :data:`TRACKS` is the file of its tracks, if it is composed afterwards.
    """

    path: Path

    def open(self, number: int) -> int:
        """Return the descriptor of a file, which the caller closes. Raises OSError."""

    def space(self) -> Space:
        """Return how full the disk of the files is. Raises OSError."""

    def close(self) -> None:
        """Release the files that were not opened."""


class FolderFiles:
    """:class:`RecordingFiles` in a folder where this process may create them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self, number: int) -> int:
        """Create a file. Raises OSError."""
        return create(all_paths(self.path)[number])

    def space(self) -> Space:
        """Return how full the disk is. Raises OSError."""
        return measure(self.path.parent)

    def close(self) -> None:
        """Do nothing: no file waits open."""


def create(path: Path) -> int:
    """Create or empty a file for writing, readable by its owner alone, and return its descriptor. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)


def isolated_track_path(recording: Path, number: int) -> Path:
    """Return the path of the isolated track of the point that spoke as the `number`-th one."""
    return recording.with_name(f"{recording.stem}.{number}.m4a")


def all_paths(recording: Path) -> list[Path]:
    """Return the paths of all files that a recorder may write, by their numbers."""
    isolated_tracks = (isolated_track_path(recording, number) for number in range(1, MAX_ISOLATED_TRACKS + 1))
    return [recording, *isolated_tracks, tracks_path(recording)]


def tracks_path(recording: Path) -> Path:
    """Return the path of the tracks of a recording that is composed afterwards
    (:mod:`mediaserver.recording.track_file`)."""
    return recording.with_suffix(".tracks")


def segment_path(recording: Path, number: int) -> Path:
    """Return the path of a segment that is composed already, while the recording is not yet."""
    return recording.with_name(f"{recording.stem}.{number}.segment")


def segment_paths(recording: Path) -> list[Path]:
    """Return the existing segments of a recording, whole or not."""
    return list(recording.parent.glob(f"{recording.stem}.*.segment*"))


def raw_paths(recording: Path) -> list[Path]:
    """Return the existing files from which a recording is still to be made: its tracks and segments, whole or not."""
    return [path for path in (tracks_path(recording), *segment_paths(recording)) if path.is_file()]


def written_path(recording: Path) -> Path | None:
    """Return the file that a part was recorded into, which is its mp4 or its tracks; None when nothing was recorded."""
    return next((path for path in (recording, tracks_path(recording)) if path.is_file()), None)


def delete_empty(recording: Path) -> None:
    """Delete the empty files of a recording that is closed. Raises OSError."""
    for path in (recording, *isolated_track_paths(recording), tracks_path(recording)):
        if path.is_file() and path.stat().st_size == 0:
            path.unlink()


def thumbnail_of(path: Path) -> Path:
    """Return the path of a recording's thumbnail."""
    return path.with_suffix(".jpg")


def transcript_path(recording: Path) -> Path:
    """Return the path of the transcript of a recording, whole or not."""
    return recording.with_suffix(".transcript")


def turns_path(recording: Path) -> Path:
    """Return the path of what is kept of who spoke when (:mod:`mediaserver.recording.turns`)."""
    return recording.with_suffix(".turns")


def isolated_track_paths(recording: Path) -> list[Path]:
    """Return the existing isolated tracks of a recording, in the order in which the points spoke first."""
    found = recording.parent.glob(f"{recording.stem}.*.m4a")
    return sorted(found, key=lambda path: (len(path.name), path.name))


def rename_synced(fresh: Path, target: Path) -> None:
    """Rename a file once all of it is on the disk; rename(2) leaves no moment without a file."""
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(target)
    directory = os.open(target.parent, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ends(path: Path) -> list[int]:
    """Return the offsets at which an mp4 may end: after its last whole box, before its last fragment, or the one
    before. Raises OSError.

    A box that is cut off ends the whole part, unless it holds pictures: a demuxer reads what there is of pictures. It
    rejects the whole file for half a table, and for a fragment that a loss of power filled with zeros, which only a
    demuxer can tell.
    """
    whole, fragments = _walk(path)
    return [whole, *fragments[: -MAX_DAMAGED - 1 : -1]]


def _walk(path: Path) -> tuple[int, list[int]]:
    """Return how many bytes of an mp4 are whole, and where its fragments begin."""
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
    """Return size and kind of a box; the kind is empty when the header is cut off."""
    size, kind = int.from_bytes(header[:4], "big"), header[4:8]
    if len(header) < 8:
        return 0, b""
    return (int.from_bytes(header[8:16], "big"), kind) if size == 1 else (size, kind)
