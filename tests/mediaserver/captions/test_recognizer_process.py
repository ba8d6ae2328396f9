"""The process that recognizes speech is run as the media worker runs it, on scripts that are known."""

import json
import os
import subprocess
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from mediaserver.captions.blocks import Block
from mediaserver.captions.captioner import COMMAND
from mediaserver.captions.recognizer_process import Cost, SpeakerHeard, Speech, recognize
from mediaserver.captions.scripted import ScriptedRecognizer
from mediaserver.captions.streaming import Heard
from mediaserver.transcript.recognizer import Sound
from tests.mediaserver.captions.scripts import TONE, run, written

BLOCK = np.tile(TONE, 5)


def block(speaker: int, number: int, begun: float = 0.0) -> Block:
    """Return the `number`-th 100 ms of a speaker."""
    return Block(speaker, begun + number / 10, BLOCK.tobytes())


def test_two_speakers_are_told_apart_with_their_times(tmp_path: Path) -> None:
    blocks = [block(speaker, number, begun) for number in range(10) for speaker, begun in ((3, 10.0), (9, 20.5))]
    status, (ready, *lines) = run(written(tmp_path), [*blocks, Block(9, 21.5, b"")])
    assert (status, ready) == (0, {"ready": True})
    told = [SpeakerHeard(**line["heard"]) for line in lines]
    assert [each for each in told if each.speaker == 3] == [
        SpeakerHeard(3, 0, 10.3, 10.3, "Kính", final=False),
        SpeakerHeard(3, 0, 10.3, 10.5, "Kính thưa", final=True),
    ]
    assert [each for each in told if each.speaker == 9] == [
        SpeakerHeard(9, 0, 20.7, 20.7, "Tôi", final=False),
        SpeakerHeard(9, 0, 20.7, 20.9, "Tôi đồng", final=False),
        SpeakerHeard(9, 0, 20.7, 21.1, "Tôi đồng ý", final=True),
    ]


def test_an_utterance_ends_with_its_speaker_and_the_next_begins_anew(tmp_path: Path) -> None:
    script = [[[["một", 0.1], ["hai", 9.0]]], [[["ba", 0.2]]]]
    _, (_, *lines) = run(
        written(tmp_path, script), [block(1, 0), Block(1, 0.1, b""), *(block(1, number) for number in (50, 51, 52))]
    )
    assert [line["heard"] for line in lines] == [
        asdict(SpeakerHeard(1, 0, 0.1, 0.1, "một", final=False)),
        asdict(SpeakerHeard(1, 0, 0.1, 0.1, "một", final=True)),
        asdict(SpeakerHeard(1, 0, 5.2, 5.2, "ba", final=True)),
    ]


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    assert run(tmp_path, []) == (1, [{"error": "no-model"}])


def test_the_process_has_the_lowest_priority_and_ends_with_its_input(tmp_path: Path) -> None:
    process = subprocess.Popen([*COMMAND, str(written(tmp_path))], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    assert json.loads(process.stdout.readline()) == {"ready": True}
    assert os.sched_getscheduler(process.pid) == os.SCHED_IDLE
    process.stdin.close()
    assert process.wait(30) == 0
    process.stdout.close()


class Ruler:
    """A stream that notes how much sound it was fed."""

    def __init__(self) -> None:
        self.samples = 0

    def feed(self, sound: Sound) -> list[Heard]:
        self.samples += len(sound)
        return []

    def finish(self) -> list[Heard]:
        return [Heard(0.0, self.samples / 16_000, "", final=True)]


@pytest.mark.parametrize(("gap", "filled"), [(0.0, 0.0), (0.5, 0.5), (7.0, 1.0)])
def test_a_gap_is_silence_as_far_as_it_is_short(gap: float, filled: float) -> None:
    ruler = Ruler()
    speech = Speech(1, ruler)
    speech.feed(block(1, 0, 3.0))
    speech.feed(block(1, 1, 3.0 + gap))
    (end,) = speech.finish()
    assert ruler.samples / 16_000 == pytest.approx(0.2 + filled, abs=0.005)
    assert end.end == pytest.approx(3.2 + gap, abs=0.01)


def test_the_cost_of_sound_is_told_every_five_seconds(tmp_path: Path) -> None:
    blocks, costs = iter([block(1, number) for number in range(120)]), list[Cost]()
    recognize(ScriptedRecognizer(written(tmp_path)), lambda: next(blocks, None), lambda _: None, costs.append)
    assert [each.sound for each in costs] == [5.0, 5.0]
    assert all(0 < each.cpu < 5 for each in costs)
