"""Tests of the lip sync: a camera's pictures wait for a voice that is held back.

Also tests `room.py` and `seat.py`.
"""

from collections.abc import AsyncIterator

import pytest

from loadtest.media.tone import LEVEL
from mediaserver.api import RoomOptions, SeatOptions
from mediaserver.audio.input import AudioInput
from mediaserver.peer.webrtc import WebRtcPeer
from mediaserver.room.room import MAX_LIP_SYNC_DELAY_S, MAX_PLAUSIBLE_LAG_S, Room
from mediaserver.room.seat import Seat
from mediaserver.rtp.rtcp import SenderReport
from mediaserver.rtp.source import FlushQueue
from mediaserver.transport.udp_mux import UdpMux
from tests.mediaserver.audio.audio_input_fixture import AudioInputFixture
from tests.mediaserver.peer.cameras import Cameras
from tests.mediaserver.peer.peer_fixture import PeerFixture


class TalkingSeat:
    """A seat in a room whose camera takes a picture each 20 ms, while it talks."""

    def __init__(self) -> None:
        self.room = Room("room", RoomOptions(), FlushQueue(), lambda _event: None, 0.0)
        self._seat = self.room.seats["a"] = Seat(SeatOptions("a", "Điểm cầu a"))
        self._audio, self._cameras = AudioInputFixture(LEVEL), Cameras(1.0)
        self.voice = self.room.mixer.voices["a"] = self._audio.voice
        self._seat.input.follow(self._cameras.layers[0], 0.0)

    def go_on(self, ticks: int, later: float = 0.0) -> list[float]:
        """Let ticks pass; return the delay in seconds with which each picture reached the compositor."""
        delays = []
        for _ in range(ticks):
            now = self._audio.tick * 0.02
            self._audio.later = later if self._audio.tick % 10 == 0 else 0.0
            self._audio.hear(1)
            self._cameras.send(0, now, keyframe=self._audio.tick == 1)
            delays += [now - frame.timestamp / 3600 * 0.02 for frame in self.room._frames("a", now)]
        return delays

    def report(self, peer: WebRtcPeer, late: float, clock: float = 1000.0) -> None:
        """Take sender reports of both streams, by which pictures come so many seconds later than their sound."""
        self._seat.peer, (layer,) = peer, self._cameras.layers
        peer.camera.add(layer)
        newest = layer.recall(layer.receive_stats.highest)
        assert newest is not None
        timestamp, at = self.voice.jitter.usually
        peer.voice.reported(SenderReport(1, round(1000.0 * (1 << 32)), timestamp), at)
        ntp = round((layer.heard - at - late + clock) * (1 << 32))
        layer.reported(SenderReport(layer.ssrc, ntp, newest.timestamp), layer.heard)


@pytest.fixture
async def talking_seat() -> AsyncIterator[TalkingSeat]:
    made = TalkingSeat()
    yield made
    await made.room.close()


async def test_pictures_on_a_steady_link_wait_for_nothing(talking_seat: TalkingSeat) -> None:
    assert talking_seat.go_on(100) == pytest.approx([0.0] * 100)


async def test_pictures_wait_as_long_as_their_voice_but_for_what_composing_takes(talking_seat: TalkingSeat) -> None:
    delays = talking_seat.go_on(200, later=0.1)
    wait = talking_seat.voice.held_s - 0.5 / talking_seat.room.options.fps  # it composes nothing here
    assert wait >= 0.07
    assert len(delays) in range(200 - 8, 200)  # the newest still wait
    assert all(wait <= delay < wait + 0.02 + 1e-9 for delay in delays[-50:])
    talking_seat.room._picture_clock.composing_s = 0.05
    assert all(wait - 0.05 <= delay < wait - 0.03 + 1e-9 for delay in talking_seat.go_on(50, later=0.1)[-20:])
    assert talking_seat.go_on(2000)[-50:] == pytest.approx([0.0] * 50), "the link is steady again"


async def test_pictures_of_unheard_seats_and_of_screens_wait_for_nothing(talking_seat: TalkingSeat) -> None:
    talking_seat.go_on(200, later=0.1)
    talking_seat.room.mixer.voices["a"] = AudioInput()
    assert talking_seat.go_on(10)[-5:] == pytest.approx([0.0] * 5)
    assert talking_seat.room._frames("content:a", 0.0) == []
    assert talking_seat.room._frames("nobody", 0.0) == []


async def test_pictures_that_come_later_than_their_sound_anyway_wait_less(
    talking_seat: TalkingSeat, mux: UdpMux
) -> None:
    talking_seat.go_on(200, later=0.1)
    wait = talking_seat.room.lip_sync_delay_s("a")
    for late, expected in ((0.05, wait - 0.05), (-0.05, wait + 0.05), (0.5, 0.0), (-0.5, MAX_LIP_SYNC_DELAY_S)):
        talking_seat._cameras.layers[0]._transits.clear()
        talking_seat.report(PeerFixture(mux).peer, late)
        assert talking_seat.room.lip_sync_delay_s("a") == pytest.approx(expected, abs=1e-6)


async def test_sender_reports_of_two_clocks_are_not_believed(talking_seat: TalkingSeat, mux: UdpMux) -> None:
    talking_seat.go_on(200, later=0.1)
    wait = talking_seat.room.lip_sync_delay_s("a")
    talking_seat.report(PeerFixture(mux).peer, 0.05, clock=1000.0 + 2 * MAX_PLAUSIBLE_LAG_S)
    assert talking_seat.room.lip_sync_delay_s("a") == wait
