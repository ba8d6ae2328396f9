"""Measures the memory of a media worker whose meetings come and go: `python -m loadtest.bench.memory_cost`.

Meetings are opened one after the other. Then each is replaced by a new one, again and again, while the others go on,
and at last all are closed. What is left then, and what each round of replacing adds, is memory that was not given
back. In another worker points join one meeting that send a camera in three layers, at which nobody looks.
"""

import argparse
import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loadtest.bench.seating import camera
from loadtest.bench.worker_harness import WorkerRoom, bench_room
from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.load import procfs
from loadtest.media.clip import Codec, Material
from loadtest.media.tone import encode_tone, tone_hz

CODECS: tuple[Codec, ...] = ("H264", "H264", "VP8")
"""The codec of each point of a meeting: its picture of 720 lines is encoded in both."""
PICTURES = 50
"""Pictures that each point of a meeting receives before memory is read."""
LOOKS, LOOK_S = 600, 0.1
"""How often it is looked whether they have come, and the seconds between two looks."""
CLOSED_S = 12.0
"""Seconds until memory is read after the last meeting ended: the worker gives it back after ten."""
FILLED_S = 25.0
"""Seconds in which a sender's lowest layer has 512 packets, the most that the worker keeps."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Number of meetings at once, how often each is replaced, and number of senders in one meeting.

    `checkout` is the directory of the version whose worker is measured; None for this one.
    """

    meetings: int = 8
    rounds: int = 3
    senders: int = 24
    checkout: Path | None = None


@dataclass(slots=True)
class Meetings:
    """The meetings of a worker, the oldest first."""

    room: WorkerRoom
    points: deque[tuple[str, list[Endpoint]]] = field(default_factory=deque)

    async def open(self, number: int) -> None:
        """Open one more, and wait until its points see the picture. Raises RuntimeError when they do not."""
        name, points = f"meeting-{number}", list[Endpoint]()
        self.points.append((name, points))
        for place, codec in enumerate(CODECS):
            material = Material(encode_tone(tone_hz(place)), camera(place).cameras)
            points.append(await self.room.seat(material, OfferOptions((codec,)), floor=not place, room=name))
            points[-1].sending.mic = not place
        for _ in range(LOOKS):
            await asyncio.sleep(LOOK_S)
            if all(point.counters.picture().frames >= PICTURES for point in points):
                return
        raise RuntimeError(f"{name} is not seen")

    async def close(self) -> None:
        """Close the oldest one."""
        name, points = self.points.popleft()
        for point in points:
            await point.close()
            self.room.endpoints.remove(point)
        await self.room.engine.close_room(name)


async def measure(plan: Plan) -> dict[str, Any]:
    """Return the memory of a worker at each step in MB, and that for each sender in KiB.

    Raises RuntimeError when a meeting is not seen.
    """
    async with bench_room(checkout=plan.checkout) as room:
        meetings, started = Meetings(room), _memory(room)
        opened, replaced = [], []
        for number in range(plan.meetings):
            await meetings.open(number)
            opened.append(_memory(room))
        for round_number in range(1, plan.rounds + 1):
            for number in range(plan.meetings):
                await meetings.close()
                await meetings.open(round_number * plan.meetings + number)
            replaced.append(_memory(room))
        while meetings.points:
            await meetings.close()
        await asyncio.sleep(CLOSED_S)
        closed = _memory(room)
    return {
        "started": started,
        "opened": opened,
        "replaced": replaced,
        "closed": closed,
        "mb_per_meeting": round((opened[-1]["rss"] - started["rss"]) / plan.meetings, 1),
        "left_mb": round(closed["rss"] - started["rss"], 1),
        "kib_per_sender": round(await sender_kib(plan.senders, plan.checkout)),
    }


async def sender_kib(senders: int, checkout: Path | None = None) -> float:
    """Return KiB for each point that sends a camera in three layers, at which nobody looks."""
    async with bench_room(checkout=checkout) as room:
        await _send(room, 1)
        before = procfs.memory(room.pid).rss_bytes
        await _send(room, senders)
        await asyncio.sleep(FILLED_S)
        return (procfs.memory(room.pid).rss_bytes - before) / 1024 / senders


async def _send(room: WorkerRoom, senders: int) -> None:
    for place in range(senders):
        sender = await room.seat(camera(place), OfferOptions(("VP8",), picture=False))
        sender.sending.mic = False


def _memory(room: WorkerRoom) -> dict[str, float]:
    """Return the memory of the worker in MB, in all and by its kinds, and the CPU seconds that it took so far."""
    found = procfs.memory(room.pid)
    sizes = {"rss": found.rss_bytes, "pss": found.pss_bytes, **found.kinds}
    megabytes = {name: round(size / 1e6, 1) for name, size in sizes.items()}
    return megabytes | {"cpu_s": round(procfs.running_seconds(room.pid), 2)}


def main() -> None:
    """Print the figures as one JSON object."""
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m loadtest.bench.memory_cost", description=__doc__)
    parser.add_argument("--meetings", type=int, default=usual.meetings, help="at once (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="each is replaced (default %(default)s)")
    parser.add_argument("--senders", type=int, default=usual.senders, help="in one meeting (default %(default)s)")
    parser.add_argument("--checkout", type=Path, help="directory of another version, whose worker is measured")
    print(json.dumps(asyncio.run(measure(Plan(**vars(parser.parse_args()))))))


if __name__ == "__main__":
    main()
