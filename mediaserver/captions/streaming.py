"""The interface of streaming recognizers: the sound of one speaker goes in piece by piece, utterances come out."""

from dataclasses import dataclass
from typing import Protocol

from mediaserver.transcript.recognizer import Sound


@dataclass(frozen=True, slots=True)
class Heard:
    """An utterance as far as it is heard now: its start and end in seconds of the stream's sound, and its text.

    The same utterance is heard again, longer or otherwise, until it is `final`; what comes after that is the next one.
    """

    start: float
    end: float
    text: str
    final: bool


class RecognizerStream(Protocol):
    """The sound of one speaker, at :data:`mediaserver.transcript.recognizer.RATE_HZ`."""

    def feed(self, sound: Sound) -> list[Heard]:
        """Take the next samples; return what is heard that was not before, in order."""

    def finish(self) -> list[Heard]:
        """Return the end of the utterance that was not final yet; nothing may be fed after it."""


class StreamingRecognizer(Protocol):
    """A model that is loaded."""

    def stream(self) -> RecognizerStream:
        """Return a stream for the sound of one more speaker."""
