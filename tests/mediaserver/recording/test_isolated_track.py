"""Tests of isolated tracks: in time with the recording, without data in silence, readable after a crash.

Also tests `isolated_track_remux.py`.
"""

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from mediaserver.audio.mix_minus import SAMPLE_RATE
from mediaserver.recording import recorder
from mediaserver.recording.files import MAX_ISOLATED_TRACKS, FolderFiles, digest, isolated_track_paths
from mediaserver.recording.isolated_track import IsolatedTracks
from mediaserver.recording.remux_job import RecordingPart
from mediaserver.recording.remuxer import remux
from tests.film import CIPHER, Camera
from tests.mediaserver.meeting import ROOM, Meeting
from tests.mediaserver.recording.tracks import heard, talk, tone, tones

ANH, BINH = "UBND.Nha Trang · UBND thành phố Nha Trang", "NT.XuongHuan · UBND phường Xương Huân"


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Record 1 s of Anh, 1 s of nobody, 1 s of both, a pause in which both speak, 1 s of Binh."""
    camera = Camera(tmp_path / "1.mp4")
    talk(camera, 1, **{ANH: 440})
    talk(camera, 1)
    talk(camera, 1, **{ANH: 440, BINH: 880})
    camera.pause(True)
    talk(camera, 2, **{ANH: 440, BINH: 880})
    camera.pause(False)
    talk(camera, 1, **{BINH: 880})
    camera.close()
    return tmp_path / "1.mp4"


def test_each_point_has_a_file_in_time_with_the_recording(recorded: Path) -> None:
    made = remux(recorded, [RecordingPart(recorded)], CIPHER)
    anh, binh = made.solos
    assert [(Path(solo.path).name, solo.name) for solo in made.solos] == [("1.1.m4a", ANH), ("1.2.m4a", BINH)]
    assert [(solo.bytes, solo.sha256) for solo in made.solos] == [
        (Path(solo.path).stat().st_size, digest(Path(solo.path))) for solo in made.solos
    ]
    assert anh.seconds == 3.0
    assert binh.seconds == pytest.approx(made.seconds, abs=0.1)
    times = (0.5, 1.5, 2.5, 3.6)
    assert tones(heard(Path(anh.path)), *times) == [440, None, 440, None]
    assert tones(heard(Path(binh.path)), *times) == [None, None, 880, 880]


def test_sound_begins_where_it_does_in_the_recording(recorded: Path) -> None:
    [_, binh] = remux(recorded, [RecordingPart(recorded)], CIPHER).solos
    onset = np.flatnonzero(np.abs(heard(Path(binh.path))) > 1000)[0] / SAMPLE_RATE
    assert onset == pytest.approx(2, abs=0.02)


def test_silence_is_no_data(tmp_path: Path) -> None:
    sizes = []
    for silent in (0, 60):
        camera = Camera(tmp_path / f"{silent}.mp4")
        talk(camera, 1, **{ANH: 440})
        camera.recorder._start = None if camera.recorder._start is None else camera.recorder._start - silent
        talk(camera, 1, **{ANH: 440})
        camera.close()
        path = tmp_path / f"{silent}.1.m4a"
        sizes.append(path.stat().st_size)
        with av.open(str(path)) as container:
            assert sum(packet.size > 0 for packet in container.demux()) == 101
    assert abs(sizes[1] - sizes[0]) < 200


def test_without_voices_there_is_no_file(tmp_path: Path) -> None:
    camera = Camera(tmp_path / "1.mp4")
    talk(camera, 0.5)
    camera.close()
    assert [path.name for path in tmp_path.iterdir()] == ["1.mp4"]


def test_a_file_that_is_cut_off_is_made_good_and_junk_is_left_out(recorded: Path) -> None:
    first = recorded.with_name("1.1.m4a")
    data = first.read_bytes()
    first.write_bytes(data[: len(data) * 2 // 3])
    recorded.with_name("1.3.m4a").write_bytes(b"junk")
    made = remux(recorded, [RecordingPart(recorded)], CIPHER)
    assert [solo.name for solo in made.solos] == [ANH, BINH]
    assert tones(heard(first), 0.5) == [440]
    assert remux(recorded, [RecordingPart(recorded)], CIPHER).solos == made.solos
    assert sorted(path.suffix for path in recorded.parent.iterdir()) == [".jpg", ".m4a", ".m4a", ".m4a", ".mp4"]


def test_a_last_table_that_a_loss_of_power_left_blank_costs_its_fragment_only(recorded: Path) -> None:
    first = recorded.with_name("1.1.m4a")
    data = bytearray(first.read_bytes())
    start, end = data.rindex(b"moof") + 100, data.rindex(b"mdat") - 4
    data[start:end] = bytes(end - start)
    first.write_bytes(data)
    [anh, _] = remux(recorded, [RecordingPart(recorded)], CIPHER).solos
    assert (anh.name, tones(heard(first), 0.5)) == (ANH, [440])


def test_a_point_of_whom_nothing_came_to_the_disk_is_left_out(recorded: Path) -> None:
    first = recorded.with_name("1.1.m4a")
    data = first.read_bytes()
    first.write_bytes(data[: data.index(b"moof") - 4])
    assert [solo.name for solo in remux(recorded, [RecordingPart(recorded)], CIPHER).solos] == [BINH]


def test_further_points_are_left_out_and_a_slow_disk_too(tmp_path: Path) -> None:
    camera = Camera(tmp_path / "1.mp4")
    talk(camera, 0.04, **{str(number): 440 for number in range(MAX_ISOLATED_TRACKS + 5)})
    camera.close()
    assert len(list(tmp_path.glob("*.m4a"))) == MAX_ISOLATED_TRACKS
    assert camera.failed == []


FIVE = {f"point {number}": 400 + 100 * number for number in range(5)}


@contextmanager
def hanging(camera: Camera) -> Iterator[None]:
    """Let the disk of a recording hang."""
    released = threading.Event()
    camera.recorder._thread.submit(released.wait)
    yield
    released.set()


def test_a_disk_that_hangs_for_ten_seconds_while_five_speak_costs_nothing(tmp_path: Path) -> None:
    camera = Camera(tmp_path / "1.mp4")
    talk(camera, 1, **FIVE)
    with hanging(camera):
        talk(camera, 10, **FIVE)
    camera.close()
    assert (camera.failed, camera.recorder.error) == ([], None)
    made = remux(tmp_path / "1.mp4", [RecordingPart(tmp_path / "1.mp4")], CIPHER)
    assert (made.seconds, [(solo.name, solo.seconds) for solo in made.solos]) == (11.0, [(name, 11.0) for name in FIVE])


def test_while_a_disk_hangs_voices_are_left_out_before_the_recording_is_and_that_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MAX_VOICES_BYTES", 300 * recorder.ITEM_BYTES)
    path = tmp_path / "1.mp4"
    camera = Camera(path)
    talk(camera, 1, **FIVE)
    with hanging(camera):
        talk(camera, 3, **FIVE)
    camera.recorder._thread.submit(lambda: None).result()
    talk(camera, 1, **FIVE)
    camera.close()
    packets = 0
    for solo in isolated_track_paths(path):
        with av.open(str(solo)) as container:
            packets += sum(packet.size > 0 for packet in container.demux()) - 1  # one of silence at 0
    assert camera.failed == []
    made = remux(path, [RecordingPart(path)], CIPHER)
    assert (made.seconds, [solo.seconds for solo in made.solos]) == (5.0, [5.0] * 5)
    assert [record.getMessage() for record in caplog.records] == [
        f"x voices beside {path} are left out: the disk is slow",
        f"x {5 * 5 * 50 - packets} packets of voices are missing beside {path}",
    ]


def test_points_that_begin_at_once_have_their_files_in_the_order_given(tmp_path: Path) -> None:
    names = [f"point {number}" for number in range(12)]
    solos = IsolatedTracks(FolderFiles(tmp_path / "1.mp4"))
    for solo, payload in solos.encode({name: tone(440, 0) for name in names}, 0):
        solo.write(payload, 0)
    solos.close()
    titles = []
    for path in isolated_track_paths(tmp_path / "1.mp4"):
        with av.open(str(path)) as container:
            titles.append(container.metadata["title"])
    assert titles == names


class Full:
    """A file whose end finds no room."""

    def close(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def break_first(solos: IsolatedTracks) -> None:
    """Let the first of the points' files have no room for its end."""
    first = next(iter(solos._isolated_tracks.values()))
    first.close()
    first._file = Full()  # type: ignore[assignment]


