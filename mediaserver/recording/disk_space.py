"""Free space on the disk of the recordings, and whether recording may go on. Pure, except the functions `measure…`."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mediaserver.api import ComposedWhen
from mediaserver.video.quality import CAMERA_BPS, QUALITIES, USUAL

Level = Literal["ok", "low", "full"]

LOW_SHARE = 0.10
"""Share of free space below which people are warned (R: disk alarm at 10 %)."""
FULL_SHARE = 0.02
RESERVE_BYTES = 1 << 30
SMALL_SHARE = 0.05
"""Space that recordings leave to the database and the log, which mostly lie on the same disk: the last GiB, or the last
2 % of a disk of more than 50 GiB; of one of less than 20 GiB it is 5 %."""
SOUND_BITS = 40_000
OVERHEAD = 1.02
"""Factor for the boxes of the fragmented file."""
BYTES_PER_HOUR = (QUALITIES[USUAL].bitrate + SOUND_BITS) / 8 * 3600 * OVERHEAD
"""Size of an hour of recording at the highest bitrate the encoder may use; a quiet picture takes less."""
VOICE_BYTES_PER_HOUR = SOUND_BITS / 8 * 3600 * OVERHEAD
"""Size of an hour of one point's isolated track when it speaks all the time."""

TRACKS_BYTES_PER_HOUR = (9 * CAMERA_BPS[1] + SOUND_BITS) / 8 * 3600
"""Size of an hour of tracks with the dearest of the usual layouts: nine cameras of 360 lines. They are deleted once the
recording is composed."""


@dataclass(frozen=True, slots=True)
class Space:
    """A file system's size and the bytes of it that are free for us."""

    free: int
    total: int

    @property
    def reserve(self) -> int:
        """Return the bytes that recordings leave to others."""
        return round(max(FULL_SHARE * self.total, min(RESERVE_BYTES, SMALL_SHARE * self.total)))

    @property
    def level(self) -> Level:
        """Return whether recording may go on: "ok", "low" (people are warned) or "full" (recordings stop)."""
        if self.free < self.reserve:
            return "full"
        return "low" if self.free < LOW_SHARE * self.total else "ok"

    def hours(self, recordings: int, voices: int = 0, afterwards: int = 0) -> float:
        """Return the hours that so many recordings at once (at least one) may last, with so many isolated tracks in
        all.

        So many of them are composed `afterwards`.
        """
        rate = BYTES_PER_HOUR * max(1, recordings) + VOICE_BYTES_PER_HOUR * voices + TRACKS_BYTES_PER_HOUR * afterwards
        return self.usable / rate

    @property
    def usable(self) -> int:
        """Return the bytes that may be written before recordings stop."""
        return max(0, self.free - self.reserve)

    def holds(self, size: int) -> bool:
        """Return whether a file of `size` bytes can be added without stopping a recording."""
        return self.free - size >= self.reserve


def size(hours: float, voices: int = 0, composed: ComposedWhen = "live") -> int:
    """Return the most bytes that a recording of so many hours takes, with so many isolated tracks beside it (R-082).

    One that is composed afterwards needs room for its tracks until then.
    """
    tracks = TRACKS_BYTES_PER_HOUR if composed == "afterwards" else 0.0
    return round((BYTES_PER_HOUR + VOICE_BYTES_PER_HOUR * voices + tracks) * hours)


def measure(directory: Path) -> Space:
    """Return the space of the file system of a directory, which need not exist yet. Raises OSError."""
    while not directory.exists():
        directory = directory.parent
    usage = shutil.disk_usage(directory)
    return Space(usage.free, usage.total)


def measure_descriptor(descriptor: int) -> Space:
    """Return the space of the file system of an open file. Raises OSError."""
    found = os.fstatvfs(descriptor)
    return Space(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)
