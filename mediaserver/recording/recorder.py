"""The recorder: a sink like any viewer that muxes encoded packets into a fragmented mp4.

Fragments of one second are written as they fill, so a file cut off by a crash plays up to its last second. Picture and
sound carry timestamps of one clock (the room's), which keeps them in sync. A pause is cut out: the file goes on with
the first key frame after it, one picture later. The time of the first picture is in the header. A recorder leaves the
disk its reserve (:mod:`mediaserver.recording.disk_space`) by itself, since no server may be there to watch it.
"""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from errno import ENOSPC
from fractions import Fraction
from io import BytesIO
from typing import Any

import av

from mediaserver.audio.mix_minus import FRAME_SAMPLES, SAMPLE_RATE, Samples
from mediaserver.recording.files import RecordingFiles
from mediaserver.recording.isolated_track import IsolatedTracks
from mediaserver.recording.muxer import FragmentedFile, add_opus
from mediaserver.rtp.frame_assembler import Frame, FrameAssembler
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
RESUME_S = 0.1
"""Seconds from the last picture before a pause to the first one after it; the last picture's sound ends within that."""
DISK_CHECK_S = 2.0
"""Seconds, on the recording's time, between two checks of the free space."""
_VIDEO_CLOCK = 90_000


class Recorder:
    """Records one H.264 source and one Opus source into `files`; `failed` is called once with a machine word."""

    def __init__(self, files: RecordingFiles, failed: Callable[[str], None]) -> None:
        self.path = files.path
        self._files = files
        self._failed = failed
        self.stream = None
        self._file = _File(files)
        self._isolated_tracks = IsolatedTracks(files)
        self._thread = ThreadPoolExecutor(1, "recorder")
        self._assembler = FrameAssembler("H264")
        self._video = _TimestampUnwrapper()
        self._audio = _TimestampUnwrapper()
        self._start: float | None = None
        self.paused = False
        """Whether packets are left out."""
        self.error: str | None = None
        """Why the recording is not whole. It is final once the recorder is closed: the last bytes may find no room,
        too."""
        self._recording_budget = _ByteBudget(MAX_QUEUED_BYTES)
        self._track_budget = _ByteBudget(MAX_VOICES_BYTES)
        self.seconds = 0.0
        self._left_out = 0

    def follow(self, picture: Source, now: float) -> None:
        """Change to another video source at its next key frame; the caller detaches the source before."""
        self._assembler.reset()
        picture.attach(self)
        picture.request_keyframe(now)

    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        """Take packets of either source."""
        if self.error is not None:
            return
        if self.paused:
            self._skip(source, packets)
            return
        if source.codec == "opus":
            for packet in packets:
                self._sound(packet)
            return
        for packet in packets:
            for frame in self._assembler.add(packet, now):
                self._picture(frame)
        if self._assembler.lost:
            source.request_keyframe(now)

    def pause(self, paused: bool) -> None:
        """Pause, or resume with the next key frame."""
        if paused != self.paused:
            self.paused, self._start = paused, None
            self._assembler.reset()

    def _skip(self, source: Source, packets: list[Packet]) -> None:
        """Follow the clocks only: an RTP timestamp that nobody reads for hours wraps unnoticed."""
        clock = self._audio if source.codec == "opus" else self._video
        for packet in packets:
            clock.add(packet.timestamp)

    def _picture(self, frame: Frame) -> None:
        time = self._video.add(frame.timestamp) / _VIDEO_CLOCK
        if self._start is None:
            self._start = time - (self.seconds + RESUME_S if self.seconds else 0.0)
        self.seconds = time - self._start
        self._keep(self._file.picture, frame.data, self.seconds, frame.keyframe)

    def _sound(self, packet: Packet) -> None:
        time = self._audio.add(packet.timestamp) / SAMPLE_RATE
        if self._start is not None and time >= self._start:
            self._keep(self._file.sound, packet.payload, time - self._start)

    def record_tracks(self, voices: Mapping[str, Samples], tick: int) -> None:
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
        files = (self._file, self._isolated_tracks)
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


class _TimestampUnwrapper:
    """Turns 32-bit RTP timestamps into numbers that do not wrap."""

    def __init__(self) -> None:
        self._last: int | None = None

    def add(self, timestamp: int) -> int:
        if self._last is None:
            self._last = timestamp
        self._last += ((timestamp - self._last + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        return self._last


class _File:
    """The mp4 file. The first key frame opens it, whose parameter sets belong in the header. One thread only."""

    def __init__(self, files: RecordingFiles) -> None:
        self._files = files
        self._file: FragmentedFile | None = None
        self._streams: tuple[Any, Any] | None = None
        self._last = {0: -1, 1: -1}
        self._disk_check_at = 0.0
        """Time on the recording in seconds at which the disk is checked next."""

    def picture(self, data: bytes, seconds: float, keyframe: bool) -> None:
        if seconds >= self._disk_check_at:
            self._disk_check_at = seconds + DISK_CHECK_S
            if self._files.space().level == "full":
                raise OSError(ENOSPC, "what is left of the disk is its reserve")
        if self._file is None:
            self._open(data)
        self._mux(0, data, round(seconds * _VIDEO_CLOCK), keyframe)

    def sound(self, data: bytes, seconds: float) -> None:
        if self._file is not None:
            self._mux(1, data, round(seconds * SAMPLE_RATE), True)

    def _open(self, keyframe: bytes) -> None:
        with av.open(BytesIO(keyframe), format="h264") as picture:
            self._file = FragmentedFile(self._files.open(0))
            container = self._file.container
            container.metadata["date"] = datetime.now(UTC).isoformat(timespec="milliseconds")
            video = container.add_stream_from_template(picture.streams.video[0], opaque=True)
        video.time_base = Fraction(1, _VIDEO_CLOCK)
        self._streams = (video, add_opus(container))

    def _mux(self, index: int, data: bytes, pts: int, keyframe: bool) -> None:
        assert self._file is not None and self._streams is not None
        pts = max(pts, self._last[index] + 1)
        self._last[index] = pts
        packet = av.Packet(data)
        packet.stream = self._streams[index]
        packet.time_base = Fraction(1, SAMPLE_RATE if index else _VIDEO_CLOCK)
        packet.pts = packet.dts = pts
        packet.is_keyframe = keyframe
        self._file.container.mux(packet)

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()
