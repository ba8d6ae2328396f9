"""What a good recording is made of. Pure; :mod:`mediaserver.recording.remuxer` makes it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mediaserver.recording.chapters import Chapter


@dataclass(frozen=True, slots=True)
class RecordingPart:
    """A file, where it begins in the target, in seconds, and the marks that were set in it."""

    path: Path
    offset: float = 0.0
    marks: tuple[Chapter, ...] = ()


@dataclass(frozen=True, slots=True)
class RemuxJob:
    """What to make out of what; `key`, in hexadecimal, is of the safe that sealed pieces are from."""

    target: Path
    pieces: tuple[RecordingPart, ...]
    key: str

    @classmethod
    def read(cls, text: str) -> "RemuxJob":
        """Read what :meth:`text` wrote."""
        fields = json.loads(text)
        pieces = (
            RecordingPart(Path(piece["path"]), piece["offset"], tuple(Chapter(**mark) for mark in piece["marks"]))
            for piece in fields["pieces"]
        )
        return cls(Path(fields["target"]), tuple(pieces), fields["key"])

    def text(self) -> str:
        """Write it as JSON."""
        return json.dumps(asdict(self), default=str)
