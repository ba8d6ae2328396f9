"""Tests of the recorder of tracks: what is in its file, and when it gives up."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mediaserver.recording.disk_space import Space
from mediaserver.recording.files import FolderFiles, tracks_path
from mediaserver.recording.recorder import ITEM_BYTES, MAX_QUEUED_BYTES
from mediaserver.recording.track_file import SceneChange, Sound, TrackFileReader, TrackFrame
from tests.mediaserver.pictures import GREEN, RED
from tests.mediaserver.recording.tracks_fixture import FixtureCamera, TracksFixture

Item = TrackFrame | Sound | SceneChange


def items(path: Path) -> list[Item]:
    with tracks_path(path).open("rb") as file:
        return list(TrackFileReader(file))


def sounds(path: Path) -> list[float]:
    return [each.seconds for each in items(path) if isinstance(each, Sound)]


def frames(path: Path, tile: str) -> list[TrackFrame]:
    return [each for each in items(path) if isinstance(each, TrackFrame) and each.tile == tile]


@pytest.mark.parametrize("first_tick", [0, 1000, 2**32 // 960 - 25])
def test_everything_is_kept_as_it_came_on_one_clock(tmp_path: Path, first_tick: int) -> None:
    """The room is new, or as old that the clock of its sound wraps half a second after the start (24.9 hours)."""
    fixture = TracksFixture(tmp_path / "1.mp4", first_tick - first_tick % 2)
    fixture.show("a", "b")
    fixture.cameras = {"a": FixtureCamera(RED), "b": FixtureCamera(GREEN, "H264", stream=2)}
    fixture.record(1)
    fixture.show("a", speaker="a")
    fixture.record(0.5)
    fixture.recorder.close()
    assert sounds(fixture.path) == [round(0.02 * number, 3) for number in range(75)]
    for tile, codec in (("a", "VP8"), ("b", "H264")):
        found = frames(fixture.path, tile)
        assert [each.seconds for each in found] == pytest.approx([0.04 * number for number in range(38)], abs=0.021)
        assert [each.frame.keyframe for each in found] == [True] + 37 * [False]
        assert {each.frame.codec for each in found} == {codec}
    changes = [each for each in items(fixture.path) if isinstance(each, SceneChange)]
    assert [(each.seconds, len(each.scene.tiles), each.scene.speaker) for each in changes] == [
        (0.0, 2, None),
        (1.0, 1, "a"),
    ]
    assert fixture.recorder.seconds == pytest.approx(1.48)
    assert fixture.words == []
    assert [path.name for path in tmp_path.iterdir()] == ["1.tracks"]


def test_a_pause_is_cut_out(tmp_path: Path) -> None:
    fixture = TracksFixture(tmp_path / "1.mp4")
    fixture.show("a")
    fixture.cameras = {"a": FixtureCamera(RED)}
    fixture.record(1)
    fixture.recorder.pause(True)
    fixture.show("b")
    fixture.record(3)
    fixture.recorder.pause(False)
    fixture.cameras = {"b": FixtureCamera(GREEN)}
    fixture.record(1)
    fixture.recorder.close()
    assert sounds(fixture.path) == [round(0.02 * number, 3) for number in range(100)]
    assert len(frames(fixture.path, "a")) == 25
    second = frames(fixture.path, "b")
    assert (len(second), second[0].frame.keyframe, second[0].seconds >= 0.98) == (25, True, True)
    changes = [
        (each.seconds, each.scene.tiles[0].seat) for each in items(fixture.path) if isinstance(each, SceneChange)
    ]
    assert changes == [(0.0, "a"), (1.0, "b")]


def test_nothing_recorded_is_no_file(tmp_path: Path) -> None:
    fixture = TracksFixture(tmp_path / "1.mp4")
    fixture.show("a")
    fixture.recorder.close()
    assert list(tmp_path.iterdir()) == []


_CHILD = """
import sys
from pathlib import Path
from tests.mediaserver.pictures import RED
from tests.mediaserver.recording.tracks_fixture import FixtureCamera, TracksFixture

fixture = TracksFixture(Path(sys.argv[1]))
fixture.show("a")
fixture.cameras = {"a": FixtureCamera(RED)}
while True:
    fixture.record(0.2)
    fixture.settle()
    print(fixture.recorder.seconds, flush=True)
"""


def test_of_a_recorder_that_is_killed_two_seconds_are_lost_at_most(tmp_path: Path) -> None:
    path = tmp_path / "1.mp4"
    child = subprocess.Popen([sys.executable, "-c", _CHILD, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    reached = next(seconds for line in child.stdout if (seconds := float(line)) >= 5.5)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert sounds(path)[-1] > reached - 2
    assert frames(path, "a")[-1].seconds > reached - 2


class FullFolder(FolderFiles):
    """A disk of which recordings may take no more."""

    def space(self) -> Space:
        return Space(0, 1 << 40)


def test_a_full_disk_ends_the_recording(tmp_path: Path) -> None:
    fixture = TracksFixture(tmp_path / "1.mp4", files=FullFolder(tmp_path / "1.mp4"))
    fixture.record(0.2)
    fixture.settle()
    fixture.record(0.2)
    fixture.recorder.close()
    assert (fixture.words, fixture.recorder.error) == (["disk-full"], "disk-full")


def test_a_disk_that_hangs_ends_the_recording_and_holds_no_more_memory(tmp_path: Path) -> None:
    fixture = TracksFixture(tmp_path / "1.mp4")
    released = threading.Event()
    fixture.recorder._thread.submit(released.wait)
    while not fixture.words:
        fixture.recorder._waiting += bytes(1 << 20)
        fixture.record(0.02)
    assert fixture.words == ["disk-slow"]
    assert MAX_QUEUED_BYTES - (2 << 20) < fixture.recorder._recording_budget.used <= MAX_QUEUED_BYTES + ITEM_BYTES
    fixture.record(1)
    assert not fixture.recorder._waiting
    released.set()
    fixture.recorder.close()
    assert fixture.recorder.error == "disk-slow"
