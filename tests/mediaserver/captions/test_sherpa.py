"""The real `sherpa-onnx` runs a model of two kilobytes: words, times, utterances, and folders that are no model.

`make speech` installs it. No registry carries a streaming model of a language.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from mediaserver.captions import sherpa
from mediaserver.captions.blocks import Block
from mediaserver.captions.sherpa import SherpaRecognizer, part_file
from mediaserver.captions.streaming import Heard
from mediaserver.transcript.recognizer import RATE_HZ, NoModel, Sound
from tests.mediaserver.captions import loud_model
from tests.mediaserver.captions.scripts import run

installed = pytest.mark.skipif(find_spec("sherpa_onnx") is None, reason="`make speech` installs sherpa-onnx")
LOUD: Sound = np.random.default_rng(1).normal(0, 0.1, RATE_HZ).astype(np.float32)
SILENCE: Sound = np.zeros(RATE_HZ, np.float32)


def feed(stream: sherpa.SherpaStream, sound: Sound) -> list[Heard]:
    """Feed a sound in blocks of 100 ms."""
    return [each for block in np.split(sound, len(sound) // (RATE_HZ // 10)) for each in stream.feed(block)]


@installed
def test_words_grow_until_a_pause_ends_the_utterance(tmp_path: Path) -> None:
    stream = SherpaRecognizer(loud_model.written(tmp_path)).stream()
    assert feed(stream, np.concatenate([LOUD, SILENCE, SILENCE])) == [
        Heard(0.0, 0.0, "to", final=False),
        Heard(0.0, 0.48, "to to", final=False),
        Heard(0.0, 0.48, "to to", final=True),
    ]
    assert feed(stream, LOUD) == [Heard(2.88, 2.88, "to", final=False), Heard(2.88, 3.36, "to to", final=False)]
    assert stream.finish()[-1] == Heard(2.88, 3.36, "to to", final=True)


@installed
def test_a_long_utterance_is_cut(tmp_path: Path) -> None:
    stream = SherpaRecognizer(loud_model.written(tmp_path)).stream()
    heard = feed(stream, np.tile(LOUD, 15))
    (cut,) = [each for each in heard if each.final]
    assert sherpa.LONGEST_S - 1 <= cut.end - cut.start <= sherpa.LONGEST_S + 1
    assert heard[-1].start > cut.end


@installed
def test_two_streams_hear_each_its_own(tmp_path: Path) -> None:
    recognizer = SherpaRecognizer(loud_model.written(tmp_path))
    loud, quiet = recognizer.stream(), recognizer.stream()
    assert feed(loud, LOUD)[-1].text == "to to"
    assert feed(quiet, SILENCE) == []
    assert quiet.finish() == []


@installed
def test_the_process_hears_what_a_meeting_mixes(tmp_path: Path) -> None:
    sound = (6000 * np.random.default_rng(2).normal(0, 1, 4800 * 12)).clip(-32000, 32000).astype(np.int16)
    blocks = [Block(5, 70.0 + n / 10, each.tobytes()) for n, each in enumerate(np.split(sound, 12))]
    status, (ready, *lines) = run(loud_model.written(tmp_path), [*blocks, Block(5, 71.2, b"")])
    assert (status, ready) == (0, {"ready": True})
    assert lines[-1]["heard"] == {
        "speaker": 5,
        "utterance": 0,
        "start": 70.0,
        "end": 70.96,
        "text": "to to to",
        "final": True,
    }


@installed
def test_a_part_that_is_missing_is_no_model(tmp_path: Path) -> None:
    loud_model.written(tmp_path)
    (tmp_path / "joiner.onnx").unlink()
    with pytest.raises(NoModel, match=r"joiner\*\.onnx is missing"):
        SherpaRecognizer(tmp_path)


@installed
def test_a_file_that_is_no_model_ends_the_process_alone(tmp_path: Path) -> None:
    (loud_model.written(tmp_path) / "encoder.onnx").write_bytes(b"no model")
    status, lines = run(tmp_path, [])
    assert status != 0
    assert {"ready": True} not in lines


def test_small_weights_come_first_but_for_the_decoder(tmp_path: Path) -> None:
    for part in sherpa.PARTS:
        for name in (f"{part}-epoch-99-avg-1.int8.onnx", f"{part}-epoch-99-avg-1.onnx"):
            (tmp_path / name).touch()
    assert [".int8." in part_file(tmp_path, part).name for part in sherpa.PARTS] == [True, False, True]