def test_a_file_without_room_for_its_end_leaves_the_others_theirs(tmp_path: Path) -> None:
    solos = IsolatedTracks(FolderFiles(tmp_path / "1.mp4"))
    for tick in range(25):
        for solo, payload in solos.encode({name: tone(440, tick) for name in "abc"}, tick):
            solo.write(payload, tick / 50)
    break_first(solos)
    with pytest.raises(OSError, match="No space"):
        solos.close()
    assert [tones(heard(tmp_path / f"1.{number}.m4a"), 0.3) for number in (2, 3)] == [[440], [440]]


def test_a_point_whose_file_did_not_get_its_end_is_logged_and_the_recording_is_whole(tmp_path: Path) -> None:
    camera = Camera(tmp_path / "1.mp4")
    talk(camera, 0.5, **{ANH: 440, BINH: 880})
    camera.recorder._thread.submit(break_first, camera.recorder._isolated_tracks)
    camera.close()
    assert (camera.failed, camera.recorder.error) == (["disk-full"], "disk-full")
    made = remux(tmp_path / "1.mp4", [RecordingPart(tmp_path / "1.mp4")], CIPHER)
    assert made.seconds == pytest.approx(0.5, abs=0.1)
    assert BINH in [solo.name for solo in made.solos]
    assert tones(heard(tmp_path / "1.2.m4a"), 0.3) == [880]


async def test_a_meeting_keeps_its_voices(meeting: Meeting, tmp_path: Path) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    await meeting.join("b", "green", 660, floor=True)
    await meeting.all_seen()
    await meeting.engine.record_voices(ROOM, True)
    await meeting.engine.start_recording(ROOM, str(tmp_path / "1.mp4"))
    await a.watch.more(10)
    await meeting.engine.record_voices(ROOM, True)
    await a.watch.more(50)
    await meeting.engine.record_voices(ROOM, False)
    await meeting.engine.stop_recording(ROOM)
    ending = await meeting.recorded()
    made = remux(tmp_path / "1.mp4", [RecordingPart(tmp_path / "1.mp4")], CIPHER)
    found = {solo.name: heard(Path(solo.path)) for solo in made.solos}
    middle = ending.seconds - 0.8
    assert {name: tones(sound, middle) for name, sound in found.items()} == {
        name: [pytest.approx(hertz, abs=10)] for name, hertz in zip(sorted(found), (440, 660), strict=True)
    }
