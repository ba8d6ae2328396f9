"""`python -m loadtest delay`: how late picture and mix leave a conference, and whether they still belong together.

Sixteen cameras are composed, as in `bench`. One of them turns white at the moment its microphone beeps, once in two
seconds. Delay runs from the moment the flash or beep leaves that endpoint to the moment it has come to another one that
sees the composed picture and hears the mix; both live in one process and read one clock. Each take has another beat
between the endpoint and the server, for all of them have a beat of their own.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from loadtest import clapper
from loadtest.bench import SETTLE_S, camera
from loadtest.clapper import EVERY_S, Moments, Witness, after
from loadtest.floor import SENDERS
from loadtest.measure import quantile
from loadtest.media import ROOM, Bench, bench_room
from loadtest.offer import Wish

TAKES = 8
CLAPS = 8
"""In each take."""
LONGEST_S = 0.9
NEAR_S = 0.4
"""A flash and a beep nearer than that belong together."""
SHARES = (0.05, 0.5, 0.95)


@dataclass(slots=True)
class Delays:
    """In seconds."""

    picture: list[float] = field(default_factory=list)
    sound: list[float] = field(default_factory=list)
    skew: list[float] = field(default_factory=list)
    """By so much more is the sound later than the picture than on coming in."""
    recorded: list[float] = field(default_factory=list)
    """The same, in the recording."""


async def run(progress: Callable[[str], None]) -> Delays:
    """Measure all takes. Raises RuntimeError when a flash or beep did not come out."""
    delays = Delays()
    for number in range(1, TAKES + 1):
        progress(f"take {number} of {TAKES}")
        await _take(delays)
    return delays


async def _take(delays: Delays) -> None:
    witness, sent = Witness(), {"picture": Moments(), "sound": Moments()}
    with tempfile.TemporaryDirectory(prefix="diemcau-delay-") as directory:
        film = Path(directory) / "film.mp4"
        async with bench_room() as bench:
            await _seat(bench, witness, lambda kind: sent[kind].append(time.monotonic()))
            await asyncio.sleep(SETTLE_S)
            witness.forget()
            await bench.engine.start_recording(ROOM, str(film))
            await asyncio.sleep(EVERY_S * CLAPS)
            await bench.engine.stop_recording(ROOM)
        with film.open("rb") as file:
            flashes, beeps = clapper.recorded(file)
    add(delays, sent["picture"][-CLAPS:], sent["sound"][-CLAPS:], witness)
    apart = statistics.median(after(sent["picture"], sent["sound"], -NEAR_S, NEAR_S).values())
    delays.recorded += [skew - apart for skew in after(flashes, beeps, -NEAR_S, NEAR_S).values()]


async def _seat(bench: Bench, witness: Witness, turned: Callable[[str], None]) -> None:
    wish = Wish(("H264",), 1, picture=False)
    caller = await bench.seat(clapper.material(), wish, floor=True)
    caller.sending.turned = turned
    for place in range(1, SENDERS):
        silent = await bench.seat(camera(place), wish)
        silent.sending.mic = False
    viewer = await bench.seat(camera(0), Wish(("H264",), camera=False), visible=False, watcher=witness)
    viewer.sending.mic = False


class Noted(Protocol):
    """What came out."""

    @property
    def flashes(self) -> Moments:
        """When each flash had come."""

    @property
    def beeps(self) -> Moments:
        """When each beep could be heard."""


def add(delays: Delays, flashes: Moments, beeps: Moments, noted: Noted) -> None:
    """Take what came of each flash and beep sent; the last may still be under way. Raises RuntimeError."""
    seen = after(flashes[:-1], noted.flashes, 0, LONGEST_S)
    heard = after(beeps[:-1], noted.beeps, 0, LONGEST_S)
    if len(seen) < len(flashes) - 1 or len(heard) < len(beeps) - 1:
        raise RuntimeError(f"of {len(flashes) - 1} flashes {len(seen)} came, and {len(heard)} beeps")
    delays.picture += seen.values()
    delays.sound += heard.values()
    delays.skew += [late - early for early, late in zip(seen.values(), heard.values(), strict=True)]


def table(delays: Delays) -> str:
    """As Markdown, in ms."""
    rows = [
        ["ms", *(f"{share:.0%}" for share in SHARES)],
        ["---"] * (1 + len(SHARES)),
        ["delay of the picture", *_shares(delays.picture)],
        ["delay of the mix", *_shares(delays.sound)],
        ["sound after picture, live", *_shares(delays.skew)],
        ["sound after picture, recorded", *_shares(delays.recorded)],
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _shares(values: list[float]) -> list[str]:
    return [f"{1000 * quantile(values, share):.0f}" for share in SHARES]
