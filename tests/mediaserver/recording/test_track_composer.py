"""Tests of composing afterwards: the file shows at each moment what the tracks say, and nothing is done twice or lost.

Also tests `track_player.py`.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from mediaserver.api import Layout
from mediaserver.recording import track_composer
from mediaserver.recording.chapters import Chapter
from mediaserver.recording.disk_space import Space
from mediaserver.recording.files import isolated_track_paths, raw_paths, segment_path, thumbnail_of, tracks_path
from mediaserver.recording.remux_job import RecordingPart
from mediaserver.recording.remuxer import RemuxFailed, RemuxResult, remux
from mediaserver.recording.track_composer import Progress, compose_tracks
from mediaserver.recording.turns import Turn, read_turns
from mediaserver.video.canvas import BACKGROUND, CARD
from tests.mediaserver.pictures import BLUE, GREEN, RED, Colour, alike, colour_at, tone
from tests.mediaserver.recording.decoded_film import Film
from tests.mediaserver.recording.tracks_fixture import CIPHER, FPS, FixtureCamera, TracksFixture

LEFT, RIGHT, BELOW, MIDDLE = (60, 70), (260, 70), (110, 110), (160, 60)
"""Places in the tiles of two or three cameras in a grid, and of a single one."""


class Composed(Film):
    """A composed recording, decoded whole."""

    def at(self, seconds: float, *places: tuple[int, int]) -> list[Colour]:
        """Return the colours of the picture that is shown at a time."""
        _, frame = max((each for each in self.pictures if each[0] <= seconds + 0.001), key=lambda each: each[0])
        return [colour_at(frame, *place) for place in places]

    def shows(self, seconds: float, *expected: tuple[tuple[int, int], Colour]) -> bool:
        """Return whether the picture that is shown at a time has these colours."""
        places, colours = zip(*expected, strict=True)
        return all(alike(*pair) for pair in zip(self.at(seconds, *places), colours, strict=True))


def two_cameras(path: Path) -> TracksFixture:
    fixture = TracksFixture(path / "session" / "1.mp4")
    fixture.show("a", "b")
    fixture.cameras = {"a": FixtureCamera(RED), "b": FixtureCamera(GREEN, "H264", stream=2)}
    return fixture


def compose(fixture: TracksFixture) -> Composed:
    fixture.recorder.close()
    return composed(fixture, [])


def composed(fixture: TracksFixture, told: list[Progress]) -> Composed:
    compose_tracks(fixture.job, CIPHER, told.append)
    return Composed(fixture.path)


def test_the_picture_is_that_of_the_scene_and_the_cameras_of_each_moment(tmp_path: Path) -> None:
    fixture = two_cameras(tmp_path)
    fixture.record(1, 440)
    fixture.show("a", "b", layout=Layout("single", focus="b"))
    fixture.record(1, 660)
    fixture.recorder.record_isolated_tracks({"A": tone(440, 99)}, 99)
    film = compose(fixture)
    assert film.shows(0.04, (LEFT, RED), (RIGHT, GREEN))
    assert film.shows(0.96, (LEFT, RED), (RIGHT, GREEN))
    assert film.shows(1.0, (LEFT, GREEN), (RIGHT, GREEN), (MIDDLE, GREEN))
    assert film.shows(1.96, (MIDDLE, GREEN))
    assert len(film.pictures) == 50
    assert film.seconds == pytest.approx(2)
    assert film.last_sound == pytest.approx(2, abs=0.02)
    assert film.hertz(0.1, 0.9) == pytest.approx(440, abs=2)
    assert film.hertz(1.1, 1.9) == pytest.approx(660, abs=2)
    assert thumbnail_of(fixture.path).exists()
    assert len(isolated_track_paths(fixture.path)) == 1
    assert raw_paths(fixture.path) == []


def test_names_speaker_and_marks_are_drawn(tmp_path: Path) -> None:
    plain, marked = two_cameras(tmp_path / "1"), two_cameras(tmp_path / "2")
    marked.scene = replace(marked.scene, speaker="a", icons={"b": ("floor",)}, labels={"a": "A", "b": "Nha Trang"})
    for fixture in (plain, marked):
        fixture.record(0.5)
    one, other = (compose(fixture).pictures[-1][1].to_ndarray(format="gray") for fixture in (plain, marked))
    differs = np.abs(one.astype(int) - other) > 40
    assert differs[116:134, 162:318].any(), "name and microphone of b"
    assert differs[45:47, 4:156].mean() > 0.9, "the frame around a"


def test_of_the_tracks_it_is_kept_who_spoke_when(tmp_path: Path) -> None:
    tracks = TracksFixture(tmp_path / "1.mp4")
    for speaker in (None, "a", "b"):
        tracks.show("a", "b", speaker=speaker)
        tracks.record(0.4)
    tracks.recorder.close()
    compose_tracks(tracks.job, CIPHER, lambda _: None)
    assert read_turns(tracks.path, CIPHER) == (Turn(0.0, ""), Turn(0.4, "Điểm a"), Turn(0.8, "Điểm b"))


def test_a_camera_that_goes_becomes_a_card_and_comes_again_in_another_size_and_codec(tmp_path: Path) -> None:
    fixture = two_cameras(tmp_path)
    fixture.record(1)
    gone = fixture.cameras.pop("a")
    fixture.record(3)
    fixture.cameras["a"] = FixtureCamera(BLUE, "H264", (320, 180), stream=gone.stream + 7)
    fixture.record(0.5)
    fixture.cameras["b"] = FixtureCamera(RED, "VP8", (80, 80), stream=9)
    fixture.record(0.5)
    film = compose(fixture)
    assert film.shows(2.9, (LEFT, RED), (RIGHT, GREEN)), "a picture that stands still for less than two seconds"
    assert film.shows(3.2, (LEFT, CARD), (RIGHT, GREEN))
    assert film.shows(4.08, (LEFT, BLUE), (RIGHT, GREEN))
    assert film.shows(4.6, (LEFT, BLUE), (RIGHT, RED), ((170, 90), BACKGROUND))


def test_a_scene_waits_for_the_first_pictures_of_its_cameras_but_not_for_one_that_is_off(tmp_path: Path) -> None:
    fixture = two_cameras(tmp_path)
    fixture.record(1)
    fixture.show("a", "c", "off")
    fixture.record(0.4)
    fixture.cameras["c"] = FixtureCamera(BLUE, stream=3)
    fixture.record(2)
    fixture.show("off")
    fixture.record(1)
    film = compose(fixture)
    assert film.shows(1.36, (LEFT, RED), (RIGHT, GREEN)), "still the scene before"
    assert film.shows(1.44, (LEFT, RED), (RIGHT, BLUE), (BELOW, CARD))
    assert film.shows(3.44, ((40, 30), CARD)), "nothing to wait for"


def test_a_camera_that_came_before_its_scene_is_shown_at_once(tmp_path: Path) -> None:
    fixture = two_cameras(tmp_path)
    fixture.scene = replace(fixture.scene, labels={**fixture.scene.labels, "c": "C"})
    fixture.record(0.5)
    fixture.cameras["c"] = FixtureCamera(BLUE, stream=3)
    fixture.record(0.5)
    fixture.show("a", "c")
    fixture.record(0.4)
    fixture.cameras["c"] = FixtureCamera(BLUE, stream=4)
    fixture.record(0.4)
    assert compose(fixture).shows(1.0, (LEFT, RED), (RIGHT, BLUE)), "not with its next key frame, at 1.4 s"


def test_a_picture_without_tiles_is_the_background(tmp_path: Path) -> None:
    fixture = TracksFixture(tmp_path / "1.mp4")
    fixture.record(0.5)
    assert compose(fixture).shows(0.2, (LEFT, BACKGROUND), (RIGHT, BACKGROUND))


def test_a_pause_is_cut_out_and_the_last_pictures_stand_until_the_next_come(tmp_path: Path) -> None:
    fixture = two_cameras(tmp_path)
    fixture.record(1, 440)
    fixture.recorder.pause(True)
    fixture.record(2, 1000)
    fixture.recorder.pause(False)
    fixture.cameras = {}
    fixture.record(0.2, 660)
    fixture.cameras = {"a": FixtureCamera(BLUE), "b": FixtureCamera(RED, "H264", stream=2)}
    fixture.record(0.8, 660)
    film = compose(fixture)
    assert film.seconds == pytest.approx(2)
    assert film.shows(1.1, (LEFT, RED), (RIGHT, GREEN))
    assert film.shows(1.3, (LEFT, BLUE), (RIGHT, RED))
    assert film.hertz(0.1, 0.95) == pytest.approx(440, abs=2)
    assert film.hertz(1.05, 1.9) == pytest.approx(660, abs=2)


def test_marks_become_chapters_and_progress_is_told_with_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(track_composer, "SEGMENT_S", 1)
    fixture = two_cameras(tmp_path)
    fixture.record(2.5)
    fixture.recorder.close()
    marks = (Chapter(0.0, "Khai mạc"), Chapter(1.4, "Báo cáo"))
    told: list[Progress] = []
    job = replace(fixture.job, pieces=(RecordingPart(tracks_path(fixture.path), 0.0, marks),))
    result = compose_tracks(job, CIPHER, told.append)
    assert result.chapters == marks
    with av.open(str(fixture.path)) as container:
        assert [each["metadata"]["title"] for each in container.chapters()] == ["Khai mạc", "Báo cáo"]
    assert [(each.seconds, each.of) for each in told] == [(0.0, 2.52), (1.0, 2.52), (2.0, 2.52), (2.52, 2.52)]
    assert told[0].left is None and told[-1].left == 0.0
    assert all(each.left is not None and each.left >= 0 for each in told[1:])


def test_segments_join_without_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track_composer, "SEGMENT_S", 1)
    fixture = two_cameras(tmp_path)
    fixture.record(3)
    film = compose(fixture)
    times = [round(seconds, 3) for seconds, _ in film.pictures]
    assert times == [round(number / FPS, 3) for number in range(75)]
    assert len(film.sound) == pytest.approx(3 * 48_000, abs=1000)
    assert film.hertz(0.9, 2.1) == pytest.approx(440, abs=2)


def kill_after(fixture: TracksFixture, segments: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose until so many segments are written, then end as a killed process does."""

    class Killed(BaseException):
        pass

    written = 0
    write = type(CIPHER).write

    def writing(cipher: object, path: Path, plain: object) -> None:
        nonlocal written
        if written == segments:
            raise Killed
        write(cipher, path, plain)  # type: ignore[arg-type]
        written += 1

    with monkeypatch.context() as patch:
        patch.setattr(type(CIPHER), "write", writing)
        with pytest.raises(Killed):
            compose_tracks(fixture.job, CIPHER, lambda _: None)


