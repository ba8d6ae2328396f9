"""The short form of the drills: a real server with a real worker is killed, succeeded, and re-executes itself.

Also tests `drill.py`, `faults.py` and `meeting_record.py`.
"""

from collections.abc import Iterator
from typing import Any

from loadtest.drills import faults
from loadtest.drills.drill import Drill, DrillSize, Fault, run
from loadtest.drills.meeting_record import Telling
from loadtest.drills.server import RestartedServer

SMALL = DrillSize(points=5, sessions=1, workers=1, times=3, rest_s=0.5, settle_s=1.0)


async def test_a_server_that_is_killed_succeeded_and_reloaded_costs_no_packet_and_no_recording() -> None:
    actions: Iterator[Fault] = iter([faults.restart, faults.take_over, faults.reload])

    async def each_in_turn(drill: Drill[RestartedServer]) -> dict[str, Any]:
        telling = Telling(drill)
        await telling.tell()
        noticed = await next(actions)(drill)
        await telling.tell()
        return {**noticed, **await telling.kept()}

    found = await run(SMALL, each_in_turn, lambda _: None)
    noticed = {name: found[name] for name in ("workers_kept", "media_made_anew", "recordings_whole")}
    assert noticed == {"workers_kept": True, "media_made_anew": 0, "recordings_whole": True}
    assert found["packets_lost"]["forwarded"] == 0
    assert (found["facts"], found["facts_lost"], found["facts_doubled"]) == (2 + 3 * (4 + 2 * 8) - 1, 0, 0)
