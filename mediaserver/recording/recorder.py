"""The base of all recorders of a room: a thread for their disk, isolated tracks beside the recording, and their end.

A recorder leaves the disk its reserve (:mod:`mediaserver.recording.disk_space`) by itself, since no server may be there
to watch it.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from errno import ENOSPC
from typing import Any, Protocol

import av

from mediaserver.audio.mix_minus import FRAME_SAMPLES, SAMPLE_RATE, Samples
from mediaserver.recording.files import RecordingFiles
from mediaserver.recording.isolated_track import IsolatedTracks
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import Source

logger = logging.getLogger(__name__)

ITEM_BYTES = 2000
"""Memory in bytes that a packet waiting for the disk takes besides its payload."""
MAX_QUEUED_BYTES = 12 << 20
"""Forty seconds of a recording at its highest rate. A disk that hangs for longer will not come back, and the host must
know: the recording then ends with an error."""
MAX_VOICES_BYTES = 8 << 20
"""A quarter of a minute of the isolated tracks of five points; when more waits for the disk, packets of them are left
out."""
DISK_CHECK_S = 2.0
"""Seconds, on the recording's time, between two checks of the free space."""


class Closable(Protocol):
    """A file that is being written."""

    def close(self) -> None:
        """Finish the file. Raises OSError, FFmpegError."""


class Recorder(ABC):
    """Records a room into `files`; `failed` is called once with a machine word. It takes the packets of the mix."""

    def __init__(self, files: RecordingFiles, failed: Callable[[str], None]) -> None:
        self.path = files.path
        self._files = files
        self._failed = failed
        self.stream = None
        self._isolated_tracks = IsolatedTracks(files)
        self._thread = ThreadPoolExecutor(1, "recorder")
        self._start: float | None = None
        """Time of the room's clock at which the recording's own would have begun without pauses; None until the first
        picture or sound, and again after a pause."""
        self.paused = False
        """Whether packets are left out."""
        self.error: str | None = None
        """Why the recording is not whole. It is final once the recorder is closed: the last bytes may find no room,
        too."""
        self._recording_budget = _ByteBudget(MAX_QUEUED_BYTES)
        self._track_budget = _ByteBudget(MAX_VOICES_BYTES)
        self.seconds = 0.0
        self._left_out = 0

    @property
    @abstractmethod
    def _recording(self) -> Closable:
        """The file of the recording itself."""

    @abstractmethod
    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        """Take packets of a source it is attached to."""

    def pause(self, paused: bool) -> None:
        """Pause, or resume."""
        if paused != self.paused:
            self.paused, self._start = paused, None

    def record_isolated_tracks(self, voices: Mapping[str, Samples], tick: int) -> None:
        """Write 20 ms of each mixed voice, by its name, to its isolated track; `tick` is the mixer's.

        While the disk is slow these packets are left out. They take no room from the recording itself, which goes on.
        """
        time = tick * FRAME_SAMPLES / SAMPLE_RATE
        if self.error is not None or self._start is None or time < self._start:
            return
        for track, payload in self._isolated_tracks.encode(voices, tick):
            if not self._submit(self._track_budget, track.write, payload, time - self._start):
                self._leave_out()

    def _leave_out(self) -> None:
        if not self._left_out:
            logger.warning("x voices beside %s are left out: the disk is slow", self.path)
        self._left_out += 1

    def _keep(self, write: Callable[..., None], data: bytes, *arguments: Any) -> None:
        if not self._submit(self._recording_budget, write, data, *arguments):
            self._fail("disk-slow")

    def _submit(self, budget: "_ByteBudget", write: Callable[..., None], data: bytes, *arguments: Any) -> bool:
        """Let the recorder's thread write; return False when too many bytes wait already."""
        size = ITEM_BYTES + len(data)
        if not budget.take(size):
            return False
        self._thread.submit(self._relieve, budget, size, write, data, *arguments)
        return True

    def _relieve(self, budget: "_ByteBudget", size: int, *arguments: Any) -> None:
        try:
            self._write(*arguments)
        finally:
            budget.give(size)

    def _write(self, write: Callable[..., None], *arguments: Any) -> None:
        """Write in the recorder's thread; an error ends the recording."""
        try:
            if self.error is None:
                write(*arguments)
        except (OSError, av.FFmpegError) as exc:
            logger.error("x recording %s: %s", self.path, exc)
            self._fail("disk-full" if getattr(exc, "errno", None) == ENOSPC else "disk-error")

    def _fail(self, word: str) -> None:
        if self.error is None:
            self.error = word
            self._failed(word)

    def close(self) -> None:
        """Finish the file, also after an error; blocks until the disk has it."""
        files = (self._recording, self._isolated_tracks)
        for each in files:
            self._thread.submit(self._write, each.close)
        self._thread.shutdown(wait=True)
        for each in files:  # those that were left out once something had failed
            with suppress(OSError, av.FFmpegError):
                each.close()
        self._files.close()
        if self._left_out:
            logger.warning("x %d packets of voices are missing beside %s", self._left_out, self.path)


class _ByteBudget:
    """Bytes that may wait for the disk. One thread takes and another gives back, so each has a counter of its own."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._returned = 0

    @property
    def used(self) -> int:
        """Return the bytes that wait."""
        return self._taken - self._returned

    def take(self, size: int) -> bool:
        """Take `size` bytes if there is room, and return whether there was."""
        if self.used + size > self._limit:
            return False
        self._taken += size
        return True

    def give(self, size: int) -> None:
        """Give back `size` bytes."""
        self._returned += size


class DiskCheck:
    """Ends a recording before it takes the reserve of the disk."""

    def __init__(self, files: RecordingFiles) -> None:
        self._files = files
        self._due = 0.0
        """Time on the recording in seconds at which the disk is checked next."""

    def check(self, seconds: float) -> None:
        """Check the disk, if it is time, at `seconds` of the recording. Raises OSError when the rest is its reserve."""
        if seconds >= self._due:
            self._due = seconds + DISK_CHECK_S
            if self._files.space().level == "full":
                raise OSError(ENOSPC, "what is left of the disk is its reserve")


def utc_now() -> str:
    """Return the time as it stands in the header of a recording (RFC 3339)."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
