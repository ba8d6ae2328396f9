"""A thousand forged datagrams a second from strangers, while a hundred points join."""

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from struct import pack

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.ice_checks import Credentials, IceChecks
from loadtest.endpoint.sdp_answer import parse_answer
from loadtest.endpoint.sdp_offer import OfferOptions
from mediaserver.api import SeatOptions
from mediaserver.worker.engine import LocalEngine
from tests.mediaserver.meeting import CERTIFICATE, ROOM, Meeting, material
from tests.mediaserver.transport.client_hello import HELLO
from tests.soak.first_packet import FirstPacketWatcher

JOINS = 100
AT_ONCE = 4
PER_SECOND = 1000
STRANGERS = 16
PACE_S = 0.01

Forge = Callable[[random.Random], bytes]


class Forger:
    """Makes datagrams of every kind that the port knows, with the newest seat's ICE fragment but no password."""

    def __init__(self) -> None:
        self.checks: IceChecks | None = None
        self._rng = random.Random(680)
        self._kinds: tuple[Forge, ...] = (_stun, self._check, _hello, _records, _rtp, _rtcp)

    def learn_credentials(self, answer: str, endpoint: Endpoint) -> None:
        """Learn the ICE fragment of an answer."""
        self.checks = IceChecks(endpoint._local, Credentials(parse_answer(answer).fragment, "w" * 24))

    def next(self) -> bytes:
        return self._rng.choice(self._kinds)(self._rng)

    def _check(self, rng: random.Random) -> bytes:
        if self.checks is None:
            return _stun(rng)
        self.checks._pending.clear()
        return self.checks.request()


def _stun(rng: random.Random) -> bytes:
    body = rng.randbytes(4 * rng.randrange(30))
    return pack("!HHI", rng.choice((0x0001, 0x0101, 0x0111)), len(body), 0x2112A442) + rng.randbytes(12) + body


def _hello(_rng: random.Random) -> bytes:
    return HELLO


def _records(rng: random.Random) -> bytes:
    body = rng.randbytes(rng.randrange(1200))
    kind = rng.choice((20, 21, 22, 23, 25))
    return pack("!BHHIHH", kind, 0xFEFD, rng.randrange(3), 0, rng.randrange(99), len(body)) + body


def _rtp(rng: random.Random) -> bytes:
    numbers = (rng.choice((96, 102, 111)), rng.getrandbits(16), rng.getrandbits(32), rng.getrandbits(32))
    return pack("!BBHII", 0x80 | rng.randrange(64), *numbers) + rng.randbytes(rng.randrange(1200))


def _rtcp(rng: random.Random) -> bytes:
    words = rng.randrange(1, 60)
    return pack("!BBH", 0x80 | rng.randrange(32), rng.randrange(200, 208), words) + rng.randbytes(4 * words)


class Flood:
    """Sends forged datagrams from many sockets at a steady rate, and catches up when late."""

    def __init__(self, address: tuple[str, int], forger: Forger) -> None:
        self._address = address
        self._forger = forger
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(STRANGERS)]
        self.sent = 0
        self.seconds = 0.0

    async def run(self) -> None:
        began = time.monotonic()
        try:
            while True:
                await asyncio.sleep(PACE_S)
                self.seconds = time.monotonic() - began
                while self.sent < PER_SECOND * self.seconds:
                    self._sockets[self.sent % STRANGERS].sendto(self._forger.next(), self._address)
                    self.sent += 1
        finally:
            for each in self._sockets:
                each.close()


@asynccontextmanager
async def flooded(address: tuple[str, int], forger: Forger) -> AsyncIterator[Flood]:
    flood = Flood(address, forger)
    running = asyncio.ensure_future(flood.run())
    yield flood
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def join(meeting: Meeting, number: int, forger: Forger) -> Endpoint:
    seat, first = f"seat-{number}", FirstPacketWatcher()
    await meeting.engine.add_seat(ROOM, SeatOptions(seat, f"Điểm cầu {number}"))
    endpoint = Endpoint(CERTIFICATE, material("green", 660), OfferOptions(layers=1, camera=False), first)
    answer = await meeting.engine.connect(ROOM, seat, endpoint.offer())
    forger.learn_credentials(answer, endpoint)
    await endpoint.connect(answer)
    await first.came.wait()
    return endpoint


async def test_a_hundred_points_join_under_a_flood_and_a_viewer_loses_nothing(meeting: Meeting) -> None:
    assert isinstance(meeting.engine, LocalEngine)
    mux = meeting.engine._mux
    viewer = await meeting.join("viewer", "red", 440, floor=True)
    await viewer.watch.more(10)
    faults, forger, endpoints = viewer.watch.faults, Forger(), []
    strangers = mux.counters.strangers
    async with flooded(mux.addresses[0], forger) as flood, asyncio.timeout(120):
        for at in range(0, JOINS, AT_ONCE):
            endpoints += await asyncio.gather(*(join(meeting, at + n, forger) for n in range(AT_ONCE)))
        await viewer.watch.more(25)
    assert sum(endpoint.connected for endpoint in endpoints) == JOINS
    assert mux.counters.strangers - strangers > 0.5 * flood.sent > 0
    assert flood.sent >= PER_SECOND * (flood.seconds - 1)
    assert (viewer.endpoint.counters.picture().lost, viewer.endpoint.counters.audio().lost) == (0, 0)
    assert viewer.watch.faults == faults
    assert len(mux._inbox) == JOINS + 1
    await asyncio.gather(*(endpoint.close() for endpoint in endpoints))
    print(f"{flood.sent} datagrams in {flood.seconds:.1f} s")
