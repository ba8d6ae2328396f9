"""Kills a media worker in the middle of a case, and measures when its points are back."""

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
"""Before this, packets that were on their way look like a return."""
MAX_RETURN_S = 40.0
"""Longest wait for the return of everyone after a worker was killed."""
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class KillOutcome:
    """Outcome for one point: whether its worker was killed, and the seconds until its picture and sound came again."""

    hit: bool
    back_s: float | None


async def kill(
    runner: LoadRunner, measured: Measured, server_pid: int, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Kill the busiest media worker, and wait until everyone has picture and sound again."""
    victim = max((p for p in measured.spent.processes if p.name.startswith("media")), key=lambda p: p.cpu_pct)
    renewals = [each.participant.renewals for each in runner.seated]
    meter, began = Meter(runner, server_pid), time.monotonic()
    os.kill(victim.pid, signal.SIGKILL)
    progress(f"killed {victim.name}")
    with suppress(TimeoutError):
        async with asyncio.timeout(MAX_RETURN_S):
            await asyncio.sleep(SETTLE_S)
            while not all(_present(each.watcher.sound.last, each.watcher.picture.last) for each in runner.seated):  # noqa: ASYNC110 - a packet sets no event
                await asyncio.sleep(POLL_S)
    waited = time.monotonic() - began
    meter.stop()
    outcomes = [
        KillOutcome(each.participant.renewals > before, each.watcher.back(began))
        for each, before in zip(runner.seated, renewals, strict=True)
    ]
    return aftermath(victim.name, outcomes, waited)


def _present(*last: float | None) -> bool:
    now = time.monotonic()
    return all(at is not None and now - at < 5 * POLL_S for at in last)


def aftermath(worker: str, outcomes: Sequence[KillOutcome], waited_s: float) -> dict[str, Any]:
    """Return the figures for the report; a point whose pause lasted to the end never came back."""
    back = [
        (outcome.back_s, outcome.hit)
        for outcome in outcomes
        if outcome.back_s is not None and outcome.back_s < waited_s
    ]
    times = sorted(at for at, hit in back if hit)
    return {
        "worker": worker,
        "expected": len(outcomes),
        "hit": sum(outcome.hit for outcome in outcomes),
        "back": len(back),
        "back_s": spread(times),
        "times_s": [round(at, 2) for at in times],
    }
