"""Costs of the media worker: their table, and runs that must fail.

Also tests `worker_harness.py`, `forward_minimum.py`, `compose_minimum.py` and `pacing.py`.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from loadtest.bench import forward_minimum, worker_cost
from loadtest.bench.pacing import paced
from loadtest.bench.worker_cost import table
from loadtest.endpoint.receive_counters import HEADER, ReceiveCounters
from loadtest.endpoint.sdp_offer import H264, OPUS, VP8
from mediaserver.audio.opus import silence

FIGURES = {
    "forward_us_per_packet": {"10": 9.0, "30": 6.0, "60": 5.0},
    "forward_limit_us_per_packet": {"10": 2.0, "30": 2.1, "60": 2.2},
    "forward_paced_limit_us_per_packet": {"10": 4.0, "30": 4.1, "60": 4.2},
    "compose_core_pct": 22.5,
    "compose_floor_core_pct": 17.5,
    "compose_paced_floor_core_pct": 21.5,
    "mix30_core_pct": 11.0,
    "mix30_limit_core_pct": 4.0,
    "mix30_paced_limit_core_pct": 6.0,
    "tiles12_core_pct": 2.75,
    "join_cpu_ms": 4.5,
    "memory_per_receiver_kb": 147,
    "conditions": {
        "cpu": "AMD EPYC", "cores": 2, "python": "3.11.7", "kernel": "6.18", "seconds": 20.0, "rounds": 3,
        "load_average": 0.5, "date": "2026-11-25",
    },
}  # fmt: skip


def test_the_table_sets_each_figure_beside_its_limit_and_its_reach() -> None:
    head, line, *lines = table(FIGURES).splitlines()[:10]
    assert line.count("|") == head.count("|")
    rows = [[cell.strip() for cell in line.strip("|").split("|")][:5] for line in lines]
    assert rows == [
        ["forward, 1 to 10: µs per packet", "9.0", "2.0", "4.0", "≤ 7"],
        ["forward, 1 to 30: µs per packet", "6.0", "2.1", "4.1", "≤ 5"],
        ["forward, 1 to 60: µs per packet", "5.0", "2.2", "4.2", "≤ 4.5"],
        ["16 × H.264 640x360@25 composed to 720p25, core-%", "22.5", "17.5", "21.5", "≤ 25"],
        ["mix of 30 senders, core-%", "11.0", "4.0", "6.0", "≤ 10"],
        ["12 points, each forwarded the 11 others at 180 lines, core-%", "2.75", "–", "–", "≤ 2.5"],
        ["join (seat, SDP, ICE, DTLS), ms", "4.5", "–", "–", "≤ 4"],
        ["memory per receiver, KiB", "147", "–", "–", "≤ 150"],
    ]


class FakeRoom:
    """A room that takes a tenth of a core and sends packets by `send` to each receiver."""

    def __init__(self, send: Callable[[int, ReceiveCounters], None], receivers: int) -> None:
        self.endpoints = [SimpleNamespace(counters=ReceiveCounters()) for _ in range(receivers)]
        self._send = send

    @asynccontextmanager
    async def open(self) -> AsyncIterator["FakeRoom"]:
        yield self

    async def work(self, _room: object, seconds: float) -> float:
        for at, endpoint in enumerate(self.endpoints):
            self._send(at, endpoint.counters)
        return seconds / 10

    async def seated(self, _room: object) -> None:
        """Let each endpoint receive one packet of sound and of picture."""
        for endpoint in self.endpoints:
            packets(endpoint.counters, H264, 1, 0)
            packets(endpoint.counters, OPUS, 1, 0)


def packets(counters: ReceiveCounters, payload_type: int, count: int, length: int, first: int = 0) -> None:
    for at in range(first, first + count):
        header = HEADER.pack(0x80, payload_type, at, 960 * at, payload_type)
        counters.receive(memoryview(header), length)


PutRoom = Callable[[Callable[[int, ReceiveCounters], None], int], None]


@pytest.fixture
def put_room(monkeypatch: pytest.MonkeyPatch) -> PutRoom:
    """Replace the worker by a fake room."""

    def put(send: Callable[[int, ReceiveCounters], None], receivers: int) -> None:
        room = FakeRoom(send, receivers)
        monkeypatch.setattr(worker_cost, "bench_room", room.open)
        monkeypatch.setattr(worker_cost, "seat_cameras", room.seated)
        monkeypatch.setattr(worker_cost, "seat_voices", room.seated)
        monkeypatch.setattr(worker_cost, "seat_viewers_of_each_other", room.seated)
        monkeypatch.setattr(worker_cost, "_cpu", room.work)
        monkeypatch.setattr(worker_cost, "SETTLE_S", 0)

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


async def test_cameras_that_come_to_everybody_are_a_figure(put_room: PutRoom) -> None:
    put_room(lambda _at, counters: packets(counters, VP8, 50 * 11, 1000, first=1), 12)
    assert await worker_cost.tiles_pct(2.0) == pytest.approx(10)


async def test_cameras_that_one_lacks_are_no_figure(put_room: PutRoom) -> None:
    put_room(lambda at, counters: packets(counters, VP8, 50 * (9 if at == 7 else 11), 1000, first=1), 12)
    with pytest.raises(RuntimeError, match=r"20\.5 pictures/s only"):
        await worker_cost.tiles_pct(2.0)


async def test_a_mix_of_silence_is_no_figure(put_room: PutRoom) -> None:
    size = HEADER.size + len(silence())
    put_room(lambda at, counters: packets(counters, OPUS, 100, size if at == 7 else 90, first=1), 30)
    with pytest.raises(RuntimeError, match="19 bytes a packet only"):
        await worker_cost.mix_pct(2.0)


def test_the_plain_limits_are_measured() -> None:
    assert forward_minimum.forward_us(2) > 0
    assert forward_minimum.mix_pct(6, 1) > 0


def test_paced_numbers_come_at_their_multiples_and_not_before() -> None:
    began = time.monotonic()
    came = [(number, time.monotonic() - began) for number in paced(3, 0.05)]
    assert [number for number, _ in came] == [0, 1, 2]
    assert all(at >= number * 0.05 for number, at in came)
