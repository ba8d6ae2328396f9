"""Tests of the recorder: its files are decoded and compared with what was recorded.

Also tests `muxer.py`.
"""

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from mediaserver.api import RECORDING, Layout
from mediaserver.audio.mix_minus import FRAME_SAMPLES
from mediaserver.recording.composition_recorder import _File
from mediaserver.recording.files import FolderFiles
from mediaserver.recording.isolated_track import IsolatedTrack
from mediaserver.recording.recorder import ITEM_BYTES, MAX_QUEUED_BYTES
from mediaserver.room.room import Room
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import VIDEO_CLOCK
from mediaserver.rtp.source import Source
from mediaserver.video.codecs import VideoEncoder
from tests.mediaserver.meeting import ROOM, Meeting, voice
from tests.mediaserver.pictures import BLUE, GREEN, RED, alike, colour_at, plain
from tests.mediaserver.recording.decoded_film import Film
from tests.mediaserver.recording.recorder_fixture import FPS, SIZE, RecorderFixture

FRAME_S = 1 / FPS


def test_a_recording_shows_and_sounds_what_was_sent_when_it_was_sent(tmp_path: Path) -> None:
    fixture = RecorderFixture(tmp_path / "deep" / "er" / "film.mp4")
    fixture.record(2, RED, 440)
    fixture.record(2, GREEN, 660)
    fixture.recorder.close()
    film = Film(fixture.recorder.path)
    assert [alike(film.colour(at), colour) for at, colour in ((0, RED), (1.9, RED), (2.05, GREEN), (3.9, GREEN))] == [
        True
    ] * 4
    assert film.hertz(0.2, 1.8) == pytest.approx(440, abs=2)
    assert film.hertz(2.2, 3.8) == pytest.approx(660, abs=2)
    assert film.seconds == pytest.approx(4, abs=FRAME_S)
    assert film.last_sound == pytest.approx(4, abs=FRAME_S)
    assert film.first_sound == pytest.approx(0, abs=FRAME_S)
    assert {round(b - a, 3) for (a, _), (b, _) in pairwise(film.pictures)} == {FRAME_S}
    assert fixture.recorder.seconds == pytest.approx(4 - FRAME_S)
    assert fixture.words == []


def test_a_recording_begins_with_its_first_key_frame(tmp_path: Path) -> None:
    fixture = RecorderFixture(tmp_path / "film.mp4", first_tick=1000)
    fixture._encoder.encode(plain(*SIZE, RED), keyframe=True)
    fixture.record(1, RED, 440, keyframes=False)
    assert fixture.wanted >= 2
    fixture.picture.ask()
    fixture.record(1, BLUE, 660)
    fixture.recorder.close()
    film = Film(fixture.recorder.path)
    assert alike(film.colour(0), BLUE)
    assert film.seconds == pytest.approx(1, abs=FRAME_S)
    assert film.hertz(0.1, 0.9) == pytest.approx(660, abs=2)
    assert film.first_sound <= FRAME_S


