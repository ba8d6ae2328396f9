"""A recording that is decoded whole, to be compared with what was recorded."""

from pathlib import Path

import av
import numpy as np

from mediaserver.audio.mix_minus import SAMPLE_RATE, Samples
from tests.mediaserver.pictures import Colour, colour_at, pitch
from tests.mediaserver.recording.recorder_fixture import FPS, SIZE

FRAME_S = 1 / FPS


class Film:
    """A recording, decoded whole."""

    def __init__(self, path: Path) -> None:
        with av.open(str(path)) as container:
            assert [stream.codec_context.name for stream in container.streams] == ["h264", "opus"]
            self.pictures = [(frame.time or 0.0, frame) for frame in container.decode(video=0)]
        with av.open(str(path)) as container:
            sounds = [(frame.time or 0.0, frame.to_ndarray()) for frame in container.decode(audio=0)]
        self.first_sound = sounds[0][0]
        self.last_sound = sounds[-1][0] + sounds[-1][1].shape[-1] / SAMPLE_RATE
        parts = [data.reshape(-1) * (32767 if data.dtype.kind == "f" else 1) for _, data in sounds]
        self.sound: Samples = np.concatenate(parts).astype(np.int16)

    def colour(self, seconds: float) -> Colour:
        """Return the colour in the middle of the picture at a time."""
        _, frame = min(self.pictures, key=lambda each: abs(each[0] - seconds))
        return colour_at(frame, SIZE[0] // 2, SIZE[1] // 2)

    def hertz(self, start: float, end: float) -> int | None:
        """Return the strongest frequency between two times; None in silence."""
        first = start - self.first_sound
        return pitch(self.sound[round(first * SAMPLE_RATE) : round((end - self.first_sound) * SAMPLE_RATE)])

    @property
    def seconds(self) -> float:
        """Return the end of the last picture."""
        return self.pictures[-1][0] + FRAME_S
