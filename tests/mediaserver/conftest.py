"""Fixtures: a meeting on an engine in this process."""

from collections.abc import AsyncIterator

import pytest

from mediaserver.room.room import Room
from mediaserver.transport.udp_mux import UdpMux
from mediaserver.worker.engine import LocalEngine
from tests.mediaserver.meeting import OPTIONS, ROOM, Meeting, warnings


@pytest.fixture
async def meeting(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Meeting]:
    """An open room without guests, with options by parametrize; nothing may be logged that asks for attention."""
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    held = Meeting(engine, getattr(request, "param", OPTIONS))
    await held.open()
    yield held
    await held.close()
    assert warnings(caplog.get_records("call")) == []


@pytest.fixture
def room(meeting: Meeting) -> Room:
    """The inside of the meeting's room."""
    assert isinstance(meeting.engine, LocalEngine)
    return meeting.engine._rooms[ROOM]


@pytest.fixture
async def mux() -> AsyncIterator[UdpMux]:
    """A port of one's own."""
    made = UdpMux()
    made.open(["127.0.0.1"], 0)
    yield made
    made.close()
