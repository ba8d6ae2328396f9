"""The drill `recording`: kills whatever makes a recording, at random moments, and measures what is missing in the file.

Parts that a killed worker left are composed while the meeting and its recording go on.
"""

import asyncio
import os
import random
import signal
import sys
import time
from datetime import datetime
from typing import Any, Literal

from loadtest.drills.drill import Drill, DrillMeeting, percentiles, until
from loadtest.drills.faults import BACK_S
from loadtest.drills.server import RestartedServer
from loadtest.time_limit import within

Victim = Literal["server", "worker", "composer"]

LATEST_S = 6.0
"""A process is killed so many seconds after the last fault at most."""
COMPOSER_S = 20.0
"""Longest seconds to wait for a composing process to kill; there is none when all parts are composed."""
COMPOSED_S = 1800.0
"""Longest seconds until everything is composed: a busy machine lets it wait."""


async def kill(drill: Drill[RestartedServer]) -> dict[str, Any]:
    """Kill the server, the media worker that records, or the process that composes, at a random moment."""
    await asyncio.sleep(random.uniform(0, LATEST_S))
    victim: Victim = random.choice(("server", "worker", "composer"))
    composer = await _composer(drill) if victim == "composer" else None
    if victim == "composer" and composer is None:
        victim = "worker"
    began = time.monotonic()
    if victim == "server":
        await drill.server.kill()
        began = await drill.server.start()
    elif composer is not None:
        os.kill(composer, signal.SIGKILL)
    else:
        await _kill_worker(drill)
    obeys = await drill.obeyed(began)
    await until(
        lambda: all(meeting.host.recorded.is_set() for meeting in _recorded(drill)), BACK_S, "a recording that goes on"
    )
    return {"killed": {each: int(each == victim) for each in ("server", "worker", "composer")}, "obeys_s": obeys}


async def _kill_worker(drill: Drill[RestartedServer]) -> None:
    """Kill the worker that records, and wait until its participants have media again."""
    (worker,) = [pid for pid in drill.server.workers() if writes_tracks(pid)]
    renewed = {each: each.renewals for each in drill.participants}
    os.kill(worker, signal.SIGKILL)
    drill.recorder_lost.append(time.time())
    await until(
        lambda: any(each.renewals > count for each, count in renewed.items()),
        BACK_S,
        "a point of the killed worker that is asked",
    )
    await until(lambda: all(each.connected for each in drill.participants), BACK_S, "media of all points")


def writes_tracks(pid: int) -> bool:
    """Return whether a process has a file of tracks open."""
    folder = f"/proc/{pid}/fd"
    return any(os.readlink(f"{folder}/{number}").endswith(".tracks") for number in os.listdir(folder))


async def _composer(drill: Drill[RestartedServer]) -> int | None:
    """Return the id of the composing process, once there is one."""
    found: list[int] = []

    def looked() -> bool:
        found[:] = drill.server.children(b"track_composer")
        return bool(found)

    try:
        await until(looked, COMPOSER_S, "a process that composes")
    except TimeoutError:
        return None
    return found[0]


def _recorded(drill: Drill[RestartedServer]) -> list[DrillMeeting]:
    return [meeting for meeting in drill.meetings if meeting.recorded]


async def outcome(drill: Drill[RestartedServer]) -> dict[str, Any]:
    """Stop the recording; once it is composed, return whether it is what was recorded, and the seconds missing at the
    end of each part."""
    began, stopped = time.monotonic(), time.time()
    whole, parts = await composed_parts(drill)
    ends = [end for _, end in parts]
    stops = [*drill.recorder_lost, stopped]
    return {
        "recordings_whole": whole and len(ends) == len(stops),
        "parts": len(ends),
        "lost_s": percentiles(sorted(stop - end for stop, end in zip(stops, ends, strict=False))),
        "composed_s": round(time.monotonic() - began, 1),
    }


async def composed_parts(drill: Drill[RestartedServer]) -> tuple[bool, list[tuple[float, float]]]:
    """Stop the recording; once it is composed, return whether it is what was recorded, and when each part began and
    ended (seconds since 1970)."""
    (meeting,) = _recorded(drill)
    await meeting.host.send("record", on=False)
    async with within(COMPOSED_S, "a recording that is composed"):
        while (state := await _state(meeting)) not in {"ready", "broken"}:  # noqa: ASYNC110 - no event says so
            await asyncio.sleep(1.0)
    manifest = await meeting.client.get(f"/api/v1/recordings/{meeting.session['id']}/manifest")
    begins = [datetime.fromisoformat(part["started"]).timestamp() for part in manifest["parts"]]
    parts = [(begin, begin + part["seconds"]) for begin, part in zip(begins, manifest["parts"], strict=True)]
    whole = state == "ready" and all(part["state"] == "ready" for part in manifest["parts"])
    return whole and await _verified(drill), parts


async def _state(meeting: DrillMeeting) -> str:
    """Return the state of the recording; what was given up after three kills is composed again, as people do."""
    found = await meeting.client.get("/api/v1/recordings")
    (recording,) = [each for each in found if each["session"] == meeting.session["id"]]
    given_up = [part["id"] for part in recording["parts"] if part["recomposable"]]
    for part in given_up:
        await meeting.client.post(f"/api/v1/recordings/{part}/compose", {})
    return "finishing" if given_up else str(recording["state"])


async def _verified(drill: Drill[RestartedServer]) -> bool:
    """Return whether `diemcau admin verify-recordings` finds that all files are what was recorded."""
    command = (sys.executable, "-m", "signaling", "admin", "verify-recordings")
    process = await asyncio.create_subprocess_exec(*command, env=dict(drill.server.environ))
    return await process.wait() == 0
