"""Tests the interface of streaming recognizers by the one whose words are known. Also tests `streaming.py`."""

from pathlib import Path

import numpy as np

from mediaserver.captions.scripted import ScriptedRecognizer
from mediaserver.captions.streaming import Heard, StreamingRecognizer
from tests.mediaserver.captions.scripts import written

SECOND = np.zeros(16_000, np.float32)


def test_words_grow_to_an_utterance_and_the_next_one_begins(tmp_path: Path) -> None:
    recognizer: StreamingRecognizer = ScriptedRecognizer(written(tmp_path))
    stream = recognizer.stream()
    assert stream.feed(SECOND[:4799]) == []
    assert stream.feed(SECOND[:1]) == [Heard(0.3, 0.3, "Kính", final=False)]
    assert stream.feed(SECOND) == [Heard(0.3, 0.5, "Kính thưa", final=True), Heard(1.2, 1.2, "xin", final=False)]
    assert stream.finish() == [Heard(1.2, 1.2, "xin", final=True)]


def test_each_stream_is_a_speaker_and_after_the_last_comes_the_first(tmp_path: Path) -> None:
    recognizer = ScriptedRecognizer(written(tmp_path))
    ends = [recognizer.stream().feed(np.tile(SECOND, 2))[-1].text for _ in range(3)]
    assert ends == ["xin mời", "Tôi đồng ý", "xin mời"]
    assert recognizer.stream().finish() == []