def test_a_process_that_was_ended_goes_on_behind_its_last_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(track_composer, "SEGMENT_S", 1)
    fixture, whole = two_cameras(tmp_path / "1"), two_cameras(tmp_path / "2")
    for each in (fixture, whole):
        each.record(1.5)
        each.show("b", "a")
        each.record(2)
        each.recorder.close()
    CIPHER.encrypt(tracks_path(fixture.path))
    kill_after(fixture, 2, monkeypatch)
    first = segment_path(fixture.path, 0).read_bytes()
    told: list[Progress] = []
    kill_after(fixture, 1, monkeypatch)
    assert segment_path(fixture.path, 0).read_bytes() == first
    assert segment_path(fixture.path, 2).exists() and not fixture.path.exists()
    film = composed(fixture, told)
    assert told[0].seconds == 3.0, "three segments were there"
    same = composed(whole, [])
    assert len(film.pictures) == len(same.pictures)
    for (_, one), (_, other) in zip(film.pictures, same.pictures, strict=True):
        assert np.abs(one.to_ndarray(format="gray").astype(int) - other.to_ndarray(format="gray")).max() < 24


def test_what_is_on_the_disk_meanwhile_is_encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track_composer, "SEGMENT_S", 1)
    fixture = two_cameras(tmp_path)
    fixture.record(2)
    fixture.recorder.close()
    CIPHER.encrypt(tracks_path(fixture.path))
    kill_after(fixture, 1, monkeypatch)
    assert {path.name for path in fixture.path.parent.iterdir()} == {"1.tracks", "1.0.segment"}
    for path in raw_paths(fixture.path):
        CIPHER.open(path, require_encrypted=True).close()


