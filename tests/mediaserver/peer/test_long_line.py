"""Freezes on a simulated line of 600 ms round trip that loses a tenth of the packets both ways, in its own time."""

import heapq
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count, pairwise
from random import Random

import pytest

from mediaserver.congestion.repetition import RepetitionLimit
from mediaserver.congestion.request_ahead import RequestAhead
from mediaserver.peer.forwarder import Forwarder
from mediaserver.rtp.nack import NackGenerator
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import packetize_vp8
from mediaserver.rtp.rtx import RtxStream, unwrap
from mediaserver.rtp.source import FlushQueue, VideoSource
from mediaserver.transport.peer_path import Counters, PeerPath
from mediaserver.transport.srtp import Outgoing

DELAY_S, LOSS = 0.3, 0.1
POLL_S, TICK_S = 0.02, 0.06
SECONDS = 300.0
FREEZE_S, GIVEN_UP_S = 0.19, 3.0
LONGEST_S = 2.0
BROWSER_ROUND_TRIP_S = 2 * DELAY_S + 0.005
"""What browsers take for it."""


class Line:
    """A line: what is sent comes later, or not at all."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)
        self._under_way: list[tuple[float, int, Callable[[float], None]]] = []
        self._count = count()

    def send(self, now: float, come: Callable[[float], None]) -> None:
        """Send something; `come` is called when it comes."""
        if self._chance.random() >= LOSS:
            heapq.heappush(self._under_way, (now + DELAY_S, next(self._count), come))

    def advance(self, now: float) -> None:
        """Let come what is there by now."""
        while self._under_way and self._under_way[0][0] <= now:
            at, _, come = heapq.heappop(self._under_way)
            come(at)


class Receiver:
    """Shows a stream of pictures of one packet each, every one behind all before it, and requests what is missing."""

    def __init__(self) -> None:
        self.nack = NackGenerator()
        self._waiting: dict[int, float] = {}
        self._next: int | None = None
        self.shown: list[float] = []

    def take(self, number: int, now: float, *, repaired: bool) -> list[int]:
        """Take a packet; return the numbers to request at once."""
        self._next = number if self._next is None else self._next
        if (number - self._next) & 0xFFFF < 0x8000:
            self._waiting[number] = now
        while self._waiting.pop(self._next, None) is not None:
            self.shown.append(now)
            self._next = (self._next + 1) & 0xFFFF
        ahead = self.nack.newest is not None and (number - self.nack.newest) & 0xFFFF < 0x8000
        return [] if repaired and ahead else self.nack.receive(number, now)

    def tick(self, now: float) -> None:
        """Go on with what comes after a while without a picture: browsers request a key frame then."""
        if self._next is not None and self.shown and now - self.shown[-1] > GIVEN_UP_S and self._waiting:
            self._next = (max(self._waiting) + 1) & 0xFFFF
            self._waiting.clear()
            self.shown.append(now)

    def freezes(self, period: float) -> tuple[float, float]:
        """Return the share of the time without a new picture, and the longest such time in seconds."""
        gaps = [after - before - period for before, after in pairwise(self.shown) if after - before > FREEZE_S]
        return sum(gaps) / SECONDS, max(gaps, default=0.0)


class Viewer:
    """A viewer behind the line, as the forwarder's transport."""

    def __init__(self, line: Line) -> None:
        self.path = PeerPath(self, Counters())
        self.receiver = Receiver()
        self._line = line
        self.now = 0.0
        self.forwarder: Forwarder | None = None

    def send(self, packets: Iterable[Outgoing], send_time: int = 0) -> None:
        for packet in packets:
            self._line.send(self.now, partial(self._come, packet))

    def send_packet(self, packet: bytes) -> None:
        raise AssertionError("nothing is probed here")

    def _come(self, packet: Outgoing, at: float) -> None:
        second, sequence, timestamp, ssrc, payload = packet
        original = unwrap(Packet(second & 0x7F, sequence, timestamp, ssrc, True, payload), 0, 96)
        repaired = second & 0x7F == 97 and original is not None
        number = original.sequence if repaired and original is not None else sequence
        self._request(self.receiver.take(number, at, repaired=repaired), at)

    def _request(self, numbers: list[int], at: float) -> None:
        if numbers:
            self._line.send(at, lambda _at: self._resend(numbers))

    def _resend(self, numbers: list[int]) -> None:
        assert self.forwarder is not None
        self.forwarder.resend(numbers, 230_000, 2 * DELAY_S, self.now)

    def tick(self, now: float) -> None:
        """Request again what is missing, once in a round trip, as browsers do."""
        self.receiver.tick(now)
        due = [each for each, (_, at) in self.receiver.nack._missing.items() if now - at >= BROWSER_ROUND_TRIP_S]
        for each in due:
            self.receiver.nack._missing[each] = (1, now)
        self._request(due, now)


