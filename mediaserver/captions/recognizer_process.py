"""Recognizes the speech of speakers while they speak.

    python -m mediaserver.captions.recognizer_process MODEL

A process of its own, at the lowest priority: it computes when meetings leave it time. It reads blocks of sound
(:mod:`mediaserver.captions.blocks`) and prints lines of JSON: ``{"ready": true}`` once the model is loaded, or
``{"error": "no-model"}`` with status 1; then ``{"heard": …}`` with the fields of :class:`SpeakerHeard`, and
``{"cost": …}`` with those of :class:`Cost` every few seconds of sound. It ends with its input.

It runs a model that somebody else made, so it may read the folder of the model and write nothing, and makes no TCP
connection.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import numpy as np

from mediaserver.audio.mix_minus import SAMPLE_RATE, Samples
from mediaserver.captions.blocks import Block, read_block
from mediaserver.captions.model import load
from mediaserver.captions.streaming import Heard, RecognizerStream, StreamingRecognizer
from mediaserver.recording import file_access, priority
from mediaserver.transcript.recognizer import RATE_HZ, NoModel, Sound
from mediaserver.transcript.whisper import READS

LONGEST_GAP_S = 1.0
"""Sound that was left out is replaced by silence of this length at most."""
TOLD_S = 5.0
"""Seconds of sound after which the process says what it cost."""


@dataclass(frozen=True, slots=True)
class SpeakerHeard:
    """A speaker's utterance as far as it is heard now, counted from 0 for each speaker.

    Seconds are of the room's clock.
    """

    speaker: int
    utterance: int
    start: float
    end: float
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU that so many seconds of sound took."""

    cpu: float
    sound: float


class Speech:
    """The sound of one speaker, from their first word to their next pause."""

    def __init__(self, speaker: int, stream: RecognizerStream) -> None:
        self._speaker = speaker
        self._stream = stream
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
        self._begun: float | None = None
        """Time of the room's clock at which the sound of the stream would have begun, had it no gaps."""
        self._samples = 0
        self._utterance = 0

    def feed(self, block: Block) -> list[SpeakerHeard]:
        """Take a block; a gap before it is filled with silence, as far as that is short."""
        gap = 0.0 if self._begun is None else block.seconds - self._begun - self._samples / SAMPLE_RATE
        silence = np.zeros(max(0, round(min(gap, LONGEST_GAP_S) * SAMPLE_RATE)), np.int16)
        samples = np.concatenate((silence, block.samples))
        self._samples += len(samples)
        self._begun = block.seconds - (self._samples - len(block.samples)) / SAMPLE_RATE
        return self._told(self._stream.feed(self._downsampled(samples)))

    def finish(self) -> list[SpeakerHeard]:
        """End the sound."""
        rest = self._resampled(None)
        return self._told([*self._stream.feed(rest), *self._stream.finish()])

    def _downsampled(self, samples: Samples) -> Sound:
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        return self._resampled(frame)

    def _resampled(self, frame: av.AudioFrame | None) -> Sound:
        """Return a frame at 16 kHz but for the end that the filter holds back; None: that end."""
        parts = [each.to_ndarray()[0] for each in self._resampler.resample(frame)]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _told(self, heard: list[Heard]) -> list[SpeakerHeard]:
        begun, told = self._begun or 0.0, []
        for each in heard:
            start, end = round(begun + each.start, 2), round(begun + each.end, 2)
            told.append(SpeakerHeard(self._speaker, self._utterance, start, end, each.text, each.final))
            self._utterance += each.final
        return told


def recognize(
    recognizer: StreamingRecognizer,
    read: Callable[[], Block | None],
    heard: Callable[[SpeakerHeard], None],
    cost: Callable[[Cost], None],
) -> None:
    """Recognize the speech in blocks until there are no more."""
    speeches: dict[int, Speech] = {}
    cpu, samples = time.process_time(), 0
    while (block := read()) is not None:
        if not block.sound:
            speech = speeches.pop(block.speaker, None)
            told = [] if speech is None else speech.finish()
        else:
            if block.speaker not in speeches:
                speeches[block.speaker] = Speech(block.speaker, recognizer.stream())
            told = speeches[block.speaker].feed(block)
            samples += len(block.samples)
        for each in told:
            heard(each)
        if samples >= TOLD_S * SAMPLE_RATE:
            now = time.process_time()
            cost(Cost(round(now - cpu, 3), samples / SAMPLE_RATE))
            cpu, samples = now, 0


def _print(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def main() -> int:
    """Recognize what the standard input brings; return the exit status."""
    model = Path(sys.argv[1])
    priority.lower_to_idle()
    file_access.restrict([*file_access.programs(), *READS, model], [])
    try:
        recognizer = load(model)
    except NoModel as error:
        print(f"x {error}", file=sys.stderr)
        _print(error="no-model")
        return 1
    _print(ready=True)
    recognize(
        recognizer,
        lambda: read_block(sys.stdin.buffer),
        lambda heard: _print(heard=asdict(heard)),
        lambda cost: _print(cost=asdict(cost)),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