def test_a_result_that_was_not_heard_of_is_the_remuxers(tmp_path: Path) -> None:
    fixture = two_cameras(tmp_path)
    fixture.record(1)
    fixture.recorder.close()
    result = compose_tracks(fixture.job, CIPHER, lambda _: None)
    assert remux(fixture.path, [RecordingPart(fixture.path)], CIPHER) == result


def test_tracks_stay_when_what_was_made_of_them_is_not_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cutting(target: Path, parts: list[RecordingPart], cipher: object) -> RemuxResult:
        return remux(target, parts[:-1], CIPHER)

    monkeypatch.setattr(track_composer, "SEGMENT_S", 1)
    fixture = two_cameras(tmp_path)
    fixture.record(4)
    fixture.recorder.close()
    monkeypatch.setattr(track_composer, "remux", cutting)
    with pytest.raises(RemuxFailed, match="unreadable"):
        compose_tracks(fixture.job, CIPHER, lambda _: None)
    assert tracks_path(fixture.path).exists()


@pytest.mark.parametrize("content", [b"", b"no tracks at all", b"diemcau tracks 1" + bytes(100)])
def test_a_file_without_tracks_is_unreadable_and_stays(tmp_path: Path, content: bytes) -> None:
    fixture = TracksFixture(tmp_path / "1.mp4")
    tracks_path(fixture.path).write_bytes(content)
    with pytest.raises(RemuxFailed, match="unreadable"):
        compose_tracks(fixture.job, CIPHER, lambda _: None)
    assert tracks_path(fixture.path).read_bytes() == content


