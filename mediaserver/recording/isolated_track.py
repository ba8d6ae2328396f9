"""Isolated tracks: the sound of each point beside a recording, as Opus in an mp4 of its own, on the recording's time.

Silence is no data: the next packet simply has a later time. One packet of silence at 0 pins every file to the beginning
of the recording, so that all of them align in any editor. A track has what goes into the mix: the loudest few of the
open floors, with lost packets concealed.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from fractions import Fraction

import av

from mediaserver.audio.mix_minus import FRAME_SAMPLES, SAMPLE_RATE, Samples
from mediaserver.audio.opus import OpusEncoder, silence
from mediaserver.recording.files import MAX_ISOLATED_TRACKS, RecordingFiles
from mediaserver.recording.muxer import FragmentedFile, add_opus


class IsolatedTrack:
    """The isolated track of one point. The event loop's thread encodes, the recorder's thread writes."""

    def __init__(self, files: RecordingFiles, number: int, name: str) -> None:
        self._files = files
        self._number = number
        self._name = name
        self._encoder = OpusEncoder()
        self._silence = silence()
        self._next = 0
        self._file: FragmentedFile | None = None
        self._last = -1

    def encode(self, samples: Samples, tick: int) -> bytes:
        """Encode 20 ms; after a silence the encoder starts without memory of the sound before."""
        if tick != self._next:
            self._encoder.reset()
        self._next = tick + 1
        return self._encoder.encode(samples)

    def write(self, payload: bytes, seconds: float) -> None:
        """Write a packet at its time in seconds. Raises OSError, FFmpegError."""
        if self._file is None:
            self._file = FragmentedFile(self._files.open(self._number))
            self._file.container.metadata["title"] = self._name
            add_opus(self._file.container)
            self._mux(self._silence, 0)
        self._mux(payload, max(round(seconds * SAMPLE_RATE), self._last + 1))

    def _mux(self, payload: bytes, pts: int) -> None:
        assert self._file is not None
        packet = av.Packet(payload)
        packet.stream = self._file.container.streams[0]
        packet.time_base = Fraction(1, SAMPLE_RATE)
        packet.pts = packet.dts = self._last = pts
        packet.duration = FRAME_SAMPLES
        packet.is_keyframe = True
        self._file.container.mux(packet)

    def close(self) -> None:
        """Finish the file. Raises OSError, FFmpegError."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


class IsolatedTracks:
    """The isolated tracks of one recording, by the points' names; points beyond `MAX_ISOLATED_TRACKS` get none."""

    def __init__(self, files: RecordingFiles) -> None:
        self._files = files
        self._isolated_tracks: dict[str, IsolatedTrack] = {}

    def encode(self, voices: Mapping[str, Samples], tick: int) -> list[tuple[IsolatedTrack, bytes]]:
        """Encode 20 ms of every voice. Points that begin in the same tick get their files in the order given."""
        for name in voices:
            if name not in self._isolated_tracks and len(self._isolated_tracks) < MAX_ISOLATED_TRACKS:
                self._isolated_tracks[name] = IsolatedTrack(self._files, len(self._isolated_tracks) + 1, name)
        known = (
            (self._isolated_tracks[name], samples) for name, samples in voices.items() if name in self._isolated_tracks
        )
        return [(track, track.encode(samples, tick)) for track, samples in known]

    def close(self) -> None:
        """Finish all files, even if one fails. Raises OSError, FFmpegError."""
        with ExitStack() as files:
            for track in self._isolated_tracks.values():
                files.callback(track.close)
