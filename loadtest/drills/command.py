"""`python -m loadtest drills restart`: causes a fault, and prints its effects as one JSON object on stdout.

Succeeds when people in meetings would have noticed no more than is allowed for that fault.
"""

import argparse
import functools
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

from loadtest.drills import (
    cascade,
    clock,
    drain,
    failover,
    faults,
    full_disk,
    hand_over,
    killed_drain,
    leader,
    lost_worker,
    nation,
    partition,
    postgresql_outage,
    recording,
    shared_room,
    shared_room_cost,
    units,
    upgrade,
)
from loadtest.drills.drill import DrillSize, Fault, Outcome, ServerContext, one_part, run
from loadtest.drills.server import restarted_server
from loadtest.drills.several_servers import several_servers
from loadtest.drills.upgrade import RELEASE_BEFORE
from loadtest.progress import PrintLine
from loadtest.server.machines import enter_network

MIN_POINTS = 9
"""Three in each of three sessions: a host, a speaker, and one who is given the floor."""
PICTURES_S = 25
"""Composed pictures a second."""
SKIPPED_PICTURES = 0.002
"""Share of composed pictures that may be missing: a machine that is busy for a moment skips one."""
LOST_S = 2.0
"""Seconds that may be missing at the end of a part of a recording."""
NOTHING = {"p95": 0.0, "max": 0.0}
RECOVERS_S = 10.0
"""Longest seconds until sessions are booked again once the database is back."""
MISDATED_S = 6.0
"""By so many seconds the times in a record may be wrong: a meeting waits for the first fact that the database does not
take, and the database knows whole seconds."""
MUST_BE_NONE = ("stale_commands", "bookings_lost", "pages_lost", "untouched_lost", "facts_lost", "facts_doubled")
MUST_BE_TRUE = (
    "bookings_kept",
    "ballots_kept",
    "within_limit",
    "codes_unique",
    "meetings_kept",
    "rooms_single",
    "systems_meet",
    "recorded_on",
    "told_to_administrators",
    "ended_with_1",
)
SMALL_DISK_MB = 600
"""Size of the disk that is filled."""
MEASUREMENTS = {"nation": nation, "shared-room-cost": shared_room_cost}
"""The drills that hold a session without a fault."""


@dataclass(frozen=True, slots=True)
class DrillKind:
    """A fault, the seconds within which all meetings must obey after it, and the effects that are allowed."""

    fault: Fault
    obeys_s: float = 3.0
    obeys_p95_s: float = inf
    """Seconds within which 95 % of the meetings must obey."""
    whole: bool = True
    """True if recordings must still have one part, or what was recorded in all of them."""
    unnoticed: bool = True
    """True if no media may be lost or renewed."""
    server_context: Callable[..., ServerContext] = restarted_server
    machines: bool = False
    """True if servers, workers and engines are on machines of their own."""
    outcome: Outcome = one_part
    points: int = 60
    workers: int = 3
    sessions: int = 3
    back_s: float = inf
    """Seconds after which 95 % of the points of what was lost have sound and picture again."""
    sound_gap_s: float = inf
    """The longest time that a point may be without sound."""
    ends_s: float = inf
    """Seconds in which a server must end, once it can know that another one leads."""

    @property
    def size(self) -> DrillSize:
        """Its usual size."""
        return DrillSize(self.points, self.sessions, self.workers)


def _lost_worker(fault: Fault) -> DrillKind:
    """Return a drill in which the media worker that records is lost, and its points go elsewhere."""
    return DrillKind(
        fault,
        obeys_s=10.0,
        unnoticed=False,
        server_context=several_servers,
        machines=True,
        outcome=recording.outcome,
        back_s=3.0,
    )


