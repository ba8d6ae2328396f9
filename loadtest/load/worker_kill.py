"""Kills a media worker while a case runs, and measures when its points receive media again."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from loadtest.load.meter import Measurement, Meter, spread
from loadtest.load.runner import LoadRunner

SETTLE_S = 2.0
"""Seconds after the kill in which packets that were on their way could look like a return."""
MAX_RETURN_S = 40.0
"""Seconds after which points without media count as lost."""
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class KillOutcome:
    """Outcome for one point: `hit` if its worker was killed, and the seconds until picture and sound came again."""

    hit: bool
    back_s: float | None


async def kill(
    runner: LoadRunner, measured: Measurement, server_pid: int, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Kill the busiest media worker, wait until everyone has picture and sound again; return :func:`kill_figures`."""
    victim = max((p for p in measured.cpu.processes if p.name.startswith("media")), key=lambda p: p.cpu_pct)
    renewals = [each.participant.renewals for each in runner.seated]
    meter, began = Meter(runner, server_pid), time.monotonic()
    os.kill(victim.pid, signal.SIGKILL)
    progress(f"killed {victim.name}")
    with suppress(TimeoutError):
        async with asyncio.timeout(MAX_RETURN_S):
            await asyncio.sleep(SETTLE_S)
            while not all(_receiving(each.watcher.sound.last, each.watcher.picture.last) for each in runner.seated):  # noqa: ASYNC110 - a packet sets no event
                await asyncio.sleep(POLL_S)
    waited = time.monotonic() - began
    meter.stop()
    outcomes = [
        KillOutcome(each.participant.renewals > before, each.watcher.back_after(began))
        for each, before in zip(runner.seated, renewals, strict=True)
    ]
    return kill_figures(victim.name, outcomes, waited)


def _receiving(*last: float | None) -> bool:
    now = time.monotonic()
    return all(at is not None and now - at < 5 * POLL_S for at in last)


def kill_figures(worker: str, outcomes: Sequence[KillOutcome], waited_s: float) -> dict[str, Any]:
    """Return the figures for the report; a point whose pause lasted to the end did not come back."""
    back_after = [
        (outcome.back_s, outcome.hit)
        for outcome in outcomes
        if outcome.back_s is not None and outcome.back_s < waited_s
    ]
    times = sorted(at for at, hit in back_after if hit)
    return {
        "worker": worker,
        "expected": len(outcomes),
        "hit": sum(outcome.hit for outcome in outcomes),
        "back": len(back_after),
        "back_s": spread(times),
        "times_s": [round(at, 2) for at in times],
    }
