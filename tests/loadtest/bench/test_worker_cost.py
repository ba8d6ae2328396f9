"""Costs of the media worker: runs that give a figure, and runs that must fail.

Also tests `session_cost.py`, `seating.py`, `worker_harness.py`, `forward_minimum.py`, `compose_minimum.py`,
`temporal_layers_cost.py` and `pacing.py`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from loadtest.bench import forward_minimum, session_cost, temporal_layers_cost, worker_cost
from loadtest.bench.pacing import paced
from loadtest.bench.seating import seat_session
from loadtest.bench.worker_harness import bench_room
from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.receive_counters import HEADER, ReceiveCounters
from loadtest.endpoint.sdp_offer import H264, OPUS, VP8
from mediaserver.api import ComposedWhen
from mediaserver.audio.opus import silence


class FakeRoom:
    """A room that takes a tenth of a core and sends packets by `send` to each receiver."""

    def __init__(self, send: Callable[[int, ReceiveCounters], None], receivers: int) -> None:
        self.endpoints = [SimpleNamespace(counters=ReceiveCounters()) for _ in range(receivers)]
        self.engine = self
        self.recorded_s: float | None = 0.0
        """Seconds that a recording of it lasts."""
        self._recordings = 0
        self._send = send

    @asynccontextmanager
    async def open(self) -> AsyncIterator["FakeRoom"]:
        yield self

    async def cpu_s(self, seconds: float) -> float:
        for at, endpoint in enumerate(self.endpoints):
            self._send(at, endpoint.counters)
        return seconds / 10 + seconds / 50 * self._recordings

    async def start_recording(self, _room: str, path: str, composed: ComposedWhen) -> None:
        """Take a fiftieth of a core more."""
        assert (path.endswith(".mp4"), composed) == (True, "afterwards")
        self._recordings += 1

    async def recorded(self, _room: str) -> float | None:
        return self.recorded_s

    async def seated(self, _room: object, _name: str = "", *, composed: bool = False, speaks: bool = False) -> None:
        """Let each endpoint receive one packet of sound and of picture."""
        for endpoint in self.endpoints:
            packets(endpoint.counters, H264, 1, 0)
            packets(endpoint.counters, OPUS, 1, 0)


def packets(counters: ReceiveCounters, payload_type: int, count: int, length: int, first: int = 0) -> None:
    for at in range(first, first + count):
        header = HEADER.pack(0x80, payload_type, at, 960 * at, payload_type)
        counters.receive(memoryview(header), length)


PutRoom = Callable[[Callable[[int, ReceiveCounters], None], int], FakeRoom]


@pytest.fixture
def put_room(monkeypatch: pytest.MonkeyPatch) -> PutRoom:
    """Replace the worker by a fake room."""

    def put(send: Callable[[int, ReceiveCounters], None], receivers: int) -> FakeRoom:
        room = FakeRoom(send, receivers)
        for module in (worker_cost, session_cost):
            monkeypatch.setattr(module, "bench_room", room.open)
            monkeypatch.setattr(module, "SETTLE_S", 0)
        monkeypatch.setattr(worker_cost, "seat_cameras", room.seated)
        monkeypatch.setattr(worker_cost, "seat_voices", room.seated)
        monkeypatch.setattr(session_cost, "seat_session", room.seated)
        monkeypatch.setattr(session_cost, "STEADY_S", 0)
        return room

    return put


async def test_skipped_pictures_do_not_make_composing_cheaper(put_room: PutRoom) -> None:
    put_room(lambda _at, counters: packets(counters, H264, 46, 1000, first=1), 1)
    assert await worker_cost.compose_pct(2.0) == pytest.approx(10 * 50 / 46)


async def test_a_composed_picture_that_is_late_is_no_figure(put_room: PutRoom) -> None:
    put_room(lambda _at, counters: packets(counters, H264, 44, 1000, first=1), 1)
    with pytest.raises(RuntimeError, match=r"22\.0 pictures/s only"):
        await worker_cost.compose_pct(2.0)


async def test_a_mix_that_everyone_hears_is_a_figure(put_room: PutRoom) -> None:
    put_room(lambda _at, counters: packets(counters, OPUS, 100, 90, first=1), 30)
    assert await worker_cost.mix_pct(2.0) == pytest.approx(10)


async def test_a_mix_that_one_does_not_hear_is_no_figure(put_room: PutRoom) -> None:
    put_room(lambda at, counters: packets(counters, OPUS, 5 if at == 7 else 100, 90, first=1), 30)
    with pytest.raises(RuntimeError, match=r"2\.5 packets/s only"):
        await worker_cost.mix_pct(2.0)


async def test_cameras_that_come_to_everybody_are_a_figure_for_each_session(put_room: PutRoom) -> None:
    put_room(lambda _at, counters: packets(counters, VP8, 50 * 11, 1000, first=1), 24)
    assert await session_cost.forwarded_pct(2.0, sessions=2) == pytest.approx(5)


async def test_cameras_that_one_lacks_are_no_figure(put_room: PutRoom) -> None:
    put_room(lambda at, counters: packets(counters, VP8, 50 * (9 if at == 7 else 11), 1000, first=1), 12)
    with pytest.raises(RuntimeError, match=r"20\.5 pictures/s only"):
        await session_cost.forwarded_pct(2.0, sessions=1)


async def test_a_composed_session_is_one_picture_for_each(put_room: PutRoom) -> None:
    put_room(lambda _at, counters: packets(counters, H264, 50, 1000, first=1), 12)
    assert await session_cost.composed_pct(2.0) == pytest.approx(10)
    put_room(lambda _at, counters: packets(counters, H264, 44, 1000, first=1), 12)
    with pytest.raises(RuntimeError, match=r"22\.0 pictures/s only"):
        await session_cost.composed_pct(2.0)


async def test_a_recording_costs_what_its_session_costs_more(put_room: PutRoom) -> None:
    put_room(lambda _at, counters: packets(counters, VP8, 50 * 11, 1000, first=counters.picture().packets), 24)
    assert await session_cost.recorded_pct(2.0, sessions=2) == pytest.approx(2)


@pytest.mark.parametrize("recorded_s", [None, -0.1])
async def test_a_session_that_is_not_recorded_is_no_figure(put_room: PutRoom, recorded_s: float | None) -> None:
    room = put_room(lambda _at, counters: packets(counters, VP8, 50 * 11, 1000, first=1), 12)
    room.recorded_s = recorded_s
    with pytest.raises(RuntimeError, match="were recorded only"):
        await session_cost.recorded_pct(2.0, sessions=1)


async def test_a_session_has_the_median_of_each_way(monkeypatch: pytest.MonkeyPatch) -> None:
    costs = {"forwarded_pct": iter([3.0, 2.0, 2.4]), "composed_pct": iter([20.0, 30.0, 22.0])}
    costs |= {"recorded_pct": iter([0.5, 0.7, 0.6])}
    for name, runs in costs.items():

        async def cost(_seconds: float, runs: Iterator[float] = runs) -> float:
            return next(runs)

        monkeypatch.setattr(session_cost, name, cost)
    expected = {"points": 12, "forwarded": 2.4, "composed": 22.0, "recorded": 0.6}
    assert await session_cost.session_core_pct(2.0, 3) == expected


async def test_twelve_points_are_forwarded_each_other_or_see_one_picture() -> None:
    async with bench_room() as room:
        await seat_session(room, "forwarded")
        await seat_session(room, "composed", composed=True)
        async with asyncio.timeout(20):
            while not all(map(_sees_eleven, room.endpoints[:12])) or not all(map(_sees_one, room.endpoints[12:])):
                await asyncio.sleep(0.1)


def _sees_eleven(endpoint: Endpoint) -> bool:
    return sum(ssrc in endpoint.counters.streams for ssrc in endpoint.tile_ssrcs.values()) == 11


def _sees_one(endpoint: Endpoint) -> bool:
    return not endpoint.tile_ssrcs and endpoint.counters.picture().frames > 0


async def test_a_mix_of_silence_is_no_figure(put_room: PutRoom) -> None:
    size = HEADER.size + len(silence())
    put_room(lambda at, counters: packets(counters, OPUS, 100, size if at == 7 else 90, first=1), 30)
    with pytest.raises(RuntimeError, match="19 bytes a packet only"):
        await worker_cost.mix_pct(2.0)


def test_the_plain_limits_are_measured() -> None:
    assert forward_minimum.forward_us(2) > 0
    assert forward_minimum.mix_pct(6, 1) > 0


def test_of_the_lowest_temporal_layer_a_quarter_of_the_packets_is_sent() -> None:
    sent, of_camera = temporal_layers_cost.forward_us(2, 0)
    assert sent == pytest.approx(4 * of_camera)
    assert sent > 0


def test_paced_numbers_come_at_their_multiples_and_not_before() -> None:
    began = time.monotonic()
    came = [(number, time.monotonic() - began) for number in paced(3, 0.05)]
    assert [number for number, _ in came] == [0, 1, 2]
    assert all(at >= number * 0.05 for number, at in came)
