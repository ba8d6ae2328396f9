"""The drills `worker` and `stopped-worker`: of three media workers the one that records is killed, or hangs a while."""

import asyncio
import signal
import time
from typing import Any

from loadtest.drills.drill import Drill, until
from loadtest.drills.faults import BACK_S
from loadtest.drills.recording import writes_tracks
from loadtest.drills.several_servers import SeveralServers
from loadtest.server.machines import Machine
from loadtest.server.postgresql import PostgreSql

HANGS_S = 20.0
FLOWS_S = 0.3
"""Media flow where no pause of sound or picture is longer."""
TOLD_S = 1.0
"""Seconds in which all points of a lost worker are asked to connect elsewhere, after the first one was."""


async def kill(drill: Drill[SeveralServers[PostgreSql]]) -> dict[str, Any]:
    """Kill the media worker that records (kill -9), and start it again once its points are elsewhere."""
    machine = await recording_machine(drill.server)
    found = await _lose(drill, machine, signal.SIGKILL)
    await drill.server.media[machine].wait()
    await drill.server.start_worker(machine)
    await drill.server.served(machine)
    return found


async def hang(drill: Drill[SeveralServers[PostgreSql]]) -> dict[str, Any]:
    """Stop the media worker that records for 20 s (SIGSTOP)."""
    machine, began = await recording_machine(drill.server), time.monotonic()
    found = await _lose(drill, machine, signal.SIGSTOP)
    await asyncio.sleep(max(0.0, began + HANGS_S - time.monotonic()))
    drill.server.media[machine].send_signal(signal.SIGCONT)
    await drill.obeyed(time.monotonic())
    return found


async def recording_machine(servers: SeveralServers[PostgreSql]) -> Machine:
    """Return the machine whose media worker records, once one does. Raises TimeoutError."""
    found: list[Machine] = []

    def looked() -> bool:
        running = {machine: each.pid for machine, each in servers.media.items() if each.returncode is None}
        found.extend(machine for machine, pid in running.items() if writes_tracks(pid))
        return bool(found)

    await until(looked, BACK_S, "a media worker that records")
    return found[0]


async def _lose(drill: Drill[SeveralServers[PostgreSql]], machine: Machine, number: signal.Signals) -> dict[str, Any]:
    """Send a signal to a media worker; measure for how long its points have no sound or no picture."""
    await until(lambda: all(watcher.pause_s < FLOWS_S for watcher in drill.watchers), BACK_S, "media of all points")
    before = {participant: participant.renewals for participant in drill.participants}
    began = time.monotonic()
    drill.server.media[machine].send_signal(number)
    drill.recorder_lost.append(time.time())
    await until(
        lambda: any(each.renewals > count for each, count in before.items()),
        BACK_S,
        "a point of the lost worker that is asked",
    )
    await asyncio.sleep(TOLD_S)
    hit = [each for each in drill.meetings if any(one.renewals > before[one] for one in each.participants)]
    watchers = [watcher for meeting in hit for watcher in meeting.watchers]
    await until(
        lambda: all(watcher.pause_s < FLOWS_S for watcher in watchers), BACK_S, "media of the lost worker's points"
    )
    back = [watcher.gap_s for watcher in watchers]
    others = [watcher for meeting in drill.meetings if meeting not in hit for watcher in meeting.watchers]
    return {
        "points_hit": len(watchers),
        "back_s": back,
        "untouched_lost": sum(watcher.lost["forwarded"] + watcher.lost["mix"] for watcher in others),
        "obeys_s": await drill.obeyed(began),
    }
