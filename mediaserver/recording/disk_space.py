"""How full the disk of the recordings is, and what that means. Rules are pure; only `measure…` look."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mediaserver.video.quality import QUALITIES, USUAL

Level = Literal["ok", "low", "full"]

LOW_SHARE = 0.10
"""Below this share of free space people are warned (R: disk alarm at 10 %)."""
FULL_SHARE = 0.02
RESERVE_BYTES = 1 << 30
SMALL_SHARE = 0.05
"""Kept for the database and the log, which mostly lie on the same disk: nothing is recorded into the last GiB, or the
last 2 % of a disk of more than 50 GiB; of one of less than 20 GiB 5 % are kept.
"""
SOUND_BITS = 40_000
OVERHEAD = 1.02
"""Boxes of the fragmented file."""
BYTES_PER_HOUR = (QUALITIES[USUAL].bitrate + SOUND_BITS) / 8 * 3600 * OVERHEAD
"""At the highest rate the encoder may take; a quiet picture takes less."""
VOICE_BYTES_PER_HOUR = SOUND_BITS / 8 * 3600 * OVERHEAD
"""Of one point that speaks all the time."""


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes of a file system: what is free for us, and all."""

    free: int
    total: int

    @property
    def reserve(self) -> int:
        """Bytes that recordings leave to others."""
        return round(max(FULL_SHARE * self.total, min(RESERVE_BYTES, SMALL_SHARE * self.total)))

    @property
    def level(self) -> Level:
        """Whether recording may go on."""
        if self.free < self.reserve:
            return "full"
        return "low" if self.free < LOW_SHARE * self.total else "ok"

    def hours(self, recordings: int, voices: int = 0) -> float:
        """How many hours so many recordings at once (at least one is meant) may last until they are stopped.

        So many `voices` in all are kept beside them.
        """
        rate = BYTES_PER_HOUR * max(1, recordings) + VOICE_BYTES_PER_HOUR * voices
        return self.usable / rate

    @property
    def usable(self) -> int:
        """Bytes that may be taken before recording stops."""
        return max(0, self.free - self.reserve)

    def holds(self, size: int) -> bool:
        """Whether a file of `size` bytes can be added without anything being stopped."""
        return self.free - size >= self.reserve


def size(hours: float, voices: int = 0) -> int:
    """How many bytes a recording takes at most, with so many `voices` kept beside it (R-082)."""
    return round((BYTES_PER_HOUR + VOICE_BYTES_PER_HOUR * voices) * hours)


def measure(directory: Path) -> Space:
    """The space around a directory, which need not exist yet. Raises OSError."""
    while not directory.exists():
        directory = directory.parent
    usage = shutil.disk_usage(directory)
    return Space(usage.free, usage.total)


def measure_descriptor(descriptor: int) -> Space:
    """The space around an open file, as :func:`measure` tells it. Raises OSError."""
    found = os.fstatvfs(descriptor)
    return Space(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)