@pytest.mark.parametrize("unit", [90_000 // FPS, 2 * FRAME_SAMPLES])
def test_lips_stay_in_time_when_a_clock_wraps(tmp_path: Path, unit: int) -> None:
    """RTP's clocks do after 13.3 hours (picture) and 24.9 (sound) of a room: here one second after the start."""
    fixture = RecorderFixture(tmp_path / "film.mp4", first_tick=2**32 // unit - FPS)
    fixture.record(1, RED, 440)
    fixture.record(2, GREEN, 660)
    fixture.recorder.close()
    film = Film(fixture.recorder.path)
    assert film.seconds == pytest.approx(3, abs=FRAME_S)
    assert film.last_sound == pytest.approx(3, abs=FRAME_S)
    assert alike(film.colour(1.1), GREEN)
    assert film.hertz(1.2, 2.8) == pytest.approx(660, abs=2)


def test_nothing_recorded_is_no_file(tmp_path: Path) -> None:
    fixture = RecorderFixture(tmp_path / "film.mp4")
    fixture.recorder.close()
    assert list(tmp_path.iterdir()) == []


_CHILD = """
import sys
from pathlib import Path
from tests.mediaserver.pictures import RED
from tests.mediaserver.recording.decoded_film import Film
from tests.mediaserver.recording.recorder_fixture import RecorderFixture

fixture = RecorderFixture(Path(sys.argv[1]))
while True:
    fixture.record(0.2, RED, 440)
    fixture.settle()
    print(fixture.recorder.seconds, flush=True)
"""


def test_a_recording_that_is_killed_plays_to_within_two_seconds_of_its_end(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    child = subprocess.Popen([sys.executable, "-c", _CHILD, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    reached = next(seconds for line in child.stdout if (seconds := float(line)) >= 5.5)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    film = Film(path)
    assert film.seconds > reached - 2
    assert film.last_sound > reached - 2
    assert alike(film.colour(1), RED)
    assert film.hertz(0.2, reached - 2) == pytest.approx(440, abs=2)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """Return a path on a full disk: a tiny file system that is full soon, or /dev/full without the right to mount."""
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(tiny)]
    if os.getuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        try:
            yield tiny / "film.mp4"
        finally:
            subprocess.run(["umount", "--lazy", str(tiny)], check=True)
    else:
        yield Path("/dev/full")


NOISE = (90, 120, 130)


def noisy(fixture: RecorderFixture, seconds: float) -> None:
    """Record pictures of noise, which take room."""
    noise = np.random.default_rng(1)
    encoder = VideoEncoder("H264", *SIZE, FPS, 2_000_000)
    for _ in range(round(seconds * FPS)):
        picture = plain(*SIZE, NOISE)
        for plane in picture.planes:
            memoryview(plane)[:] = noise.bytes(plane.buffer_size)
        data, key = encoder.encode(picture, keyframe=fixture.picture.take_keyframe(0.0))
        fixture.picture.publish(data, key, fixture.tick * 3600)
        for sound in (2 * fixture.tick, 2 * fixture.tick + 1):
            fixture.sound.push(Packet(0, sound & 0xFFFF, sound * FRAME_SAMPLES, 0, False, voice(440)[sound % 100]))
        fixture.flush_queue.flush(0.0)
        fixture.tick += 1
        fixture.settle()


def test_a_full_disk_ends_the_recording_with_its_word(full: Path, caplog: pytest.LogCaptureFixture) -> None:
    fixture = RecorderFixture(full)
    noisy(fixture, 6)
    assert fixture.words == ["disk-full"]
    fixture.recorder.close()
    assert fixture.words == ["disk-full"]
    assert len(caplog.records) == 1
    if full.is_file():
        shown = 0
        with av.open(str(full)) as container, suppress(av.InvalidDataError):  # the last picture is cut off
            for _ in container.decode(video=0):
                shown += 1
        assert shown >= 5, "what fitted can be seen"


@contextmanager
def no_larger(size: int) -> Iterator[None]:
    """Limit the size of files to so many bytes meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_whose_last_second_finds_no_room_has_its_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fixture = RecorderFixture(tmp_path / "film.mp4")
    fixture.record(0.5, RED, 440)
    fixture.settle()
    with no_larger(fixture.recorder.path.stat().st_size):
        fixture.recorder.close()
    assert (fixture.recorder.error, fixture.words) == ("disk-error", ["disk-error"])
    assert len(caplog.records) == 1


def test_a_file_whose_last_byte_finds_no_room_has_its_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole, short = (RecorderFixture(tmp_path / name) for name in ("whole.mp4", "short.mp4"))
    for fixture in (whole, short):
        fixture.record(0.5, RED, 440)
    whole.recorder.close()
    with no_larger(whole.recorder.path.stat().st_size - 1):
        short.recorder.close()
    assert (short.recorder.error, short.words) == ("disk-error", ["disk-error"])
    assert len(caplog.records) == 1


@pytest.mark.parametrize("where", ["file/film.mp4", "directory"])
def test_a_path_that_cannot_be_written_is_reported(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "directory").mkdir()
    fixture = RecorderFixture(tmp_path / where)
    fixture.record(1, RED, 440)
    fixture.recorder.close()
    assert fixture.words == ["disk-error"]


def test_a_disk_that_does_not_follow_ends_the_recording_instead_of_growing(tmp_path: Path) -> None:
    fixture = RecorderFixture(tmp_path / "film.mp4")
    released = threading.Event()
    fixture.recorder._thread.submit(released.wait)
    for _ in range(MAX_QUEUED_BYTES // 2**20 + 10):
        fixture.recorder._keep(lambda _: None, bytes(2**20 - ITEM_BYTES))
    assert fixture.words == ["disk-slow"]
    assert fixture.recorder._recording_budget.used == MAX_QUEUED_BYTES
    released.set()
    fixture.recorder.close()
    assert fixture.recorder._recording_budget.used == 0


_HANGING_DISK = """
import os, select, sys, time

def answers() -> bool:
    for _ in range(5):
        print("?", flush=True)
        if not select.select([0], [], [], 5)[0]:
            return False
        os.read(0, 1)
        time.sleep(0.02)
    return True

opening = answers()
file = os.open(sys.argv[1], os.O_RDONLY)
closing = answers()
while os.read(file, 65536):
    pass
print(opening, closing)
"""
"""A pipe that hangs when it is opened and, being full, when it is closed; asks meanwhile whether we are still there."""
BIG = 200_000
"""More than a pipe holds."""


def picture_file(path: Path) -> _File:
    """Return a file of the mix with more data in it than a hanging disk takes."""
    file = _File(FolderFiles(path))
    file.picture(VideoEncoder("H264", *SIZE, FPS, 500_000).encode(plain(*SIZE, RED), keyframe=True)[0], 0, True)
    file.picture(b"\0\0\0\1" + b"\x41" * BIG, FRAME_S, False)
    return file


def solo_file(path: Path) -> IsolatedTrack:
    """Return an isolated track with more data in it than a hanging disk takes."""
    solo = IsolatedTrack(FolderFiles(path), 0, "a")
    solo.write(b"\x41" * BIG, 0)
    return solo


@pytest.mark.parametrize("write", [picture_file, solo_file])
def test_a_disk_that_hangs_while_a_file_is_opened_or_closed_holds_up_no_other_thread(
    tmp_path: Path, write: Callable[[Path], _File | IsolatedTrack]
) -> None:
    path = tmp_path / "1.mp4"
    os.mkfifo(path)
    command = [sys.executable, "-c", _HANGING_DISK, str(path)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as disk,
        ThreadPoolExecutor(1) as thread,
    ):
        assert disk.stdin is not None and disk.stdout is not None
        written = thread.submit(lambda: write(path).close())
        for line in disk.stdout:
            if line != "?\n":
                assert line == "True True\n"
                break
            with suppress(BrokenPipeError):  # it has given up
                disk.stdin.write("!\n")
        assert written.result() is None


async def test_a_meeting_is_recorded_as_it_was(meeting: Meeting, tmp_path: Path) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    await meeting.join("b", "green", 660)
    await meeting.all_seen()
    await meeting.engine.start_recording(ROOM, str(tmp_path / "film.mp4"))
    await a.watch.more(50)
    recorded = await meeting.engine.recorded(ROOM)
    await meeting.engine.stop_recording(ROOM)
    ending, film = await meeting.recorded(), Film(tmp_path / "film.mp4")
    assert recorded == pytest.approx(ending.seconds, abs=0.2)
    assert await meeting.engine.recorded(ROOM) is None
    assert (ending.room, ending.path, ending.error) == (ROOM, str(tmp_path / "film.mp4"), None)
    assert film.seconds == pytest.approx(ending.seconds + FRAME_S, abs=FRAME_S)
    assert film.last_sound == pytest.approx(film.seconds, abs=0.1)
    assert film.hertz(0.2, film.seconds - 0.2) == pytest.approx(440, abs=2)
    left, right = (colour_at(film.pictures[-1][1], x, 90) for x in (80, 240))
    assert (alike(left, RED), alike(right, GREEN)) == (True, True)


async def test_a_recording_with_its_own_layout_asks_for_its_cameras_at_once(
    meeting: Meeting, room: Room, tmp_path: Path
) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    await meeting.join("b", "green", 660)
    await meeting.all_seen()
    await meeting.engine.set_layout(ROOM, Layout("single", "a"))
    await meeting.engine.set_layout(ROOM, Layout("single", "b"), RECORDING)
    await a.watch.until(lambda: not room.seats["b"].input.listening)  # nobody looks at it any more
    await meeting.engine.start_recording(ROOM, str(tmp_path / "film.mp4"))
    assert [room.seats[name].input.listening for name in "ab"] == [True, True]


class PictureTimes:
    """Notes the times of the pictures of one source after the other, in ticks of the RTP clock."""

    stream = None

    def __init__(self) -> None:
        self._noted: dict[int, None] = {}
        self._source: Source | None = None

    def follow(self, source: Source | None) -> None:
        """Change to another source, or to none."""
        if self._source is not None:
            self._source.detach(self)
        self._source = source
        if source is not None:
            source.attach(self)

    def send(self, _source: Source, packets: list[Packet], _now: float) -> None:
        """Take packets."""
        self._noted |= dict.fromkeys(each.timestamp for each in packets)

    @property
    def noted(self) -> list[int]:
        """Return the times in order."""
        return [*self._noted]


async def test_a_recording_shows_its_own_layout_without_a_gap_around_the_change(
    meeting: Meeting, room: Room, tmp_path: Path
) -> None:
    """On a busy machine an encoder that starts leaves pictures out; what it makes is recorded from its first one on."""
    sent = PictureTimes()
    a = await meeting.join("a", "red", 440, floor=True)
    await meeting.join("b", "green", 660)
    await meeting.all_seen()
    await meeting.engine.start_recording(ROOM, str(tmp_path / "film.mp4"))
    sent.follow(room.recording._followed)
    await a.watch.more(30)
    await meeting.engine.set_layout(ROOM, Layout("single", "b"), RECORDING)
    before = len(sent.noted)
    sent.follow(room.recording._followed)
    await a.watch.more(30)
    assert meeting.shows(a, "a")
    sent.follow(None)
    await meeting.engine.stop_recording(ROOM)
    await meeting.recorded()
    film = Film(tmp_path / "film.mp4")
    sides = [(colour_at(picture, 80, 90), colour_at(picture, 240, 90)) for _, picture in film.pictures]
    single = [alike(left, GREEN) for left, _ in sides]
    assert (single[0], single[-1], single) == (False, True, sorted(single)), "the layout changes once"
    assert all(alike(right, GREEN) for _, right in sides), "no frame is black"
    recorded = [round(seconds * VIDEO_CLOCK) for seconds, _ in film.pictures]
    assert len(recorded) > len(sent.noted) - before
    assert [at - recorded[-1] for at in recorded] == [at - sent.noted[-1] for at in sent.noted[-len(recorded) :]]


async def test_a_recording_that_was_stopped_and_did_not_get_its_end_says_why(
    meeting: Meeting, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    await a.watch.until(lambda: a.watch.colour() == "red")
    path = tmp_path / "film.mp4"
    await meeting.engine.start_recording(ROOM, str(path))
    await a.watch.until(path.exists)
    with no_larger(path.stat().st_size):
        await meeting.engine.stop_recording(ROOM)
        assert (await meeting.recorded()).error == "disk-error"
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [f"x recording {path}"]
    caplog.clear()


async def test_a_failed_recording_is_reported_and_the_meeting_goes_on(
    meeting: Meeting, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    a = await meeting.join("a", "red", 440)
    await a.watch.until(lambda: a.watch.colour() == "red")
    await meeting.engine.start_recording(ROOM, "/dev/full")
    failed = await meeting.recorded()
    assert (failed.path, failed.error) == ("/dev/full", "disk-full")
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["x recording /dev/full"]
    caplog.clear()
    await a.watch.more(10)
    await meeting.engine.start_recording(ROOM, str(tmp_path / "film.mp4"))
    await a.watch.more(30)
    await meeting.engine.close_room(ROOM)  # a closing room closes its recording
    assert Film(tmp_path / "film.mp4").seconds > 0.5
    ending = await meeting.recorded()
    assert (ending.path, ending.error) == (str(tmp_path / "film.mp4"), None)
