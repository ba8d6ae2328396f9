"""The loss of a media worker in the middle of a case, and what became of its points."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from loadtest.load.meter import Measured, Meter, spread
from loadtest.load.runner import LoadRunner

SETTLE_S = 2.0
"""Before, everyone's last packets look like being back."""
BACK_S = 40.0
"""So long is waited for everyone after a worker was killed."""
LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class KillOutcome:
    """Of one point: whether it was hit, and how many seconds after the loss its picture and sound came again."""

    hit: bool
    back_s: float | None


async def kill(
    hall: LoadRunner, measured: Measured, server_pid: int, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Kill the busiest media worker, and wait until everyone has picture and sound again."""
    victim = max((p for p in measured.spent.processes if p.name.startswith("media")), key=lambda p: p.cpu_pct)
    renewals = [each.participant.renewals for each in hall.seated]
    meter, began = Meter(hall, server_pid), time.monotonic()
    os.kill(victim.pid, signal.SIGKILL)
    progress(f"killed {victim.name}")
    with suppress(TimeoutError):
        async with asyncio.timeout(BACK_S):
            await asyncio.sleep(SETTLE_S)
            while not all(_present(each.watcher.sound.last, each.watcher.picture.last) for each in hall.seated):  # noqa: ASYNC110 - a packet sets no event
                await asyncio.sleep(LOOK_S)
    waited = time.monotonic() - began
    meter.stop()
    fates = [
        KillOutcome(each.participant.renewals > before, each.watcher.back(began))
        for each, before in zip(hall.seated, renewals, strict=True)
    ]
    return aftermath(victim.name, fates, waited)


def _present(*last: float | None) -> bool:
    now = time.monotonic()
    return all(at is not None and now - at < 5 * LOOK_S for at in last)


def aftermath(worker: str, fates: Sequence[KillOutcome], waited_s: float) -> dict[str, Any]:
    """What the report says of it; whose pause went on to the end of the waiting never came back."""
    back = [(fate.back_s, fate.hit) for fate in fates if fate.back_s is not None and fate.back_s < waited_s]
    times = sorted(at for at, hit in back if hit)
    return {
        "worker": worker,
        "expected": len(fates),
        "hit": sum(fate.hit for fate in fates),
        "back": len(back),
        "back_s": spread(times),
        "times_s": [round(at, 2) for at in times],
    }