DRILLS = {
    "restart": DrillKind(faults.restart),
    "take-over": DrillKind(faults.take_over),
    "reload": DrillKind(faults.reload),
    "valkey": DrillKind(faults.valkey),
    "sql": DrillKind(faults.sql),
    "disk": DrillKind(faults.disk, whole=False),
    "recording": DrillKind(recording.kill, obeys_s=10.0, unnoticed=False, outcome=recording.outcome),
    "drain": DrillKind(
        drain.drain,
        unnoticed=False,
        server_context=several_servers,
        machines=True,
        outcome=drain.outcome,
        points=30,
        workers=2,
        sound_gap_s=0.2,
    ),
    "killed-drain": DrillKind(
        killed_drain.kill, obeys_s=5.0, unnoticed=False, outcome=drain.outcome, points=30, workers=2
    ),
    "leader": DrillKind(leader.kill, obeys_s=7.5, obeys_p95_s=5.0, server_context=several_servers, machines=True),
    "hand-over": DrillKind(hand_over.hand_over, obeys_s=5.0, server_context=several_servers, machines=True),
    "upgrade": DrillKind(
        upgrade.upgrade,
        obeys_s=10.0,
        unnoticed=False,
        server_context=upgrade.servers_before,
        machines=True,
        outcome=drain.outcome,
        points=12,
        sound_gap_s=0.2,
    ),
    "stopped-leader": DrillKind(leader.hang, obeys_s=7.5, server_context=several_servers, machines=True, ends_s=5.0),
    "sql-hangs": DrillKind(postgresql_outage.hang, server_context=several_servers, machines=True),
    "sql-ends": DrillKind(postgresql_outage.end, server_context=several_servers, machines=True),
    "sentinel": DrillKind(failover.lose_valkey, server_context=failover.with_sentinels, machines=True),
    "patroni": DrillKind(failover.lose_postgresql, server_context=failover.with_patroni, machines=True),
    "partition": DrillKind(
        partition.cut, obeys_s=10.0, server_context=partition.partitioned_servers, machines=True, ends_s=5.0
    ),
    "worker": _lost_worker(lost_worker.kill),
    "stopped-worker": _lost_worker(lost_worker.hang),
    "worker-disk": DrillKind(
        full_disk.of_worker,
        unnoticed=False,
        server_context=full_disk.small_disks,
        machines=True,
        outcome=full_disk.outcome,
        sound_gap_s=0.2,
    ),
    "leader-disk": DrillKind(full_disk.of_leader, server_context=full_disk.small_disks, machines=True),
    "worker-clock": DrillKind(clock.of_worker, server_context=clock.clocks, machines=True),
    "leader-clock": DrillKind(clock.of_leader, server_context=clock.clocks, machines=True),
    "cascade": DrillKind(cascade.lose_below, server_context=cascade.two_systems, points=12),
    "shared-room": DrillKind(
        shared_room.kill_guest, unnoticed=False, server_context=shared_room.shared_server, sessions=1, back_s=3.0
    ),
    "shared-room-home": DrillKind(
        shared_room.kill_home,
        obeys_s=10.0,
        unnoticed=False,
        server_context=shared_room.shared_server,
        outcome=recording.outcome,
        sessions=1,
        back_s=3.0,
    ),
    "shared-room-drain": DrillKind(
        drain.drain,
        unnoticed=False,
        server_context=shared_room.shared_server,
        outcome=drain.outcome,
        points=30,
        sessions=1,
        sound_gap_s=0.2,
    ),
    "shared-room-restart": DrillKind(faults.restart, server_context=shared_room.shared_server, sessions=1),
    "units": DrillKind(units.fault, server_context=units.systemd_server),
}


