"""Tests of a room's recording by itself: what it follows, what it tells, and what is left when it ends."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mediaserver.api import EVERYONE, RECORDING, Event, Layout, RecordingEnded, RecordingFailed, RoomOptions
from mediaserver.audio.mix_minus import FRAME_SAMPLES, PTIME_MS
from mediaserver.audio.mixer import Mixer
from mediaserver.errors import AlreadyRecording
from mediaserver.recording.files import FolderFiles, isolated_track_path, isolated_track_paths, tracks_path
from mediaserver.recording.track_file import Scene, SceneChange, TrackFileReader
from mediaserver.room.compositions import Compositions
from mediaserver.room.room_recording import SCENE_TICKS, RoomRecording
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue
from mediaserver.video.quality import USUAL
from mediaserver.video.rendition import Rendition

OPTIONS = RoomOptions(320, 180)


class RecordedRoomFixture:
    """A room without seats that is recorded."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.label = ""
        self.flush_queue = FlushQueue()
        self.compositions = Compositions(OPTIONS, self.flush_queue, lambda: None)
        self.compositions.arrange(("a", "b"), None, 0.0)
        self.mixer = Mixer(self.flush_queue, OPTIONS)
        self.recording = RoomRecording(
            "r", OPTIONS, 0.0, FolderFiles, self.events.append, self.compositions, self.mixer, self
        )
        self._closing: list[asyncio.Task[None]] = []

    def recorded_scene(self) -> Scene:
        """Return a scene that has the label of one seat."""
        return Scene(labels={"a": self.label})

    def lip_sync_delay_s(self, _seat: str) -> float:
        """Return no delay."""
        return 0.0

    def recording_ended(self, closing: Coroutine[Any, Any, None]) -> None:
        """Run what closes the file."""
        self._closing.append(asyncio.ensure_future(closing))

    def sound(self, tick: int) -> None:
        """Have the mix sent of a tick."""
        self.mixer.full.push(Packet(0, tick, tick * FRAME_SAMPLES, 0, False, b"opus"))
        self.flush_queue.flush(tick * PTIME_MS / 1000)

    async def closed(self) -> None:
        """Wait until files are closed."""
        await asyncio.gather(*self._closing)

    @property
    def rendition(self) -> Rendition:
        """The rendition that the recorder's audience sees."""
        return self.compositions.of(RECORDING).renditions["H264", USUAL]


async def test_a_live_recording_follows_the_picture_of_its_audience(tmp_path: Path) -> None:
    room, path = RecordedRoomFixture(), str(tmp_path / "1.mp4")
    recording = room.recording
    assert (recording.path, recording.paused, recording.seconds, recording.composed) == (None, False, None, "live")
    recording.begin(path, "live")
    assert (recording.path, recording.paused, recording.seconds, recording.composed) == (path, False, 0.0, "live")
    first = room.rendition
    assert list(first.sinks) == [recording.recorder] and recording.recorder in room.mixer.full.sinks
    room.compositions.choose(RECORDING, Layout("single"), 1.0)
    second = room.rendition
    assert second is not first
    for _ in range(2):
        recording.follow_composition(1.0)
        assert (list(first.sinks), list(second.sinks)) == ([], [recording.recorder])
    recording.end()
    assert (list(second.sinks), list(room.mixer.full.sinks), recording.path) == ([], [], None)
    await room.closed()
    assert room.events == [RecordingEnded("r", path, 0.0, None)]


async def test_one_recording_runs_at_a_time(tmp_path: Path) -> None:
    room = RecordedRoomFixture()
    room.recording.begin(str(tmp_path / "1.mp4"), "live")
    with pytest.raises(AlreadyRecording):
        room.recording.begin(str(tmp_path / "2.mp4"), "afterwards")
    room.recording.end()
    room.recording.end()
    room.recording.begin(str(tmp_path / "2.mp4"), "live")
    room.recording.end("worker-ended")
    await room.closed()
    ends = {(event.path, event.error) for event in room.events if isinstance(event, RecordingEnded)}
    assert ends == {(str(tmp_path / "1.mp4"), None), (str(tmp_path / "2.mp4"), "worker-ended")}


async def test_a_failure_is_told_once_and_ends_the_recording_that_failed(tmp_path: Path) -> None:
    room, path = RecordedRoomFixture(), str(tmp_path / "1.mp4")
    room.recording.begin(path, "live")
    failed = room.recording.recorder
    assert failed is not None
    for _ in range(2):
        room.recording._failed(failed, "disk-slow")
    await room.closed()
    assert room.events == [RecordingFailed("r", path, "disk-slow"), RecordingEnded("r", path, 0.0, "disk-slow")]
    room.recording.begin(str(tmp_path / "2.mp4"), "live")
    room.recording._failed(failed, "disk-slow")  # a late word of the first
    assert room.recording.path == str(tmp_path / "2.mp4")
    room.recording.end()
    await room.closed()


async def test_scenes_are_noted_while_the_picture_is_composed_afterwards(tmp_path: Path) -> None:
    room, path = RecordedRoomFixture(), tmp_path / "1.mp4"
    room.recording.begin(str(path), "afterwards")
    composed = [room.recording.composed]
    assert list(room.rendition.sinks) == [], "nothing is composed for it"
    room.compositions.choose(EVERYONE, Layout("single", focus="b"), 0.0)
    assert [room.recording.settle(0.0) for _ in range(2)] == [True, False]
    room.recording.pause(True)
    assert room.recording.paused
    room.recording.pause(False)
    for tick in range(2 * SCENE_TICKS):
        room.label = f"tick {tick}"
        room.recording.tick(tick)
        room.sound(tick)
    room.recording.end()
    composed.append(room.recording.composed)
    assert composed == ["afterwards", "live"]
    await room.closed()
    with tracks_path(path).open("rb") as file:
        scenes = [each.scene for each in TrackFileReader(file) if isinstance(each, SceneChange)]
    assert [scene.labels for scene in scenes] == [{"a": "tick 0"}, {"a": f"tick {SCENE_TICKS}"}]


async def test_voices_are_recorded_only_beside_a_recording(tmp_path: Path) -> None:
    room, path = RecordedRoomFixture(), tmp_path / "1.mp4"
    room.recording.record_voices(True)
    assert not room.recording.records_voices
    room.recording.begin(str(path), "afterwards")
    room.recording.record_voices(True)
    assert room.recording.records_voices
    for tick in range(3):
        room.sound(tick)
        room.recording.take_voices({"Nha Trang": np.full(FRAME_SAMPLES, 1000, np.int16)}, tick)
    room.recording.end()
    assert not room.recording.records_voices
    room.recording.take_voices({"Cam Ranh": np.zeros(FRAME_SAMPLES, np.int16)}, 3)
    await room.closed()
    assert isolated_track_paths(path) == [isolated_track_path(path, 1)]
