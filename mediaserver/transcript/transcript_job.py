"""Input of the transcriber process (:mod:`mediaserver.transcript.transcriber`). Pure."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mediaserver.recording.turns import Turn
from mediaserver.transcript.recognizer import Language


@dataclass(frozen=True, slots=True)
class SoundFile:
    """A file whose sound is transcribed, so many `seconds` long, of which `done` are transcribed already.

    `key` opens this file alone, in hexadecimal; it is None for one that is not encrypted. `turns` say who is heard: of
    an isolated track always one point, of the mix who spoke when.
    """

    path: Path
    key: str | None
    turns: tuple[Turn, ...]
    seconds: float
    done: float = 0.0


@dataclass(frozen=True, slots=True)
class TranscriptJob:
    """The files to transcribe, the folder of the model, and the language that is spoken."""

    sounds: tuple[SoundFile, ...]
    model: Path
    language: Language

    @classmethod
    def read(cls, text: str) -> "TranscriptJob":
        """Read the text that :meth:`text` wrote."""
        fields = json.loads(text)
        sounds = tuple(
            SoundFile(
                Path(sound["path"]),
                sound["key"],
                tuple(Turn(**turn) for turn in sound["turns"]),
                sound["seconds"],
                sound["done"],
            )
            for sound in fields["sounds"]
        )
        return cls(sounds, Path(fields["model"]), fields["language"])

    def text(self) -> str:
        """Return the job as JSON."""
        return json.dumps(asdict(self), default=str)
