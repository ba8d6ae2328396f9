"""`python -m loadtest peers`: measures other programs at the same work, by turns with our worker, on this machine.

Figures of another day and machine cannot be compared. mediasoup forwards what the same endpoints send, if installed;
FFmpeg composes the same pictures from files, and so does the plainest program, our limit. All are measured as `turns`
measures (:mod:`loadtest.compare.ab_compare`).
"""

import sys
from pathlib import Path

from loadtest.bench.compose_minimum import SENDERS
from loadtest.bench.seating import POINTS
from loadtest.bench.session_cost import SESSIONS
from loadtest.bench.worker_harness import run_module
from loadtest.compare import ab_compare, ffmpeg_xstack
from loadtest.compare.ab_compare import COMPOSING, PERCENT, SHARING, Figures, Reach, SteadyWorkload, Workload
from loadtest.compare.mediasoup import mediasoup_room

FORWARD = {10: -0.05, 30: -0.15, 60: -0.40}
"""The change against mediasoup that should be reached, by the number of receivers."""
SESSION_REACH = Reach(0.0, most=2.5)
COMPOSE_REACH = Reach(-0.30)


def workloads(mediasoup: Path | None, ffmpeg: Path | None) -> dict[str, tuple[Path, Workload]]:
    """Return the work that can be measured by its word, each with the path of the program that does it."""
    found = {}
    if mediasoup:
        for receivers, change in FORWARD.items():
            workload = ab_compare.forwarding(receivers)
            name = f"forward, 1 to {receivers}, µs per packet"
            found[f"forward-{receivers}"] = mediasoup, _mediasoup(name, workload, Reach(change))
        name = f"one of {SESSIONS} sessions of {POINTS} points, forwarded, core-%"
        found["session"] = mediasoup, _mediasoup(name, SHARING, SESSION_REACH)
    if ffmpeg:
        found["compose"] = ffmpeg, COMPOSE
        found["compose-limit"] = Path(sys.executable), COMPOSE_LIMIT
    return found


def _mediasoup(name: str, workload: SteadyWorkload, reach: Reach) -> Workload:
    async def cost(modules: Path | None, seconds: float) -> Figures:
        if modules is None:
            return await workload.cost_of_checkout(None, seconds)
        return await workload.cost(mediasoup_room(modules), seconds)

    return Workload((name,), cost, reach, "mediasoup")


async def _compose(ffmpeg: Path | None, seconds: float) -> Figures:
    if ffmpeg is None:
        return await COMPOSING.cost_of_checkout(None, seconds)
    return (PERCENT * ab_compare.lower_quartile(await ffmpeg_xstack.windows(ffmpeg, seconds)),)


COMPOSE = Workload((f"compose {SENDERS} to 720p25, core-%",), _compose, COMPOSE_REACH, "FFmpeg xstack")


async def _limit(python: Path | None, seconds: float) -> Figures:
    """Return the cost of the worker for None, else of the least that it must do, in a process of its own."""
    if python is None:
        return await COMPOSING.cost_of_checkout(None, seconds)
    return ((await run_module("loadtest.bench.compose_minimum", max(1, round(seconds))))["paced_core_pct"],)


COMPOSE_LIMIT = Workload(
    (f"compose {SENDERS} to 720p25, beside its limit, core-%",), _limit, Reach(0.20), "limit in rhythm"
)
