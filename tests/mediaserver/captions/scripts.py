"""A script of what two speakers say, as a model, and the sound they say it with."""

import json
from pathlib import Path

import numpy as np

from mediaserver.audio.mix_minus import FRAME_SAMPLES, Samples
from mediaserver.captions.scripted import FILE

SCRIPT = [
    [[["Kính", 0.3], ["thưa", 0.5]], [["xin", 1.2], ["mời", 1.4]]],
    [[["Tôi", 0.2], ["đồng", 0.4], ["ý", 0.6]]],
]
"""The utterances of two speakers."""
TONE: Samples = (8000 * np.sin(np.arange(FRAME_SAMPLES) * 2 * np.pi / 48)).astype(np.int16)
"""20 ms of 1 kHz."""


def written(folder: Path, script: object = SCRIPT) -> Path:
    """Write a script into a folder and return it."""
    (folder / FILE).write_text(json.dumps(script), encoding="utf-8")
    return folder
