"""The transcriber says who said what when, from isolated tracks or from the mix, and goes on where it was ended.

Also tests `passages.py`, `transcript_job.py`, `recognizer.py` and `recording/turns.py`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mediaserver.recording.encrypted_file import KEY_BYTES, Damaged, FileCipher, open_by_own_key
from mediaserver.recording.muxer import open_whole
from mediaserver.recording.turns import UNKNOWN, Turn, read_turns, write_turns
from mediaserver.transcript import passages as reading
from mediaserver.transcript.passages import passages
from mediaserver.transcript.transcriber import Transcribed, transcribe
from mediaserver.transcript.transcript_job import SoundFile, TranscriptJob
from tests.film import film
from tests.mediaserver.transcript.tones import COMMAND, ToneRecognizer, record_tones

CIPHER = FileCipher(bytes(KEY_BYTES))
NEAR_S = 0.05
"""An encoder takes some milliseconds to begin and to end a tone."""


def of_point(path: Path, name: str, seconds: float, done: float = 0.0, key: str | None = None) -> SoundFile:
    """Return a point's isolated track as a job names it."""
    return SoundFile(path, key, (Turn(0.0, name),), seconds, done)


def job(*sounds: SoundFile, model: Path = Path("/nowhere")) -> TranscriptJob:
    return TranscriptJob(sounds, model, "vi")


def told(work: TranscriptJob) -> list[Transcribed]:
    found: list[Transcribed] = []
    transcribe(work, ToneRecognizer(work.model, work.language), found.append)
    return found


def said(found: list[Transcribed]) -> list[tuple[str, str]]:
    return [(each.point, speech.text) for each in found for speech in each.speech]


def times(found: list[Transcribed]) -> list[float]:
    return [time for each in found for speech in each.speech for time in (speech.start, speech.end)]


def run(work: TranscriptJob) -> list[dict[str, Any]]:
    """Run the process; return the lines that it prints."""
    done = subprocess.run(COMMAND, input=work.text(), capture_output=True, text=True, check=False, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_point_is_heard_by_itself_at_its_time(tmp_path: Path) -> None:
    recording = tmp_path / "1.mp4"
    first = record_tones(recording, 1, "A", [(2.0, 1.5, 400), (10.0, 2.0, 600)])
    second = record_tones(recording, 2, "B", [(3.0, 1.0, 800)])  # while A speaks
    found = told(job(of_point(first, "A", 12.0), of_point(second, "B", 4.0)))
    assert said(found) == [("A", "400 Hz"), ("A", "600 Hz"), ("B", "800 Hz")]
    assert times(found) == pytest.approx([2.0, 3.5, 10.0, 12.0, 3.0, 4.0], abs=NEAR_S)
    assert [(each.file, each.seconds, each.of) for each in found] == [
        (0, pytest.approx(3.5, abs=NEAR_S), 16.0),
        (0, pytest.approx(12.0, abs=NEAR_S), 16.0),
        (1, 16.0, 16.0),
    ]


def test_a_process_that_was_ended_goes_on_behind_its_last_passage(tmp_path: Path) -> None:
    track = record_tones(tmp_path / "1.mp4", 1, "A", [(2.0, 1.5, 400), (10.0, 2.0, 600)])
    whole = told(job(of_point(track, "A", 12.0)))
    rest = told(job(of_point(track, "A", 12.0, done=whole[0].until)))
    assert [(each.speech, each.until, each.seconds) for each in rest] == [
        (whole[1].speech, whole[1].until, whole[1].seconds)
    ]


def test_a_long_speech_is_cut_where_it_is_quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_S", 4.0)
    monkeypatch.setattr(reading, "CUT_S", 2.0)
    track = record_tones(tmp_path / "1.mp4", 1, "A", [(1.0, 2.4, 400), (3.9, 2.0, 600)])  # half a second of silence
    found = told(job(of_point(track, "A", 6.0)))
    assert said(found) == [("A", "400 Hz"), ("A", "600 Hz")]
    assert 3.4 < found[0].until < 3.9
    assert times(found) == pytest.approx([1.0, 3.4, 3.9, 5.9], abs=NEAR_S)


def test_the_mix_is_given_to_who_spoke(tmp_path: Path) -> None:
    mix = film(tmp_path / "1.mp4", 4.0)
    turns = (Turn(0.0, ""), Turn(1.0, "A"), Turn(1.5, "A"), Turn(3.0, "B"))
    with open_whole(mix) as container:
        found = [(each.point, each.start, each.end) for each in passages(container, turns)]
    assert [point for point, _, _ in found] == ["", "A", "B"]
    assert [time for _, *times in found for time in times] == pytest.approx([0, 1, 1, 3, 3, 4], abs=NEAR_S)


def test_the_process_gets_keys_of_its_own_files_alone(tmp_path: Path) -> None:
    track = record_tones(tmp_path / "1.mp4", 1, "A", [(2.0, 1.5, 400)])
    other = record_tones(tmp_path / "2.mp4", 1, "B", [(2.0, 1.5, 400)])
    for path in (track, other):
        CIPHER.encrypt(path)
    key = CIPHER.key_of(track)
    assert key is not None
    with pytest.raises(Damaged):
        open_by_own_key(other, key).read()
    passage, end = run(job(of_point(track, "A", 3.5, key=key.hex()), model=tmp_path))
    assert (passage["passage"]["point"], passage["passage"]["speech"][0]["text"], end) == (
        "A",
        "400 Hz",
        {"done": True},
    )


def test_what_cannot_be_read_is_said_in_a_word(tmp_path: Path) -> None:
    broken = tmp_path / "1.1.m4a"
    broken.write_bytes(b"no mp4" * 100)
    assert run(job(of_point(broken, "A", 3.5), model=tmp_path)) == [{"error": "unreadable"}]


def test_it_is_known_whether_a_service_may_make_code() -> None:
    forbid = "import ctypes; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)"  # PR_SET_MDWE, from Linux 6.3 on
    ask = "from mediaserver.transcript.whisper import may_make_code; print(may_make_code())"
    told = subprocess.run(
        [sys.executable, "-c", f"{ask}; {forbid}; print(may_make_code())"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout.split()  # fmt: skip
    assert told == ["True", "False" if _linux() >= (6, 3) else "True"]


def _linux() -> tuple[int, ...]:
    """Return the version of the kernel."""
    return tuple(map(int, os.uname().release.split(".")[:2]))


def test_a_job_survives_its_text(tmp_path: Path) -> None:
    work = job(of_point(tmp_path / "1.1.m4a", "A", 3.5, 1.5, "ab"), model=tmp_path)
    assert TranscriptJob.read(work.text()) == work


def test_turns_are_kept_encrypted_for_this_recording_alone(tmp_path: Path) -> None:
    recording, turns = tmp_path / "1.mp4", (Turn(0.0, ""), Turn(1.5, "A"))
    cipher = CIPHER.for_making(recording)
    assert read_turns(recording, cipher) == UNKNOWN
    write_turns(recording, turns, cipher)
    assert read_turns(recording, cipher) == turns
    assert read_turns(recording, CIPHER) == UNKNOWN
