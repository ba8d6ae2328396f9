"""Writes and opens the mp4 files of a recording: fragments, an Opus track, and reading of damaged files."""

import os
from contextlib import suppress
from fractions import Fraction
from functools import cache
from io import BytesIO, FileIO
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from mediaserver.audio.mix_minus import FRAME_SAMPLES, SAMPLE_RATE
from mediaserver.recording.encrypted_file import EncryptedFile, FileCipher
from mediaserver.recording.files import CHUNK_BYTES, ends
from mediaserver.rtp.payload import VIDEO_CLOCK

FRAGMENT_US = 1_000_000
FRAGMENTED = {
    "movflags": "empty_moov+default_base_moof+skip_trailer",
    "frag_duration": str(FRAGMENT_US),
    "flush_packets": "1",
}
"""Muxer options with which a file that is cut off plays up to its last second. It has no index at its end: FFmpeg would
report the size of the index instead of the error that the last second found no room."""
ORDINARY = {"movflags": "faststart", "write_btrt": "0"}
"""Muxer options that put the index in front. They omit the box of bit rates (ISO/IEC 14496-12, 8.5.2): it would repeat
the demuxer's guess at the source, which differs between fragments and an ordinary file, so the same packets would give
two files."""


class FragmentedFile:
    """A fragmented mp4 that is being written. A disk that hangs blocks the thread that writes, and no other.

    Given a path, PyAV opens, begins and ends a file without releasing the GIL. Given a Python file, it does not touch
    the disk itself.
    """

    def __init__(self, descriptor: int) -> None:
        """Write into an open descriptor, which this file closes. Raises OSError."""
        self._file = UnbufferedFile(descriptor, "w")
        self.container = av.open(self._file, "w", format="mp4", options=FRAGMENTED)

    def close(self) -> None:
        """Finish the file, and close it also when its end finds no room. Raises OSError, FFmpegError."""
        with self._file:
            self.container.close()


class UnbufferedFile(FileIO):
    """Passes everything that is written to the kernel at once, so that it survives our crash."""

    def write(self, data: Any) -> int:
        """Write all bytes: a muxer would not repeat what the system left out. Raises OSError."""
        view = memoryview(data)
        done = 0
        while done < len(view):
            done += super().write(view[done:])
        return done


def add_opus(container: OutputContainer) -> AudioStream:
    """Add a track of mono Opus for packets that are encoded already."""
    with av.open(BytesIO(_ogg())) as sample:
        stream: AudioStream = container.add_stream_from_template(sample.streams.audio[0], opaque=True)
    stream.time_base = Fraction(1, SAMPLE_RATE)
    return stream


class CompositionMuxer:
    """Muxes a composition in H.264 and a mix in Opus that are encoded already."""

    def __init__(self, container: OutputContainer, keyframe: bytes, date: str) -> None:
        """Write the header, with the parameter sets of the first key frame and the `date` of its picture (RFC 3339)."""
        container.metadata["date"] = date
        with av.open(BytesIO(keyframe), format="h264") as picture:
            video = container.add_stream_from_template(picture.streams.video[0], opaque=True)
        video.time_base = Fraction(1, VIDEO_CLOCK)
        self._container = container
        self._streams = (video, add_opus(container))
        self._last = [-1, -1]

    def picture(self, data: bytes, pts: int, keyframe: bool, duration: int = 0) -> None:
        """Write a picture; `pts` and `duration` in 1/90000 s, 0: until the next. Raises OSError, FFmpegError."""
        self._mux(0, data, pts, keyframe, duration)

    def sound(self, data: bytes, pts: int, duration: int = 0) -> None:
        """Write a packet of sound; `pts` and `duration` in 1/48000 s. Raises OSError, FFmpegError."""
        self._mux(1, data, pts, True, duration)

    def _mux(self, index: int, data: bytes, pts: int, keyframe: bool, duration: int) -> None:
        pts = max(pts, self._last[index] + 1)
        self._last[index] = pts
        packet = av.Packet(data)
        packet.stream = self._streams[index]
        packet.time_base = Fraction(1, SAMPLE_RATE if index else VIDEO_CLOCK)
        packet.pts = packet.dts = pts
        packet.duration = duration
        packet.is_keyframe = keyframe
        self._container.mux(packet)


def open_whole(path: Path) -> InputContainer:
    """Open the readable part of an mp4. Raises OSError, FFmpegError."""
    return _open(path)[0]


def cut_off_damage(path: Path) -> None:
    """Truncate an mp4 to its readable part; half a table at the end keeps players from all of it. Raises OSError,
    FFmpegError."""
    container, end = _open(path)
    container.close()
    os.truncate(path, end)


def _open(path: Path) -> tuple[InputContainer, int]:
    """Open an mp4 up to where it is readable, and return that offset: a demuxer reads all tables first."""
    *longer, last = ends(path)
    for end in longer:
        with suppress(av.InvalidDataError):
            return _open_until(path, end), end
    return _open_until(path, last), last


def _open_until(path: Path, end: int) -> InputContainer:
    return av.open(str(path) if end == path.stat().st_size else f"subfile,,start,0,end,{end},,:{path}", format="mp4")


def open_part(path: Path, cipher: FileCipher) -> InputContainer:
    """Open a part of a recording, encrypted or plain. Raises Damaged, OSError, FFmpegError."""
    file = cipher.open(path)
    if isinstance(file.raw, EncryptedFile):
        return av.open(file, "r", format="mp4", buffer_size=CHUNK_BYTES)
    file.close()
    return open_whole(path)


@cache
def _ogg() -> bytes:
    """Return a tiny Ogg file with one packet of mono Opus: PyAV takes a stream's parameters from another stream
    only."""
    file = BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=SAMPLE_RATE, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, FRAME_SAMPLES), np.int16), format="s16", layout="mono")
        silence.sample_rate = SAMPLE_RATE
        for packet in (*stream.encode(silence), *stream.encode(None)):
            container.mux(packet)
    return file.getvalue()
