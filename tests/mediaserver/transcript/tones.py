"""Points that speak in tones, and a recognizer that reads them: what it hears of whom is known to the sample."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mediaserver.audio.mix_minus import FRAME_SAMPLES, SAMPLE_RATE
from mediaserver.recording.files import FolderFiles
from mediaserver.recording.isolated_track import IsolatedTrack
from mediaserver.transcript import transcriber, whisper
from mediaserver.transcript.recognizer import RATE_HZ, Language, Recognized, Sound

LOUD = 0.05
TICKS = SAMPLE_RATE // FRAME_SAMPLES

Tone = tuple[float, float, int]
"""From a time on, for so many seconds, of so many Hz."""


def record_tones(recording: Path, number: int, name: str, tones: Sequence[Tone]) -> Path:
    """Write the isolated track of a point that says these tones."""
    track = IsolatedTrack(FolderFiles(recording), number, name)
    for at, seconds, hertz in tones:
        time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        sound = (8000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)
        for tick, begin in enumerate(range(0, len(sound), FRAME_SAMPLES), round(at * TICKS)):
            track.write(track.encode(sound[begin : begin + FRAME_SAMPLES], tick), tick / TICKS)
    track.close()
    return recording.with_name(f"{recording.stem}.{number}.m4a")


class ToneRecognizer:
    """Recognizes a tone by its pitch, to 50 Hz."""

    def __init__(self, model: Path, language: Language) -> None:
        self.model = model
        self.language = language

    def recognize(self, sound: Sound) -> Iterator[Recognized]:
        """Yield the tone in a sound, if there is one."""
        loud = np.flatnonzero(np.abs(sound) > LOUD)
        if len(loud):
            heard = sound[loud[0] : loud[-1] + 1]
            spectrum = np.abs(np.fft.rfft(heard))
            hertz = 50 * round(float(spectrum.argmax()) * RATE_HZ / len(heard) / 50)
            yield Recognized(loud[0] / RATE_HZ, loud[-1] / RATE_HZ, f"{hertz} Hz")


def main() -> None:
    """Be the transcriber's process with this recognizer."""
    whisper.WhisperRecognizer = ToneRecognizer  # type: ignore[misc, assignment]
    sys.exit(transcriber.main())


COMMAND = (sys.executable, "-c", "from tests.mediaserver.transcript.tones import main; main()")
