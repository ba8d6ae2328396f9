"""Drills of one meeting whose room is on three media workers, each of which carries a third of its points."""

import asyncio
import os
import signal
import time
from contextlib import AbstractAsyncContextManager
from typing import Any

from loadtest.drills.drill import Drill, until
from loadtest.drills.faults import BACK_S
from loadtest.drills.lost_worker import FLOWS_S, TOLD_S
from loadtest.drills.recording import writes_tracks
from loadtest.drills.server import RestartedServer, restarted_server

SPARE_POINTS = 8
"""Of what may be given away, test rooms keep some."""


def shared_server(workers: int, points: int, **settings: str) -> AbstractAsyncContextManager[RestartedServer]:
    """Return a server that is rated for hardly more than one meeting of so many points (80 %, Điều 12.4)."""
    return restarted_server(workers, points, **settings, DIEMCAU_MAX_POINTS=str(points * 5 // 4 + SPARE_POINTS))


async def kill_guest(drill: Drill[RestartedServer]) -> dict[str, Any]:
    """Kill a media worker that is a guest of the room: its points alone connect elsewhere."""
    home = await _home(drill)
    return await _kill(drill, next(worker for worker in drill.server.workers() if worker != home))


async def kill_home(drill: Drill[RestartedServer]) -> dict[str, Any]:
    """Kill the media worker that is the home of the room: it is opened elsewhere, and all points connect anew."""
    home = await _home(drill)
    drill.recorder_lost.append(time.time())
    return await _kill(drill, home)


async def _home(drill: Drill[RestartedServer]) -> int:
    """Return the process of the worker that records, as the home does, once all points have sound and picture."""
    (meeting,) = drill.meetings
    await until(lambda: all(each.pause_s < FLOWS_S for each in meeting.watchers), BACK_S, "media of all points")
    found: list[int] = []

    def looked() -> bool:
        found.extend(worker for worker in drill.server.workers() if writes_tracks(worker))
        return bool(found)

    await until(looked, BACK_S, "a media worker that records")
    return found[0]


async def _kill(drill: Drill[RestartedServer], worker: int) -> dict[str, Any]:
    """Kill a process; measure for how long the points that have to connect anew have no sound or no picture, and what
    the others lose."""
    (meeting,) = drill.meetings
    pairs = list(zip(meeting.participants, meeting.watchers, strict=True))
    before = {participant: participant.renewals for participant, _ in pairs}
    began = time.monotonic()
    os.kill(worker, signal.SIGKILL)
    await until(
        lambda: any(participant.renewals > count for participant, count in before.items()),
        BACK_S,
        "a point of the killed worker that is asked",
    )
    await asyncio.sleep(TOLD_S)
    hit = [watcher for participant, watcher in pairs if participant.renewals > before[participant]]
    others = [watcher for participant, watcher in pairs if participant.renewals == before[participant]]
    await until(
        lambda: all(watcher.pause_s < FLOWS_S for watcher in hit), BACK_S, "media of the killed worker's points"
    )
    return {
        "points_hit": len(hit),
        "back_s": [watcher.gap_s for watcher in hit],
        "untouched_lost": sum(watcher.lost["forwarded"] + watcher.lost["mix"] for watcher in others),
        "obeys_s": await drill.obeyed(began),
    }