def test_without_room_nothing_is_begun_and_the_tracks_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fixture = two_cameras(tmp_path)
    fixture.record(0.5)
    fixture.recorder.close()
    monkeypatch.setattr(track_composer, "measure", lambda _: Space(1 << 20, 1 << 40))
    with pytest.raises(RemuxFailed, match="disk-full"):
        compose_tracks(fixture.job, CIPHER, lambda _: None)
    assert raw_paths(fixture.path) == [tracks_path(fixture.path)]


def test_the_process_takes_a_job_and_prints_progress_and_a_result(tmp_path: Path) -> None:
    fixture = two_cameras(tmp_path)
    fixture.record(0.5)
    fixture.recorder.close()
    command = [sys.executable, "-m", "mediaserver.recording.track_composer"]
    job = fixture.job.text()
    done = subprocess.run(command, input=job, capture_output=True, text=True, check=True, timeout=60)
    *progress, result = (json.loads(line) for line in done.stdout.splitlines())
    assert [line["progress"]["seconds"] for line in progress] == [0.0, 0.52]
    assert (result["seconds"], result["indexed"]) == (pytest.approx(0.52, abs=0.03), True)
    again = subprocess.run(command, input=job, capture_output=True, text=True, check=False, timeout=60)
    assert (again.returncode, json.loads(again.stdout)) == (1, {"error": "unreadable"})


@pytest.mark.parametrize(
    ("urgent", "expected"), [(False, f"{os.SCHED_IDLE} 19"), (True, f"{os.SCHED_OTHER} 10")], ids=["usual", "urgent"]
)
def test_it_runs_when_nothing_else_wants_to_unless_it_is_urgent(tmp_path: Path, urgent: bool, expected: str) -> None:
    code = (
        "import io, os, sys; from mediaserver.recording import track_composer as module;"
        "sys.stdin = io.StringIO(sys.argv[1]); module.main();"
        "print(os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0))"
    )
    job = replace(TracksFixture(tmp_path / "1.mp4").job, urgent=urgent).text()
    done = subprocess.run([sys.executable, "-c", code, job], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == expected
