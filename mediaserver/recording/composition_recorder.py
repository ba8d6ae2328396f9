"""The recorder of a composition: a sink like any viewer that muxes encoded packets into a fragmented mp4.

Fragments of one second are written as they fill, so a file cut off by a crash plays up to its last second. Picture and
sound carry timestamps of one clock (the room's), which keeps them in sync. A pause is cut out: the file goes on with
the first key frame after it, one picture later. The time of the first picture is in the header.
"""

from collections.abc import Callable

from mediaserver.audio.mix_minus import SAMPLE_RATE
from mediaserver.recording.files import RecordingFiles
from mediaserver.recording.muxer import CompositionMuxer, FragmentedFile
from mediaserver.recording.recorder import DiskCheck, Recorder, utc_now
from mediaserver.rtp.frame_assembler import Frame, FrameAssembler
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import VIDEO_CLOCK
from mediaserver.rtp.source import Source

RESUME_S = 0.1
"""Seconds from the last picture before a pause to the first one after it; the last picture's sound ends within that."""


class CompositionRecorder(Recorder):
    """Records one H.264 source and one Opus source."""

    def __init__(self, files: RecordingFiles, failed: Callable[[str], None]) -> None:
        super().__init__(files, failed)
        self._file = _File(files)
        self._assembler = FrameAssembler("H264")
        self._video = _TimestampUnwrapper()
        self._audio = _TimestampUnwrapper()

    @property
    def _recording(self) -> "_File":
        return self._file

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
            self._assembler.reset()
        super().pause(paused)

    def _skip(self, source: Source, packets: list[Packet]) -> None:
        """Follow the clocks only: an RTP timestamp that nobody reads for hours wraps unnoticed."""
        clock = self._audio if source.codec == "opus" else self._video
        for packet in packets:
            clock.add(packet.timestamp)

    def _picture(self, frame: Frame) -> None:
        time = self._video.add(frame.timestamp) / VIDEO_CLOCK
        if self._start is None:
            self._start = time - (self.seconds + RESUME_S if self.seconds else 0.0)
        self.seconds = time - self._start
        self._keep(self._file.picture, frame.data, self.seconds, frame.keyframe)

    def _sound(self, packet: Packet) -> None:
        time = self._audio.add(packet.timestamp) / SAMPLE_RATE
        if self._start is not None and time >= self._start:
            self._keep(self._file.sound, packet.payload, time - self._start)


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
        self._muxer: CompositionMuxer | None = None
        self._disk = DiskCheck(files)

    def picture(self, data: bytes, seconds: float, keyframe: bool) -> None:
        self._disk.check(seconds)
        if self._muxer is None:
            self._file = FragmentedFile(self._files.open(0))
            self._muxer = CompositionMuxer(self._file.container, data, utc_now())
        self._muxer.picture(data, round(seconds * VIDEO_CLOCK), keyframe)

    def sound(self, data: bytes, seconds: float) -> None:
        if self._muxer is not None:
            self._muxer.sound(data, round(seconds * SAMPLE_RATE))

    def close(self) -> None:
        file, self._file, self._muxer = self._file, None, None
        if file is not None:
            file.close()
