"""Input of the remuxer process (:mod:`mediaserver.recording.remuxer`). Pure."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mediaserver.recording.chapters import Chapter


@dataclass(frozen=True, slots=True)
class RecordingPart:
    """One file of a recording: its path, its start in the target in seconds, and the chapter marks set in it."""

    path: Path
    offset: float = 0.0
    marks: tuple[Chapter, ...] = ()


@dataclass(frozen=True, slots=True)
class RemuxJob:
    """The target file, the parts it is made of, and the `key` of encrypted parts in hexadecimal: that of all
    recordings, or, for a recording that is composed, of the files from which it is made.

    One that is `urgent` is composed while others want to compute, too.
    """

    target: Path
    pieces: tuple[RecordingPart, ...]
    key: str
    urgent: bool = False

    @classmethod
    def read(cls, text: str) -> "RemuxJob":
        """Read the text that :meth:`text` wrote."""
        fields = json.loads(text)
        pieces = (
            RecordingPart(Path(piece["path"]), piece["offset"], tuple(Chapter(**mark) for mark in piece["marks"]))
            for piece in fields["pieces"]
        )
        return cls(Path(fields["target"]), tuple(pieces), fields["key"], fields["urgent"])

    def text(self) -> str:
        """Return the job as JSON."""
        return json.dumps(asdict(self), default=str)
