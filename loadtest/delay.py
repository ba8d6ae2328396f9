"""`python -m loadtest delay`: how late picture and mix leave a conference, and whether they still belong together.

Sixteen cameras are composed, as in `bench`. One of them turns white at the moment its microphone beeps, once in two
seconds. Delay runs from the moment the flash or beep leaves that endpoint to the moment it has come to another one that
sees the composed picture and hears the mix; both live in one process and read one clock. Each take has another beat
between the endpoint and the server, for all of them have a beat of their own. In some takes both endpoints are behind a
bad line, which loses half of everything for 0.7 s before they are listened to.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from loadtest import clapper
from loadtest.badline import BadLine
from loadtest.bench import SETTLE_S, camera
from loadtest.clapper import EVERY_S, Moments, Witness, after
from loadtest.floor import SENDERS
from loadtest.measure import quantile
from loadtest.media import ROOM, Bench, bench_room
from loadtest.offer import Wish

TAKES = 8
CLAPS = 8
"""In each take."""
BAD_TAKES = 4
BURSTS = 2
"""In each bad take; three claps are listened to after each."""
CLAPS_AFTER = 3
LINE_BPS = 10e6
LOSS = 0.5
BURST_S = 0.7
CALM_S = 0.2
"""From a clap to the burst: the next clap is more than a second after its end, in which a picture must be back."""
LONGEST_S = 0.9
NEAR_S = 0.4
"""A flash and a beep nearer than that belong together."""
WISH = Wish(("H264",), 1, picture=False)
SHARES = (0.0, 0.05, 0.5, 0.95, 1.0)


@dataclass(slots=True)
class Delays:
    """In seconds."""

    picture: list[float] = field(default_factory=list)
    sound: list[float] = field(default_factory=list)
    skew: list[float] = field(default_factory=list)
    """By so much more is the sound later than the picture than on coming in."""
    recorded: list[float] = field(default_factory=list)
    """The same, in the recording."""


class Clapping:
    """When flashes and beeps were sent, and which of them were listened to."""

    def __init__(self) -> None:
        # owned
        self.flashes: Moments = []
        self.beeps: Moments = []
        self._spans: list[tuple[float, float]] = []
        self._flashed = asyncio.Event()

    def turned(self, kind: str) -> None:
        """Note one, now (see :class:`loadtest.caller.Sending`)."""
        (self.flashes if kind == "picture" else self.beeps).append(time.monotonic())
        if kind == "picture":
            self._flashed.set()

    async def flashed(self) -> None:
        """Wait for the next flash."""
        self._flashed.clear()
        await self._flashed.wait()

    async def listen(self, claps: int) -> None:
        """Let so many be sent and come out."""
        begun = time.monotonic()
        await asyncio.sleep(EVERY_S * claps)
        self._spans.append((begun, time.monotonic()))
        await asyncio.sleep(LONGEST_S)

    def heard(self, moments: Moments) -> Moments:
        """Those that were listened to."""
        return [at for at in moments if any(begun <= at < ended for begun, ended in self._spans)]

    @property
    def apart(self) -> float:
        """How much later a beep is sent than its flash, in seconds."""
        return statistics.median(after(self.flashes, self.beeps, -NEAR_S, NEAR_S).values())


async def run(progress: Callable[[str], None]) -> tuple[Delays, Delays]:
    """Measure all takes, on a good line and a bad one. Raises RuntimeError when a flash or beep did not come out."""
    good, bad = Delays(), Delays()
    takes = [good] * TAKES + [bad] * BAD_TAKES
    for number, delays in enumerate(takes, 1):
        progress(f"take {number} of {len(takes)}")
        await _take(delays, on_bad_line=delays is bad)
    return good, bad


async def _take(delays: Delays, *, on_bad_line: bool) -> None:
    witness, clapping = Witness(), Clapping()
    with tempfile.TemporaryDirectory(prefix="diemcau-delay-") as directory:
        film = Path(directory) / "film.mp4"
        async with bench_room() as bench:
            with await _line(bench, bad=on_bad_line) as line:
                await _seat(bench, line, clapping, witness)
                await asyncio.sleep(SETTLE_S)
                await clapping.flashed()
                await asyncio.sleep(LONGEST_S)
                witness.forget()
                await bench.engine.start_recording(ROOM, str(film))
                await (_bursts(line, clapping) if line else clapping.listen(CLAPS))
                await bench.engine.stop_recording(ROOM)
        with film.open("rb") as file:
            flashes, beeps = clapper.recorded(file)
    add(delays, clapping.heard(clapping.flashes), clapping.heard(clapping.beeps), witness)
    delays.recorded += [skew - clapping.apart for skew in after(flashes, beeps, -NEAR_S, NEAR_S).values()]


async def _line(bench: Bench, *, bad: bool) -> AbstractContextManager[BadLine | None]:
    """Between the worker, of whose cameras all but one take their seats, and the two endpoints that are watched."""
    for place in range(1, SENDERS):
        silent = await bench.seat(camera(place), WISH)
        silent.sending.mic = False
    return BadLine(silent.server, LINE_BPS) if bad else nullcontext()


async def _seat(bench: Bench, line: BadLine | None, clapping: Clapping, witness: Witness) -> None:
    caller = await bench.seat(clapper.material(), WISH, floor=True, line=line)
    caller.sending.turned = clapping.turned
    wish = Wish(("H264",), camera=False)
    viewer = await bench.seat(camera(0), wish, visible=False, watcher=witness, line=line)
    viewer.sending.mic = False


async def _bursts(line: BadLine, clapping: Clapping) -> None:
    for _ in range(BURSTS):
        await clapping.flashed()
        await asyncio.sleep(CALM_S)
        line.loss = LOSS
        await asyncio.sleep(BURST_S)
        line.loss = 0.0
        await clapping.listen(CLAPS_AFTER)


class Noted(Protocol):
    """What came out."""

    @property
    def flashes(self) -> Moments:
        """When each flash had come."""

    @property
    def beeps(self) -> Moments:
        """When each beep could be heard."""


def add(delays: Delays, flashes: Moments, beeps: Moments, noted: Noted) -> None:
    """Take what came of each flash and beep sent. Raises RuntimeError."""
    seen = after(flashes, noted.flashes, 0, LONGEST_S)
    heard = after(beeps, noted.beeps, 0, LONGEST_S)
    if (len(seen), len(heard)) != (len(flashes), len(beeps)):
        raise RuntimeError(f"of {len(flashes)} flashes {len(seen)} came, of {len(beeps)} beeps {len(heard)}")
    delays.picture += seen.values()
    delays.sound += heard.values()
    delays.skew += [late - early for early, late in zip(seen.values(), heard.values(), strict=True)]


def table(good: Delays, bad: Delays) -> str:
    """As Markdown, in ms."""
    rows = [
        ["ms", "least", *(f"{share:.0%}" for share in SHARES[1:-1]), "most"],
        ["---"] * (1 + len(SHARES)),
        ["delay of the picture", *_shares(good.picture)],
        ["delay of the mix", *_shares(good.sound)],
        ["sound after picture, live", *_shares(good.skew)],
        ["sound after picture, recorded", *_shares(good.recorded)],
        ["after a burst of loss, live", *_shares(bad.skew)],
        ["with bursts of loss, recorded", *_shares(bad.recorded)],
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _shares(values: list[float]) -> list[str]:
    return [f"{1000 * quantile(values, share):.0f}" for share in SHARES]