def parse(words: Sequence[str]) -> tuple[str, DrillSize, int | None]:
    """Parse the command's arguments: the drill, its size, and the indentation of the JSON."""
    parser = argparse.ArgumentParser(prog="python -m loadtest drills", description=__doc__)
    parser.add_argument("drill", choices=[*DRILLS, *MEASUREMENTS])
    parser.add_argument("--times", type=int, default=1, help="how often (default 1)")
    parser.add_argument(
        "--points",
        type=int,
        help="in three sessions on three workers, of a shared room in one (default 60; upgrade, cascade 12; drain 30, "
        "on two); for nation: communes, of two provinces (default 24); for shared-room-cost: in one session (default "
        "40)",
    )
    parser.add_argument(
        "--from", dest="commit", default=RELEASE_BEFORE, help=f"for upgrade: the release before ({RELEASE_BEFORE})"
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON; it is indented otherwise")
    arguments = parser.parse_args(words)
    usual = MEASUREMENTS[arguments.drill].USUAL if arguments.drill in MEASUREMENTS else DRILLS[arguments.drill].size
    points = arguments.points or usual.points
    if points < MIN_POINTS:
        parser.error(f"--points is {MIN_POINTS} at least: three in each session, of whom one is given the floor")
    size = replace(usual, points=points, times=arguments.times, commit=arguments.commit)
    return arguments.drill, size, None if arguments.json else 2


async def perform(drill: str, size: DrillSize, progress: PrintLine) -> dict[str, Any]:
    """Run a drill; return its figures, and whether it `passed`."""
    if (measurement := MEASUREMENTS.get(drill)) is not None:
        held = await measurement.run(size, progress)
        return {"drill": drill, "passed": measurement.holds(held), **held}
    kind = DRILLS[drill]
    if kind.machines:
        enter_network()
    if drill == "upgrade":
        context = functools.partial(kind.server_context, commit=size.commit)
        found = await run(size, kind.fault, progress, context, kind.outcome)
    elif drill != "disk":
        found = await run(size, kind.fault, progress, kind.server_context, kind.outcome)
    else:
        with _small_disk() as directory:
            found = await run(
                size, kind.fault, progress, kind.server_context, kind.outcome, DIEMCAU_DATA=f"{directory}/data"
            )
    return {"drill": drill, "passed": passed(kind, found), **found}


def passed(kind: DrillKind, found: dict[str, Any]) -> bool:
    """Return True if people would have noticed nothing but the effects that are allowed."""
    obeys, recovers = found["obeys_s"], found.get("recovers_s", NOTHING)
    obeyed = obeys["max"] <= kind.obeys_s and obeys["p95"] <= kind.obeys_p95_s and recovers["max"] <= RECOVERS_S
    dated = found.get("misdated_s", NOTHING)["max"] <= MISDATED_S
    safe = dated and not any(found.get(name) for name in MUST_BE_NONE)
    unnoticed = found["workers_kept"] and not found["media_made_anew"] and not _missed(found)
    recorded = found["recordings_whole"] and found.get("lost_s", NOTHING)["max"] <= LOST_S
    heard = found.get("sound_gap_s", NOTHING)["max"] <= kind.sound_gap_s and not found.get("refused_joins", 0)
    returned = found.get("back_s", NOTHING)["p95"] <= kind.back_s
    ended = found.get("ended_s", NOTHING)["max"] <= kind.ends_s
    booked = all(found.get(name, True) for name in MUST_BE_TRUE)
    noticed = unnoticed or not kind.unnoticed
    return bool(
        obeyed and safe and heard and returned and ended and booked and noticed and (recorded or not kind.whole)
    )


def _missed(found: dict[str, Any]) -> list[str]:
    """Return the kinds of packets that were lost beyond what is allowed for composed pictures."""
    allowed = {"picture": SKIPPED_PICTURES * PICTURES_S * found["seconds"] * found["points"]}
    return [kind for kind, lost in found["packets_lost"].items() if lost > allowed.get(kind, 0)]


@contextmanager
def _small_disk() -> Iterator[Path]:
    """Mount a small file system, which needs root. Raises OSError."""
    with tempfile.TemporaryDirectory(prefix="diemcau-disk-") as directory:
        try:
            mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m", "tmpfs", directory]
            subprocess.run(mount, check=True, capture_output=True)  # noqa: S603 - of ours
        except subprocess.CalledProcessError as error:
            raise OSError(f"cannot mount a small disk: {error.stderr.decode().strip()}") from None
        try:
            yield Path(directory)
        finally:
            subprocess.run(["umount", "--lazy", directory], check=False)  # noqa: S603, S607 - as mounted
