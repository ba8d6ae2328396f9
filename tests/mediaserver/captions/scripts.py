"""A script of what two speakers say, as a model, the sound they say it with, and the process that hears it."""

import json
import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from mediaserver.audio.mix_minus import FRAME_SAMPLES, Samples
from mediaserver.captions.blocks import Block
from mediaserver.captions.captioner import COMMAND
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


def children() -> list[int]:
    """Return the recognizer processes of this process."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            command = (entry / "cmdline").read_text() if entry.name.isdecimal() else ""
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1]) if command else 0
            if COMMAND[-1] in command and parent == os.getpid():
                found.append(int(entry.name))
    return found


def run(model: Path, blocks: list[Block]) -> tuple[int, list[dict[str, Any]]]:
    """Run the process on blocks; return its status and its lines."""
    data = b"".join(each.encoded() for each in blocks)
    done = subprocess.run([*COMMAND, str(model)], input=data, stdout=subprocess.PIPE, timeout=60, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]
