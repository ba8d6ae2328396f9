"""Recognizes speech by a streaming transducer in ONNX, with `sherpa-onnx` (extra ``captions``).

The package is imported when a model is loaded, not before.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from mediaserver.captions.streaming import Heard
from mediaserver.transcript.recognizer import RATE_HZ, NoModel, Sound

PARTS = "encoder", "decoder", "joiner"
TOKENS = "tokens.txt"
PAUSE_S, NO_WORD_S, LONGEST_S = 0.8, 2.4, 12.0
"""An utterance ends with a pause of this length, without a word with one of that, and at the latest after so long: two
lines hold no more."""
PADDING: Sound = np.zeros(round(0.66 * RATE_HZ), np.float32)
"""Silence after the last sound: a model needs the sound that follows a word to recognize it."""


def missing(model: Path) -> str | None:
    """Return what is missing to run a model, the package or a file; None if nothing is."""
    if find_spec("sherpa_onnx") is None:
        return "sherpa-onnx"
    if not (model / TOKENS).is_file():
        return TOKENS
    return next((f"{part}*.onnx" for part in PARTS if not list(model.glob(f"{part}*.onnx"))), None)


def part_file(model: Path, part: str) -> Path:
    """Return the file of a part of the model. Weights of 8 bits come first, but not in the decoder, which is small."""
    files = sorted(model.glob(f"{part}*.onnx"))
    return min(files, key=lambda path: (".int8." in path.name) == (part == "decoder"))


class SherpaRecognizer:
    """A model, loaded to run in one thread. Raises NoModel; a file that is no model may end the process."""

    def __init__(self, model: Path) -> None:
        fault = missing(model)
        if fault is not None:
            raise NoModel(f"{fault} is missing")
        import sherpa_onnx  # noqa: PLC0415 - an extra

        try:
            self._recognizer: Any = sherpa_onnx.OnlineRecognizer.from_transducer(
                tokens=str(model / TOKENS),
                **{part: str(part_file(model, part)) for part in PARTS},
                num_threads=1,
                sample_rate=RATE_HZ,
                enable_endpoint_detection=True,
                rule1_min_trailing_silence=NO_WORD_S,
                rule2_min_trailing_silence=PAUSE_S,
                rule3_min_utterance_length=LONGEST_S,
            )
        except (RuntimeError, ValueError) as error:
            raise NoModel(str(error)) from error

    def stream(self) -> "SherpaStream":
        """Return a stream for one more speaker."""
        return SherpaStream(self._recognizer)


class SherpaStream:
    """The sound of one speaker."""

    def __init__(self, recognizer: Any) -> None:
        self._recognizer = recognizer
        self._stream = recognizer.create_stream()
        self._text = ""

    def feed(self, sound: Sound) -> list[Heard]:
        """Take the next samples; return what is heard that was not before."""
        self._stream.accept_waveform(RATE_HZ, sound)
        heard: list[Heard] = []
        while self._recognizer.is_ready(self._stream):
            self._recognizer.decode_stream(self._stream)
            final = self._recognizer.is_endpoint(self._stream)
            heard += self._result(final=final)
            if final:
                self._recognizer.reset(self._stream)
                self._text = ""
        return heard

    def finish(self) -> list[Heard]:
        """Return the end of the utterance that was not final yet."""
        heard = self.feed(PADDING)
        self._stream.input_finished()
        while self._recognizer.is_ready(self._stream):
            self._recognizer.decode_stream(self._stream)
        return [*heard, *self._result(final=True)]

    def _result(self, final: bool) -> list[Heard]:
        result = self._recognizer.get_result_all(self._stream)
        text = result.text.strip()
        if not text or (text == self._text and not final):
            return []
        self._text = text
        times = result.timestamps  # of tokens, counted from where the utterance could begin
        first, last = (round(result.start_time + seconds, 2) for seconds in (times[0], times[-1]))
        return [Heard(first, last, text, final)]
