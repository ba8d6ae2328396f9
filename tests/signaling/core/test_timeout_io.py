"""A folder of recordings does not answer: meetings go on without delay, and whatever needs the folder fails in time."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mediaserver.recording.disk_space import Space
from signaling.core import timeout_io
from signaling.core.timeout_io import TimeoutIo
from signaling.recording import catalog
from tests.signaling.world import NHA_TRANG, NOW, World

HOST_IS = ("UBND.Khanh Hoa", "56")
HANGS_SECONDS = 60.0
"""Longer than any test waits, and yet not for ever."""


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Yield an event that hanging file operations wait for; it is set when the test is over, or by the test."""
    monkeypatch.setattr(timeout_io, "DEADLINE_SECONDS", 0.05)
    released = threading.Event()
    yield released
    released.set()


async def test_at_most_one_file_operation_hangs_and_all_go_on_when_it_is_done(
    hanging: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, hung = TimeoutIo(), []

    def late() -> None:
        hung.append(hanging.wait(HANGS_SECONDS))
        raise OSError("late")

    for fault in ("does not answer within 0.05 s", "still does not answer"):
        with pytest.raises(TimeoutError, match=fault):
            await folder.run(late)
    monkeypatch.setattr(timeout_io, "DEADLINE_SECONDS", HANGS_SECONDS)
    hanging.set()
    assert folder._last is not None
    await asyncio.wait([folder._last])
    assert hung == [True]
    assert await folder.run(lambda: "here") == "here"
    with pytest.raises(FileNotFoundError):
        await folder.run(Path("/nowhere").stat)


async def test_time_passes_while_the_disk_does_not_answer(
    world: World, hanging: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)

    def measure(_: Path) -> Space:
        hanging.wait(HANGS_SECONDS)
        return Space(100, 100)

    monkeypatch.setattr(world.server.recordings, "_measure", measure)
    await world.tick(3 * 3600)
    assert (await host.type("bye"))["reason"] == "ended"
    assert [message["type"] for message in host.seen if message["type"] == "storage"] == []


@pytest.mark.parametrize(
    ("fault", "error", "parts"), [(None, None, 1), (PermissionError("read-only"), "unavailable", 0)]
)
async def test_a_recording_begins_in_a_folder_that_is_slow_and_one_that_finds_none_is_told(
    world: World,
    hanging: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    fault: OSError | None,
    error: str | None,
    parts: int,
) -> None:
    session = await world.session(NHA_TRANG)
    host, joined = await world.join("host", session)
    make = Path.mkdir
    if fault is not None:
        monkeypatch.setattr(timeout_io, "DEADLINE_SECONDS", HANGS_SECONDS)

    def mkdir(path: Path, *how: Any, **more: Any) -> None:
        if path.name == session.id:
            if fault is not None:
                raise fault
            hanging.wait(HANGS_SECONDS)
        make(path, *how, **more)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    await host.ask(type="record", on=True)
    await host.send(type="gain", seat=joined["seat"], decibels=3)
    await host.seat(joined["seat"], gain=3)
    recording = world.server.meetings.meetings[session.id].state.recording.state
    assert (recording.on, recording.error, len(await world.recording_store.parts(session.id))) == (
        error is None,
        error,
        parts,
    )


async def test_a_file_nobody_can_look_at_is_closed_and_made_good_later(
    world: World, hanging: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.server.remux_queue.stop()
    monkeypatch.setattr(catalog, "_size", lambda _: int(hanging.wait(HANGS_SECONDS)))
    monkeypatch.setattr(catalog, "_length", lambda *_: (0.0, int(hanging.wait(HANGS_SECONDS))))
    path, _ = [await world.server.recordings.begin(session, "Họp", HOST_IS, NOW) for session in ("ended", "lost")]
    await world.server.recordings.ended(path, 7.6, "disk-slow")
    await world.server.recordings.interrupted(world.clock.advance(9), "lost")
    assert sorted(
        (p.session, p.state, p.reason, p.seconds, p.bytes) for p in await world.recording_store.recordings()
    ) == [
        ("ended", "finishing", "disk-slow", 7.6, 0),
        ("lost", "finishing", "interrupted", 9.0, 0),
    ]
    assert world.server.recordings.running == 0
