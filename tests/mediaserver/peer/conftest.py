"""Fixtures: a room system."""

from collections.abc import AsyncIterator

import pytest

from tests.mediaserver.peer.room_calls import KINDS
from tests.mediaserver.room_system import RoomSystem


@pytest.fixture
async def system(request: pytest.FixtureRequest) -> AsyncIterator[RoomSystem]:
    """Open a room system that shows blue and hums 1 kHz."""
    sound, mode = getattr(request, "param", KINDS[0])
    held = RoomSystem(sound, mode, "blue", 1000)
    await held.open()
    yield held
    await held.close()
