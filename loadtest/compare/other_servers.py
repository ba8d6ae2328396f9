"""`python -m loadtest peers`: measures other programs at the same work, by turns with our worker, on this machine.

Figures of another day and machine cannot be compared. mediasoup forwards what the same endpoints send, if installed;
FFmpeg composes the same pictures from files. Both are measured as `turns` measures
(:mod:`loadtest.compare.ab_compare`).
"""

from pathlib import Path

from loadtest.bench.compose_minimum import SENDERS
from loadtest.bench.worker_cost import RECEIVERS
from loadtest.compare import ab_compare, ffmpeg_xstack
from loadtest.compare.ab_compare import COMPOSING, PERCENT, Figures, Workload
from loadtest.compare.mediasoup import mediasoup_room

HEAD = "| by turns | peer | this server | change |\n| --- | --- | --- | --- |"


def workloads(mediasoup: Path | None, ffmpeg: Path | None) -> list[tuple[Path, Workload]]:
    """Return the work that can be measured, each with the path of the program that does it."""
    found = [(mediasoup, _forward(receivers)) for receivers in RECEIVERS] if mediasoup else []
    return found + ([(ffmpeg, Workload((f"FFmpeg xstack: compose {SENDERS}, core-%",), _compose))] if ffmpeg else [])


def _forward(receivers: int) -> Workload:
    workload = ab_compare.forwarding(receivers)

    async def cost(modules: Path | None, seconds: float) -> Figures:
        if modules is None:
            return await workload.cost_of_checkout(None, seconds)
        return await workload.cost(mediasoup_room(modules), seconds)

    return Workload((f"mediasoup: forward to {receivers}, µs per packet",), cost)


async def _compose(ffmpeg: Path | None, seconds: float) -> Figures:
    if ffmpeg is None:
        return await COMPOSING.cost_of_checkout(None, seconds)
    return (PERCENT * ab_compare.lower_quartile(await ffmpeg_xstack.windows(ffmpeg, seconds)),)
