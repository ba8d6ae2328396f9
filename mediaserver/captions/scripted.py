"""A recognizer for tests: it tells the words of a script at the times of the script, whatever it hears.

A folder with a file ``script.json`` is such a model. It lists the utterances of one speaker after the other, each as a
list of words with their ends in seconds of the speaker's sound: ``[[[["Kính", 0.4], ["thưa", 0.7]]]]``. The n-th
stream says what the n-th speaker says, and the first one again when there are no more.
"""

import json
from pathlib import Path

from mediaserver.captions.streaming import Heard
from mediaserver.transcript.recognizer import RATE_HZ, Sound

FILE = "script.json"

Utterance = list[tuple[str, float]]
"""Words and their ends in seconds."""


class ScriptedRecognizer:
    """The script in a folder."""

    def __init__(self, model: Path) -> None:
        self._speakers: list[list[Utterance]] = json.loads((model / FILE).read_text(encoding="utf-8"))
        self._streams = 0

    def stream(self) -> "ScriptedStream":
        """Return a stream that says what the next speaker says."""
        self._streams += 1
        return ScriptedStream(self._speakers[(self._streams - 1) % len(self._speakers)])


class ScriptedStream:
    """One speaker, who says a word as soon as its sound was fed."""

    def __init__(self, utterances: list[Utterance]) -> None:
        self._words = [
            (utterance[: number + 1], number + 1 == len(utterance))
            for utterance in utterances
            for number in range(len(utterance))
        ]
        """What is to be heard after each word, and whether that is final."""
        self._samples = 0
        self._open: Utterance = []

    def feed(self, sound: Sound) -> list[Heard]:
        """Return the words that end within the sound."""
        self._samples += len(sound)
        heard = []
        while self._words and self._words[0][0][-1][1] <= self._samples / RATE_HZ:
            words, final = self._words.pop(0)
            self._open = [] if final else words
            heard.append(_heard(words, final=final))
        return heard

    def finish(self) -> list[Heard]:
        """Return the utterance that was not final."""
        return [_heard(self._open, final=True)] if self._open else []


def _heard(words: Utterance, final: bool) -> Heard:
    return Heard(words[0][1], words[-1][1], " ".join(word for word, _ in words), final)
