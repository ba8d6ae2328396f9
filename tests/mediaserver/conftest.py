"""Fixtures: a meeting on an engine in this process."""

from collections.abc import AsyncIterator

import pytest

from mediaserver.room.room import Room
from mediaserver.transport.udp_mux import UdpMux
from mediaserver.worker.engine import LocalEngine
from tests.mediaserver.meeting import OPTIONS, ROOM, Meeting, warnings


@pytest.fixture
async def meeting(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Meeting]:
    """Open a room without guests, with options by parametrize; a warning in the log fails the test."""
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    held = Meeting(engine, getattr(request, "param", OPTIONS))
    await held.open()
    yield held
    await held.close()
    assert warnings(caplog.get_records("call")) == []


@pytest.fixture
def room(meeting: Meeting) -> Room:
    """Return the engine's room of the meeting."""
    assert isinstance(meeting.engine, LocalEngine)
    return meeting.engine._rooms[ROOM]


@pytest.fixture
async def mux() -> AsyncIterator[UdpMux]:
    """Open a UDP port of this test alone."""
    made = UdpMux()
    made.open(["127.0.0.1"], 0)
    yield made
    made.close()
