"""Tests of the remuxer with closed and broken recordings: nothing is encoded anew, nothing lost, wherever a file was
cut off.

Also tests `remux_job.py`.
"""

import json
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from mediaserver.recording import remuxer as remuxer_module
from mediaserver.recording.chapters import Chapter
from mediaserver.recording.disk_space import Space
from mediaserver.recording.files import digest, thumbnail_of
from mediaserver.recording.remux_job import RecordingPart, RemuxJob
from mediaserver.recording.remuxer import MAX_GAP_S, RemuxFailed, RemuxResult, remux
from tests.film import CIPHER, SIZE, Camera, film
from tests.mediaserver.recording.container import payloads

LOST_S = 2.0
"""What a cut may cost."""
CUTS = 24


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a recording of six seconds as the recorder leaves it."""
    return film(tmp_path_factory.mktemp("recording") / "1.mp4", 6).read_bytes()


def write_file(directory: Path, data: bytes, name: str = "1.mp4") -> Path:
    path = directory / name
    path.write_bytes(data)
    return path


def boxes(path: Path) -> list[bytes]:
    """Return the kinds of a file's outermost boxes (ISO/IEC 14496-12, 4.2)."""
    data, kinds, place = path.read_bytes(), [], 0
    while place < len(data):
        kinds.append(data[place + 4 : place + 8])
        place += int.from_bytes(data[place : place + 4], "big")
    return kinds


