"""Drills of one meeting whose room is on three media workers, each of which carries a third of its points."""

import os
import signal
import time
from contextlib import AbstractAsyncContextManager
from typing import Any

from loadtest.drills.drill import Drill, until
from loadtest.drills.faults import BACK_S
from loadtest.drills.server import RestartedServer, restarted_server

SPARE_POINTS = 8
"""Of what may be given away, test rooms keep some."""


def shared_server(workers: int, points: int, **settings: str) -> AbstractAsyncContextManager[RestartedServer]:
    """Return a server that is rated for hardly more than one meeting of so many points (80 %, Điều 12.4)."""
    return restarted_server(workers, points, **settings, DIEMCAU_MAX_POINTS=str(points * 5 // 4 + SPARE_POINTS))


async def kill_guest(drill: Drill[RestartedServer]) -> dict[str, Any]:
    """Kill a media worker that is a guest of the room; measure how long its points have no media, and losses of
    the others."""
    (meeting,) = drill.meetings
    _, victim, *_ = drill.server.workers()  # the first is its home
    os.kill(victim, signal.SIGKILL)
    began = time.monotonic()
    await until(
        lambda: any(participant.renewals for participant in meeting.participants),
        BACK_S,
        "a point of the killed worker that is asked",
    )
    await until(
        lambda: all(participant.connected for participant in meeting.participants), BACK_S, "media of all points"
    )
    pairs = list(zip(meeting.participants, meeting.watchers, strict=True))
    others = [watcher.lost for participant, watcher in pairs if not participant.renewals]
    return {
        "points_hit": len(pairs) - len(others),
        "back_s": [time.monotonic() - began],
        "untouched_lost": sum(lost["forwarded"] + lost["mix"] for lost in others),
        "obeys_s": await drill.obeyed(began),
    }
