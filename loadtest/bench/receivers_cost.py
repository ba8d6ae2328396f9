"""Measures what a worker takes for one meeting with a thousand receivers, forwarded one camera or composed."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from loadtest.bench.seating import seat_senders, seat_viewers
from loadtest.bench.worker_harness import ROOM, BenchRoom, bench_room, run_module
from loadtest.endpoint.counted_receiver import CountedReceiver
from loadtest.endpoint.counting_socket import CountingSocket
from loadtest.endpoint.ice_checks import CONSENT_S
from loadtest.endpoint.transport import TransportFailed
from loadtest.media.clip import FPS
from mediaserver.api import SeatOptions
from mediaserver.transport.dtls import DtlsFailed

RECEIVERS = 1000
JOINING_AT_ONCE = 8
TURN_S = 0.01
"""Seconds between two looks into the shared socket."""
STEADY_S = 6.0
"""Seconds before measuring: a single voice is forwarded unchanged once it has been steady for five seconds."""
MIN_SHARE = 0.9
"""Least share of the pictures that each receiver must get; with less the run fails."""


@dataclass(frozen=True, slots=True)
class ReceiversCost:
    """CPU of the worker and of these endpoints in percent of a core; packets a second that arrived, and the percent of
    them that did not."""

    core_pct: float
    endpoints_pct: float
    packets_per_s: float
    missing_pct: float

    @property
    def us_per_packet(self) -> float:
        """CPU microseconds of the worker for each packet that arrived."""
        return 1e4 * self.core_pct / self.packets_per_s


class NotServed(Exception):
    """A receiver did not join, or does not get the pictures."""


Measure = Callable[[float, int], Awaitable[ReceiversCost]]


async def figures(seconds: float, rounds: int) -> dict[str, Any]:
    """Return what a thousand receivers cost either way, and the least that sending to them can cost.

    Both are measured by turns, so many times, and the median is taken. Where a receiver was not served, that is said
    instead of a cost.
    """
    ways = {"forwarded": forwarded, "composed": composed}
    found: dict[str, Any] = {"count": RECEIVERS}
    for way, measure in ways.items():
        try:
            found[way] = await _by_turns(measure, seconds, rounds)
        except NotServed as exc:
            found[way] = {"failure": str(exc)}
    return found


async def _by_turns(measure: Measure, seconds: float, rounds: int) -> dict[str, float]:
    runs, limits = [], []
    for _ in range(rounds):
        runs.append(await measure(seconds, RECEIVERS))
        limits.append(await run_module("loadtest.bench.forward_minimum", RECEIVERS))
    limit_us = statistics.median(limit["forward_whole_paced_us"] for limit in limits)
    return {
        "core_pct": round(statistics.median(run.core_pct for run in runs), 1),
        "us_per_packet": round(statistics.median(run.us_per_packet for run in runs), 2),
        "sending_limit_core_pct": round(statistics.median(limit_us * run.packets_per_s for run in runs) / 1e4, 1),
        "missing_pct": round(max(run.missing_pct for run in runs), 3),
        "endpoints_pct": round(statistics.median(run.endpoints_pct for run in runs), 1),
    }


async def forwarded(seconds: float, receivers: int = RECEIVERS) -> ReceiversCost:
    """Measure a worker that forwards one camera and voice to so many receivers. Raises NotServed."""
    async with bench_room() as room:
        return await _measure(room, partial(seat_viewers, receivers=0), ("VP8",), "camera:0", receivers, seconds)


async def composed(seconds: float, receivers: int = RECEIVERS) -> ReceiversCost:
    """Measure a worker that composes sixteen cameras for so many receivers, one voice with it. Raises NotServed."""
    async with bench_room() as room:
        return await _measure(room, partial(seat_senders, voice=True), ("H264",), "composed", receivers, seconds)


async def _measure(
    room: BenchRoom,
    seat: Callable[[BenchRoom], Awaitable[None]],
    codecs: tuple[str, ...],
    view: str,
    receivers: int,
    seconds: float,
) -> ReceiversCost:
    """Measure once all receivers joined and `seat` seated who sends: before that they are sent an empty picture, which
    leaves the worker time for their handshakes."""
    shared = CountingSocket()
    seated = [CountedReceiver(room.certificate, number + 1, codecs, shared) for number in range(receivers)]
    gate = asyncio.Semaphore(JOINING_AT_ONCE)

    async def join(number: int) -> None:
        async with gate:
            options = SeatOptions(f"receiver-{number}", f"Receiver {number}", visible=False, view=view)
            answer = await room.answer(ROOM, options, seated[number].offer())
            try:
                await seated[number].connect(answer)
            except (TransportFailed, DtlsFailed) as exc:
                raise NotServed(f"receiver {number + 1} could not join: {exc}") from exc

    turns = asyncio.ensure_future(_take_turns(shared, seated))
    try:
        await asyncio.gather(*map(join, range(receivers)))
        await seat(room)
        await asyncio.sleep(STEADY_S)
        return await _count(room, shared, [receiver.streams[-1].ssrc for receiver in seated], seconds)
    finally:
        turns.cancel()
        with suppress(asyncio.CancelledError):
            await turns
        await asyncio.gather(*(receiver.close() for receiver in seated))
        shared.close()


async def _take_turns(shared: CountingSocket, seated: list[CountedReceiver]) -> None:
    """Read the shared socket and let each receiver report once a second, in turns, until cancelled."""
    loop = asyncio.get_running_loop()
    turns_per_s = round(1 / TURN_S)
    turn, due = 0, loop.time()
    while True:
        shared.read()
        for receiver in seated[turn % turns_per_s :: turns_per_s]:
            if receiver.streams:
                receiver.report()
                if turn // turns_per_s % round(CONSENT_S) == 0:
                    receiver.check()
        turn, due = turn + 1, max(due + TURN_S, loop.time() - 1.0)
        await asyncio.sleep(due - loop.time())


async def _count(room: BenchRoom, shared: CountingSocket, pictures: list[int], seconds: float) -> ReceiversCost:
    packets, expected, least = shared.packets, shared.expected, shared.least(pictures)
    own, began = time.process_time(), time.monotonic()
    cpu = await room.cpu_s(seconds)
    took = time.monotonic() - began
    own, packets, expected = time.process_time() - own, shared.packets - packets, shared.expected - expected
    if (rate := (shared.least(pictures) - least) / took) < MIN_SHARE * FPS:
        raise NotServed(f"a receiver gets {rate:.1f} pictures/s only")
    missing = 100 * max(0, expected - packets) / expected
    return ReceiversCost(100 * cpu / took, 100 * own / took, packets / took, missing)
