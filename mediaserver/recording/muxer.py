"""What all files we record have in common: fragments, and a track of Opus; and how they are read again."""

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

FRAGMENT_US = 1_000_000
FRAGMENTED = {
    "movflags": "empty_moov+default_base_moof+skip_trailer",
    "frag_duration": str(FRAGMENT_US),
    "flush_packets": "1",
}
"""A file that is cut off plays up to its last second. It has no index at its end: FFmpeg would tell the index's size
where it tells otherwise that the last second found no room."""
ORDINARY = {"movflags": "faststart", "write_btrt": "0"}
"""Its index stands in front. No box of bit rates (ISO/IEC 14496-12, 8.5.2): it would repeat what the demuxer guesses of
the source, which is not the same of fragments and of an ordinary file, and the same packets would make two files."""


class FragmentedFile:
    """A fragmented mp4 that is being written; a disk that hangs holds up the thread that writes, and no other.

    Given a path, PyAV opens, begins and ends a file without releasing the GIL. Given a file of Python's, it does not
    touch the disk itself.
    """

    def __init__(self, descriptor: int) -> None:
        """Write into an open file, which is ours to close. Raises OSError."""
        self._file = _Unbuffered(descriptor, "w")
        self.container = av.open(self._file, "w", format="mp4", options=FRAGMENTED)

    def close(self) -> None:
        """Finish the file, and let go of it also when its end finds no room. Raises OSError, FFmpegError."""
        with self._file:
            self.container.close()


class _Unbuffered(FileIO):
    """What the muxer hands over is the kernel's at once, whatever happens to us then."""

    def write(self, data: Any) -> int:
        """Write all of it: what the system left out the muxer would not hand over again. Raises OSError."""
        view = memoryview(data)
        done = 0
        while done < len(view):
            done += super().write(view[done:])
        return done


def add_opus(container: OutputContainer) -> AudioStream:
    """Add a track of mono Opus whose packets are encoded already."""
    with av.open(BytesIO(_ogg())) as sample:
        stream: AudioStream = container.add_stream_from_template(sample.streams.audio[0], opaque=True)
    stream.time_base = Fraction(1, SAMPLE_RATE)
    return stream


def open_whole(path: Path) -> InputContainer:
    """Open what can be read of an mp4. Raises OSError, FFmpegError."""
    return _open(path)[0]


def cut_off_damage(path: Path) -> None:
    """Cut off what keeps players from the rest, as half a table at the end does. Raises OSError, FFmpegError."""
    container, end = _open(path)
    container.close()
    os.truncate(path, end)


def _open(path: Path) -> tuple[InputContainer, int]:
    """Open an mp4 up to where it can be read, and tell where that is: a demuxer reads all tables before anything."""
    *longer, last = ends(path)
    for end in longer:
        with suppress(av.InvalidDataError):
            return _open_until(path, end), end
    return _open_until(path, last), last


def _open_until(path: Path, end: int) -> InputContainer:
    return av.open(str(path) if end == path.stat().st_size else f"subfile,,start,0,end,{end},,:{path}", format="mp4")


def open_piece(path: Path, cipher: FileCipher) -> InputContainer:
    """Open a part, sealed or not. Raises Damaged, OSError, FFmpegError."""
    file = cipher.open(path)
    if isinstance(file.raw, EncryptedFile):
        return av.open(file, "r", format="mp4", buffer_size=CHUNK_BYTES)
    file.close()
    return open_whole(path)


@cache
def _ogg() -> bytes:
    """A tiny Ogg file with one packet of mono Opus: PyAV takes a stream's parameters from another stream only."""
    file = BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=SAMPLE_RATE, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, FRAME_SAMPLES), np.int16), format="s16", layout="mono")
        silence.sample_rate = SAMPLE_RATE
        for packet in (*stream.encode(silence), *stream.encode(None)):
            container.mux(packet)
    return file.getvalue()
