"""Captions of a meeting of real peers: of whom they are, and that the meeting goes on without them."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mediaserver.api import Caption, CaptionsState
from mediaserver.worker.engine import LocalEngine
from tests.mediaserver.captions.scripts import children, written
from tests.mediaserver.meeting import ROOM, Meeting

SAID = [[[["một", 0.2], ["hai", 0.4]]]]


@pytest.fixture
async def meeting() -> AsyncIterator[Meeting]:
    """Open a room without guests; warnings about the recognizer are part of the test."""
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    held = Meeting(engine)
    await held.open()
    yield held
    await held.close()


def said(meeting: Meeting) -> set[tuple[str, str]]:
    """Return what whole utterances were told, with their seats."""
    return {(each.seat, each.text) for each in meeting.events if isinstance(each, Caption) and each.final}


async def test_who_has_the_floor_is_captioned_and_nobody_else(meeting: Meeting, tmp_path: Path) -> None:
    await meeting.engine.set_captions(ROOM, str(written(tmp_path, SAID)))
    await meeting.happened(CaptionsState(ROOM, "on"))
    a = await meeting.join("a", "red", 440, floor=True)
    b = await meeting.join("b", "green", 660)
    await a.watch.until(lambda: ("a", "một hai") in said(meeting))
    assert said(meeting) == {("a", "một hai")}
    await b.watch.hears(440)
    await meeting.engine.set_floor(ROOM, "a", False)
    await meeting.engine.set_floor(ROOM, "b", True)
    await a.watch.until(lambda: ("b", "một hai") in said(meeting))
    assert (await meeting.engine.room_state(ROOM)).captions
    await meeting.engine.set_captions(ROOM, None)
    assert not (await meeting.engine.room_state(ROOM)).captions
    await a.watch.hears(660)


async def test_a_recognizer_that_is_killed_or_halted_leaves_the_meeting_alone(meeting: Meeting, tmp_path: Path) -> None:
    await meeting.engine.set_captions(ROOM, str(written(tmp_path, SAID)))
    await meeting.happened(CaptionsState(ROOM, "on"))
    a = await meeting.join("a", "red", 440, floor=True)
    b = await meeting.join("b", "green", 660)
    await a.watch.until(lambda: bool(said(meeting)))
    (first,) = children()
    os.kill(first, signal.SIGSTOP)
    await b.watch.hears(440)
    meeting.events.clear()
    os.kill(first, signal.SIGKILL)
    await meeting.happened(CaptionsState(ROOM, "away"))
    await b.watch.hears(440)
    await meeting.happened(CaptionsState(ROOM, "on"))
    await a.watch.until(lambda: bool(said(meeting)))
