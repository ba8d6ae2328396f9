"""Turns of the points that spoke in a recording, kept encrypted beside it; its tracks, which knew, are deleted."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

from mediaserver.recording.encrypted_file import Damaged, FileCipher
from mediaserver.recording.files import turns_path


@dataclass(frozen=True, slots=True)
class Turn:
    """From `seconds` of the recording on a `point` speaks, by its label; it is empty where nobody knows which."""

    seconds: float
    point: str


UNKNOWN = (Turn(0.0, ""),)
"""Of a recording that was composed while it was recorded, nobody knows who spoke."""


def write_turns(recording: Path, turns: Sequence[Turn], cipher: FileCipher) -> None:
    """Keep the turns of a recording. Raises OSError."""
    text = json.dumps([asdict(turn) for turn in turns])
    cipher.write(turns_path(recording), BytesIO(text.encode()))


def read_turns(recording: Path, cipher: FileCipher) -> tuple[Turn, ...]:
    """Return the turns of a recording, or `UNKNOWN`. Raises OSError."""
    try:
        with cipher.open(turns_path(recording), require_encrypted=True) as file:
            return tuple(Turn(**turn) for turn in json.load(file)) or UNKNOWN
    except (FileNotFoundError, Damaged):
        return UNKNOWN
