"""Records voices as isolated tracks, and hears the files again with ffmpeg."""

import subprocess
from pathlib import Path

import numpy as np

from mediaserver.audio.mix_minus import FRAME_SAMPLES, SAMPLE_RATE, Samples
from tests.film import Camera
from tests.mediaserver.pictures import pitch


def tone(hertz: int, tick: int) -> Samples:
    """Return 20 ms of a tone that goes on from tick to tick."""
    at = np.arange(tick * FRAME_SAMPLES, (tick + 1) * FRAME_SAMPLES) / SAMPLE_RATE
    return (8000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)


def talk(camera: Camera, seconds: float, **voices: int) -> None:
    """Record so many seconds while points speak, each with a name and a tone."""
    for _ in range(round(seconds * 25)):
        first = 2 * camera.ticks
        camera.roll(0.04)
        for tick in (first, first + 1):
            camera.recorder.record_isolated_tracks({name: tone(hertz, tick) for name, hertz in voices.items()}, tick)


def heard(path: Path) -> Samples:
    """Return a file's sound as an editor lays it out, with silence where there is none (ffmpeg's aresample)."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-af", "aresample=async=1:first_pts=0", "-f", "s16le", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    return np.frombuffer(done.stdout, np.int16)


def tones(sound: Samples, *times: float) -> list[int | None]:
    """Return the strongest frequency in a fifth of a second around each time; None for silence."""
    parts = [sound[round((at - 0.1) * SAMPLE_RATE) : round((at + 0.1) * SAMPLE_RATE)] for at in times]
    return [None if part.size == 0 or np.abs(part).max() < 100 else pitch(part) for part in parts]