def assert_decodes(path: Path) -> None:
    """Check that ffmpeg decodes a file without any message."""
    command = ["ffmpeg", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_part_becomes_an_ordinary_file_with_the_same_pictures_and_sounds(tmp_path: Path, recording: bytes) -> None:
    path, raw = write_file(tmp_path, recording), write_file(tmp_path, recording, "raw.mp4")
    made = remux(path, [RecordingPart(path)], CIPHER)
    assert boxes(raw)[:4] == [b"ftyp", b"moov", b"moof", b"mdat"]
    assert [kind for kind in boxes(path) if kind != b"free"] == [b"ftyp", b"moov", b"mdat"]
    assert [payloads(path, kind) for kind in ("video", "audio")] == [payloads(raw, kind) for kind in ("video", "audio")]
    assert (made.seconds, made.bytes, made.sha256, made.indexed) == (6.0, path.stat().st_size, digest(path), True)
    assert_decodes(path)
    with Image.open(thumbnail_of(path)) as picture:
        assert (picture.format, picture.size) == ("JPEG", SIZE)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["1.jpg", "1.mp4", "raw.mp4"]


@pytest.mark.parametrize("seconds", [1.3, 1.6, 2.5, 3.7])
def test_done_again_it_is_the_same(tmp_path: Path, seconds: float) -> None:
    """A demuxer guesses the bit rate of most of these films anew once they are ordinary files."""
    path = film(tmp_path / "1.mp4", seconds)
    assert remux(path, [RecordingPart(path)], CIPHER) == remux(path, [RecordingPart(path)], CIPHER)


@pytest.mark.parametrize("cut", range(CUTS))
def test_cut_off_anywhere_it_plays_to_within_two_seconds(tmp_path: Path, recording: bytes, cut: int) -> None:
    """Half of the cuts go through the tables between the pictures, where a demuxer gives up the whole file."""
    tables = [place for place in range(20_000, len(recording)) if recording[place : place + 4] == b"moof"]
    chance = random.Random(cut)
    end = chance.choice(tables) + chance.randrange(400) if cut % 2 else chance.randrange(tables[0], len(recording))
    path = write_file(tmp_path, recording[:end])
    made = remux(path, [RecordingPart(path)], CIPHER)
    assert made.seconds >= 6 * end / len(recording) - LOST_S
    assert_decodes(path)


def test_without_room_a_part_that_was_cut_in_a_table_is_measured_as_far_as_it_plays(
    tmp_path: Path, recording: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_file(tmp_path, recording[: recording.rindex(b"moof") + 100])
    monkeypatch.setattr(remuxer_module, "measure", lambda _: Space(free=0, total=1))
    assert remux(path, [RecordingPart(path)], CIPHER).seconds == 5.0
    assert path.read_bytes() == recording[: recording.rindex(b"moof") - 4]
    assert_decodes(path)


TABLE_BYTES = 100
"""What is there of a table before the zeros; FFmpeg gives a file up for them."""


def blank(recording: bytes, fragments: int) -> bytes:
    """Return a recording as after a loss of power: the tables of its last fragments are mostly zeros."""
    data, place = bytearray(recording), len(recording)
    for _ in range(fragments):
        place = recording.rindex(b"moof", 0, place) - 4
        end = place + int.from_bytes(recording[place : place + 4], "big")
        data[place + TABLE_BYTES : end] = bytes(end - place - TABLE_BYTES)
    return bytes(data)


@pytest.mark.parametrize("fragments", [1, 2, 3])
def test_tables_that_a_loss_of_power_left_blank_cost_their_fragments_only(
    tmp_path: Path, recording: bytes, fragments: int
) -> None:
    path = write_file(tmp_path, blank(recording, fragments))
    assert remux(path, [RecordingPart(path)], CIPHER).seconds == 6.0 - fragments
    assert_decodes(path)


def test_without_room_a_part_is_cut_off_before_a_blank_table(
    tmp_path: Path, recording: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_file(tmp_path, blank(recording, 1))
    monkeypatch.setattr(remuxer_module, "measure", lambda _: Space(free=0, total=1))
    assert remux(path, [RecordingPart(path)], CIPHER).seconds == 5.0
    assert path.read_bytes() == recording[: recording.rindex(b"moof") - 4]
    assert_decodes(path)


def test_a_recording_whose_only_table_is_blank_is_left_alone(tmp_path: Path) -> None:
    data = blank(film(tmp_path / "1.mp4", 0.5).read_bytes(), 1)
    path = write_file(tmp_path, data)
    with pytest.raises(RemuxFailed, match="unreadable"):
        remux(path, [RecordingPart(path)], CIPHER)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"1.mp4": data}


@pytest.mark.parametrize("data", [b"", b"junk" * 999, b"\0\0\0\x18ftypiso5"])
def test_a_file_without_a_picture_is_left_alone(tmp_path: Path, data: bytes) -> None:
    path = write_file(tmp_path, data)
    with pytest.raises(RemuxFailed, match="unreadable"):
        remux(path, [RecordingPart(path)], CIPHER)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"1.mp4": data}


def test_without_room_for_a_copy_a_part_stays_as_it_is(
    tmp_path: Path, recording: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_file(tmp_path, recording)
    monkeypatch.setattr(remuxer_module, "measure", lambda _: Space(free=len(recording), total=len(recording) * 10))
    made = remux(path, [RecordingPart(path)], CIPHER)
    assert (path.read_bytes(), made.indexed, made.seconds, made.sha256) == (recording, False, 6.0, digest(path))
    with pytest.raises(RemuxFailed, match="disk-full"):
        remux(tmp_path / "joined.mp4", [RecordingPart(path)], CIPHER)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["1.jpg", "1.mp4"]


def test_parts_are_joined_where_they_were_in_time_and_never_overlap(tmp_path: Path, recording: bytes) -> None:
    parts = [write_file(tmp_path, recording, f"{number}.mp4") for number in (1, 2, 3)]
    joined = tmp_path / "joined.mp4"
    made = remux(
        joined, [RecordingPart(path, offset) for path, offset in zip(parts, (0, 8.5, 11), strict=True)], CIPHER
    )
    starts = (0, 8.5, 14.5)  # the third would begin inside the second
    one = [pts for pts, _ in payloads(parts[0], "video") if pts is not None]
    times = [pts for pts, _ in payloads(joined, "video") if pts is not None]
    assert times == [pts + round(start * 90_000) for start in starts for pts in one]
    assert (made.seconds, made.first) == (20.5, remux(parts[0], [RecordingPart(parts[0])], CIPHER).first)
    assert_decodes(joined)


def test_between_parts_that_are_far_apart_as_much_time_is_left_as_a_file_can_hold(
    tmp_path: Path, recording: bytes
) -> None:
    """Parts of before and after a night, and one a moment later; what an mp4 cannot hold is 6.63 hours."""
    parts = [write_file(tmp_path, recording, f"{number}.mp4") for number in (1, 2, 3)]
    night = 13 * 3600.0
    marks = [(Chapter(0.0, title), Chapter(2.0, f"{title} 2")) for title in ("a", "b", "c")]
    offsets = (0.0, night, night + 8.5)
    joined = tmp_path / "joined.mp4"
    made = remux(joined, [RecordingPart(*each) for each in zip(parts, offsets, marks, strict=True)], CIPHER)
    second = 6.0 + MAX_GAP_S
    starts = (0.0, second, second + 8.5)
    for kind, clock in (("video", 90_000), ("audio", 48_000)):
        one = [pts for pts, _ in payloads(parts[0], kind) if pts is not None]
        assert [pts for pts, _ in payloads(joined, kind)] == [pts + round(at * clock) for at in starts for pts in one]
    assert made.seconds == second + 14.5
    assert [chapter.seconds for chapter in made.chapters] == [at + mark for at in starts for mark in (0.0, 2.0)]
    assert [start for start, _, _ in listed_chapters(joined)] == [chapter.seconds for chapter in made.chapters]


def test_a_file_that_is_not_as_long_as_what_went_into_it_is_not_good(
    tmp_path: Path, recording: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the muxer finds a gap too wide, and goes on without it."""
    parts = [write_file(tmp_path, recording, f"{number}.mp4") for number in (1, 2)]
    monkeypatch.setattr(remuxer_module, "MAX_GAP_S", 7 * 3600)
    with pytest.raises(RemuxFailed, match="unreadable"):
        remux(tmp_path / "joined.mp4", [RecordingPart(parts[0]), RecordingPart(parts[1], 7 * 3600.0)], CIPHER)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["1.mp4", "2.mp4"]


def test_a_pause_is_cut_out(tmp_path: Path) -> None:
    camera = Camera(tmp_path / "1.mp4")
    for seconds, paused in ((2.0, True), (3.0, False), (2.0, True), (0.5, True)):
        camera.roll(seconds)
        camera.pause(paused)
    camera.close()
    made = remux(tmp_path / "1.mp4", [RecordingPart(tmp_path / "1.mp4")], CIPHER)
    pictures = [pts for pts, _ in payloads(tmp_path / "1.mp4", "video") if pts is not None]
    steps = [after - before for before, after in pairwise(pictures)]
    # the first picture after the pause is not in it: it brings about the key frame to go on with
    assert (len(pictures), sorted(set(steps)), steps.count(9000)) == (99, [3600, 9000], 1)
    sounds = [pts for pts, _ in payloads(tmp_path / "1.mp4", "audio") if pts is not None]
    assert sounds == sorted(set(sounds))
    assert made.seconds == 4.02
    assert_decodes(tmp_path / "1.mp4")


def test_paused_from_the_beginning_there_is_no_file(tmp_path: Path) -> None:
    camera = Camera(tmp_path / "1.mp4")
    camera.pause(True)
    camera.roll(1)
    camera.close()
    assert (list(tmp_path.iterdir()), camera.recorder.seconds) == ([], 0.0)


def test_as_a_process(tmp_path: Path, recording: bytes) -> None:
    path, junk = write_file(tmp_path, recording), write_file(tmp_path, b"junk", "2.mp4")
    results = []
    for target in (path, junk):
        command, job = (
            [sys.executable, "-m", "mediaserver.recording.remuxer"],
            RemuxJob(target, (RecordingPart(target),), CIPHER.key.hex()),
        )
        done = subprocess.run(command, input=job.text(), capture_output=True, text=True, check=False)
        results.append((done.returncode, json.loads(done.stdout)))
    (good, facts), bad = results
    assert (good, RemuxResult(**{**facts, "chapters": (), "solos": ()})) == (
        0,
        remux(path, [RecordingPart(path)], CIPHER),
    )
    assert bad == (1, {"error": "unreadable"})


def listed_chapters(path: Path) -> list[tuple[float, float, str]]:
    """Return the chapters of a file as ffprobe lists them: start, end, title."""
    command = ["ffprobe", "-v", "error", "-show_chapters", "-of", "json", str(path)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["chapters"]
    return [(float(each["start_time"]), float(each["end_time"]), each["tags"]["title"]) for each in found]


def nero_chapters(path: Path) -> list[tuple[float, str]]:
    """Return time and title of the chapters in Nero's list.

    ``chpl`` has a count, then for each chapter the time in 100 ns and a title after its size.
    """
    data = path.read_bytes()
    place = data.index(b"chpl") + 12
    found, (count, place) = [], (data[place], place + 1)
    for _ in range(count):
        size = data[place + 8]
        title = data[place + 9 : place + 9 + size].decode()
        found.append((int.from_bytes(data[place : place + 8], "big") / 1e7, title))
        place += 9 + size
    return found


def test_marks_become_chapters_that_players_list(tmp_path: Path, recording: bytes) -> None:
    path, plain = write_file(tmp_path, recording), write_file(tmp_path, recording, "plain.mp4")
    marks = (Chapter(0.0, "Họp giao ban"), Chapter(2.5, "Khai mạc"), Chapter(9.0, "Kết luận"))
    made = remux(path, [RecordingPart(path, 0.0, marks)], CIPHER)
    assert made.chapters == (*marks[:2], Chapter(5.0, "Kết luận"))
    assert listed_chapters(path) == [(0.0, 2.5, "Họp giao ban"), (2.5, 5.0, "Khai mạc"), (5.0, 6.0, "Kết luận")]
    assert nero_chapters(path) == [(start, title) for start, _, title in listed_chapters(path)]
    assert remux(path, [RecordingPart(path, 0.0, made.chapters)], CIPHER) == made
    remux(plain, [RecordingPart(plain, 0.0, marks[:1])], CIPHER)
    assert listed_chapters(plain) == []
    for kind in ("video", "audio"):
        assert payloads(path, kind) == payloads(plain, kind)
    assert_decodes(path)


def test_many_chapters_with_long_titles(tmp_path: Path, recording: bytes) -> None:
    part, joined = write_file(tmp_path, recording), tmp_path / "joined.mp4"
    marks = [Chapter(float(second), f"{second} " + "ọ" * 200) for second in range(300)]
    pieces = [
        RecordingPart(
            part, start, tuple(Chapter(mark.seconds - start, mark.title) for mark in marks[start : start + 6])
        )
        for start in range(0, 300, 6)
    ]
    assert remux(joined, pieces, CIPHER).chapters == tuple(marks)
    found = [title for _, _, title in listed_chapters(joined)]
    assert (len(found), found[-1]) == (300, "299 " + "ọ" * 83)
    assert [title for _, title in nero_chapters(joined)] == found[:255]


def test_joined_parts_keep_their_chapters_where_they_are(tmp_path: Path, recording: bytes) -> None:
    parts = [write_file(tmp_path, recording, f"{number}.mp4") for number in (1, 2)]
    joined = tmp_path / "joined.mp4"
    first = (Chapter(0.0, "Khai mạc"), Chapter(3.0, "Báo cáo"))
    second = (Chapter(0.0, "Báo cáo"), Chapter(2.0, "Thảo luận"))
    pieces = [
        RecordingPart(path, offset, marks) for path, offset, marks in zip(parts, (0, 8.5), (first, second), strict=True)
    ]
    assert remux(joined, pieces, CIPHER).chapters == (*first, Chapter(10.5, "Thảo luận"))
    assert [start for start, _, _ in listed_chapters(joined)] == [0.0, 3.0, 10.5]
    for part, marks in zip(parts, (first, second), strict=True):
        remux(part, [RecordingPart(part, 0.0, marks)], CIPHER)
    assert remux(joined, pieces, CIPHER).chapters == (*first, Chapter(10.5, "Thảo luận")), "parts have some"
    assert_decodes(joined)