@pytest.mark.parametrize(("times", "most_frozen"), [(0, 1.0), (1, 0.2), (2, 0.05)])
def test_a_viewer_by_a_satellite_sees_no_freeze_above_two_seconds(times: int, most_frozen: float) -> None:
    line, queue, rate = Line(3), FlushQueue(), 12.5
    viewer = Viewer(line)
    repair = RtxStream({96: 97}, 77, 0)
    limit = RepetitionLimit(Counters())
    viewer.forwarder = Forwarder({"VP8": 96}, 90000, viewer, rtx=repair, flush_queue=queue, repetition_limit=limit)
    camera = VideoSource("composed", "VP8", queue)
    viewer.forwarder.follow(camera, 0.0)
    viewer.forwarder.repeat(times)
    for poll in range(round(SECONDS / POLL_S)):
        viewer.now = poll * POLL_S
        number, rest = divmod(poll, round(1 / rate / POLL_S))
        if not rest:
            payload = packetize_vp8(bytes(900), number & 0x7FFF)[0]
            camera.push(Packet(0, number & 0xFFFF, number * 7200, 0, True, payload, number == 0))
        queue.flush(viewer.now)
        line.advance(viewer.now)
        if poll % 3 == 0:
            viewer.tick(viewer.now)
    frozen, longest = viewer.receiver.freezes(1 / rate)
    assert frozen < most_frozen
    assert (longest < LONGEST_S) is (times > 0)


class Sender:
    """A browser that sends one packet a picture, and again what is requested: once in a round trip."""

    def __init__(self, line: Line, come: Callable[[int, float, bool], None]) -> None:
        self._line, self._come = line, come
        self._sent_again: dict[int, float] = {}
        self.newest = -1

    def send(self, now: float) -> None:
        self.newest += 1
        number = self.newest
        self._line.send(now, lambda at: self._come(number, at, False))

    def _again_comes(self, number: int, at: float) -> None:
        self._come(number, at, True)

    def requested(self, numbers: list[int], at: float) -> None:
        for number in numbers:
            if number <= self.newest and at - self._sent_again.get(number, -9.0) >= BROWSER_ROUND_TRIP_S:
                self._sent_again[number] = at
                self._line.send(at, partial(self._again_comes, number))


@pytest.mark.parametrize(("ahead", "most_frozen"), [(False, 1.0), (True, 0.2)])
def test_a_camera_by_a_satellite_freezes_less_where_it_is_requested_ahead(ahead: bool, most_frozen: float) -> None:
    line, receiver, rule, rate = Line(5), Receiver(), RequestAhead(), 12.5

    def come(number: int, at: float, repaired: bool) -> None:
        request(receiver.take(number, at, repaired=repaired), at)

    def request(numbers: list[int], at: float) -> None:
        if numbers:
            line.send(at, lambda come_at: sender.requested(numbers, come_at))

    sender = Sender(line, come)
    for poll in range(round(SECONDS / POLL_S)):
        now = poll * POLL_S
        if not poll % round(1 / rate / POLL_S):
            sender.send(now)
        line.advance(now)
        if poll % round(TICK_S / POLL_S) == 0:
            receiver.tick(now)
            request(receiver.nack.due(now, 2 * DELAY_S), now)
            if ahead and receiver.nack.newest is not None:
                request(rule.due(receiver.nack.newest, 2 * DELAY_S, now), now)
    frozen, longest = receiver.freezes(1 / rate)
    assert frozen < most_frozen
    assert (longest < LONGEST_S) is ahead
