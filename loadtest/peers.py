"""`python -m loadtest peers`: what other programs need for the same work, by turns with our worker, on this machine.

Figures of another day and machine tell little. mediasoup forwards what the same endpoints send, where it is installed;
FFmpeg composes the same pictures from files. Both are measured as `turns` measures (:mod:`loadtest.turns`).
"""

from pathlib import Path

from loadtest import turns, xstack
from loadtest.bench import RECEIVERS
from loadtest.floor import SENDERS
from loadtest.mediasoup import mediasoup_room
from loadtest.turns import COMPOSING, PERCENT, Figures, Work

HEAD = "| by turns | peer | this server | change |\n| --- | --- | --- | --- |"


def works(mediasoup: Path | None, ffmpeg: Path | None) -> list[tuple[Path, Work]]:
    """What there is to be measured, and who else does it."""
    found = [(mediasoup, _forward(receivers)) for receivers in RECEIVERS] if mediasoup else []
    return found + ([(ffmpeg, Work((f"FFmpeg xstack: compose {SENDERS}, core-%",), _compose))] if ffmpeg else [])


def _forward(receivers: int) -> Work:
    work = turns.forwarding(receivers)

    async def cost(modules: Path | None, seconds: float) -> Figures:
        if modules is None:
            return await work.checkout(None, seconds)
        return await work.cost(mediasoup_room(modules), seconds)

    return Work((f"mediasoup: forward to {receivers}, µs per packet",), cost)


async def _compose(ffmpeg: Path | None, seconds: float) -> Figures:
    if ffmpeg is None:
        return await COMPOSING.checkout(None, seconds)
    return (PERCENT * turns.lower_quartile(await xstack.windows(ffmpeg, seconds)),)
