"""Values of a transcript: utterances of points, with all their wordings. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain

from mediaserver.recording.remuxer import MAX_GAP_S
from signaling.recording.model import JOINED, Recording


@dataclass(frozen=True, slots=True)
class Wording:
    """A text of an utterance: by the account that corrected it, or by the model (`by` is empty)."""

    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech of a point from `start` to `end` seconds of a part; the last of the wordings counts.

    `speaker` is the label that the recording has of the device, empty where nobody knows who spoke.
    """

    start: float
    end: float
    speaker: str
    wordings: tuple[Wording, ...]

    @property
    def text(self) -> str:
        """Return its words; none if all were struck out."""
        return self.wordings[-1].text

    @property
    def point(self) -> str:
        """Return the Vietnamese name of its point."""
        device, _, point = self.speaker.partition(" · ")
        return point or device

    def corrected(self, wording: Wording) -> "Utterance":
        """Return it with another wording."""
        return replace(self, wordings=(*self.wordings, wording))


@dataclass(frozen=True, slots=True)
class Transcript:
    """The utterances of one part, and up to how many seconds each of its files is transcribed, by the file's name."""

    utterances: tuple[Utterance, ...] = ()
    done: Mapping[str, float] = field(default_factory=dict)

    def with_passage(self, file: str, until: float, utterances: Sequence[Utterance]) -> "Transcript":
        """Return it with the utterances of one more passage of a file, in the order of time."""
        found = sorted(chain(self.utterances, utterances), key=lambda each: (each.start, each.speaker))
        return Transcript(tuple(found), {**self.done, file: until})

    def with_wording(self, number: int, wording: Wording) -> "Transcript":
        """Return it with another wording of one utterance."""
        before, after = self.utterances[:number], self.utterances[number + 1 :]
        return replace(self, utterances=(*before, self.utterances[number].corrected(wording), *after))


@dataclass(frozen=True, slots=True)
class Placed:
    """An utterance of a session: the `number`-th of a part's transcript, in seconds of the session's recording."""

    recording: str
    number: int
    start: float
    end: float
    utterance: Utterance


def placed(parts: Sequence[tuple[Recording, Transcript]]) -> list[Placed]:
    """Return the utterances of a session's parts, which are in order, as its recording plays them."""
    found = []
    for (part, transcript), offset in zip(parts, _offsets([part for part, _ in parts]), strict=True):
        for number, each in enumerate(transcript.utterances):
            start, end = round(each.start + offset, 2), round(each.end + offset, 2)
            found.append(Placed(part.id, number, start, end, each))
    return found


def _offsets(parts: Sequence[Recording]) -> list[float]:
    """Return where parts begin in the file that joins them, by the rules of the remuxer."""
    offsets: list[float] = []
    end = left_out = 0.0
    for part in parts:
        wanted = (part.began - parts[0].began).total_seconds() - left_out
        offset = max(end, min(wanted, end + MAX_GAP_S))
        left_out += max(0.0, wanted - offset)
        offsets.append(offset)
        end = offset + (part.seconds or 0.0)
    return offsets


def transcribable(parts: Sequence[Recording]) -> list[Recording]:
    """Return those of a session's files that have a transcript of their own: the parts that are ready."""
    return [part for part in parts if part.part != JOINED and part.state == "ready"]
