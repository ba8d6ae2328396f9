"""Tests of the lip sync: a camera's pictures wait for a voice that is held back.

Also tests `room.py`.
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
from tests.mediaserver.audio.talk import Talk
from tests.mediaserver.peer.cameras import Cameras
from tests.mediaserver.peer.fed_peer import Scene


class Face:
    """A seat in a room whose camera takes a picture each 20 ms, while it talks."""

    def __init__(self) -> None:
        self.room = Room("room", RoomOptions(), FlushQueue(), lambda _event: None, 0.0)
        self._seat = self.room.seats["a"] = Seat(SeatOptions("a", "Điểm cầu a"))
        self._talk, self._cameras = Talk(LEVEL), Cameras(1.0)
        self.voice = self.room.mixer.voices["a"] = self._talk.voice
        self._seat.input.follow(self._cameras.layers[0], 0.0)

    def go_on(self, ticks: int, later: float = 0.0) -> list[float]:
        """Let ticks pass; return the delay in seconds with which each picture reached the compositor."""
        delays = []
        for _ in range(ticks):
            now = self._talk.tick * 0.02
            self._talk.later = later if self._talk.tick % 10 == 0 else 0.0
            self._talk.hear(1)
            self._cameras.send(0, now, keyframe=self._talk.tick == 1)
            delays += [now - frame.timestamp / 3600 * 0.02 for frame in self.room._frames("a", now)]
        return delays

    def report(self, peer: WebRtcPeer, late: float, clock: float = 1000.0) -> None:
        """Its sender's reports: pictures come so many seconds later than their sound."""
        self._seat.peer, (layer,) = peer, self._cameras.layers
        peer.camera.add(layer)
        newest = layer.recall(layer.receive_stats.highest)
        assert newest is not None
        timestamp, at = self.voice.jitter.usually
        peer.voice.reported(SenderReport(1, round(1000.0 * (1 << 32)), timestamp), at)
        ntp = round((layer.heard - at - late + clock) * (1 << 32))
        layer.reported(SenderReport(layer.ssrc, ntp, newest.timestamp), layer.heard)


@pytest.fixture
async def face() -> AsyncIterator[Face]:
    made = Face()
    yield made
    await made.room.close()


async def test_pictures_on_a_steady_link_wait_for_nothing(face: Face) -> None:
    assert face.go_on(100) == pytest.approx([0.0] * 100)


async def test_pictures_wait_as_long_as_their_voice_but_for_what_composing_takes(face: Face) -> None:
    delays = face.go_on(200, later=0.1)
    wait = face.voice.held_s - 0.5 / face.room.options.fps  # it composes nothing here
    assert wait >= 0.07
    assert len(delays) in range(200 - 8, 200)  # the newest still wait
    assert all(wait <= delay < wait + 0.02 + 1e-9 for delay in delays[-50:])
    face.room._composing_s = 0.05
    assert all(wait - 0.05 <= delay < wait - 0.03 + 1e-9 for delay in face.go_on(50, later=0.1)[-20:])
    assert face.go_on(2000)[-50:] == pytest.approx([0.0] * 50), "the link is steady again"


async def test_pictures_of_unheard_seats_and_of_screens_wait_for_nothing(face: Face) -> None:
    face.go_on(200, later=0.1)
    face.room.mixer.voices["a"] = AudioInput()
    assert face.go_on(10)[-5:] == pytest.approx([0.0] * 5)
    assert face.room._frames("content:a", 0.0) == []
    assert face.room._frames("nobody", 0.0) == []


async def test_pictures_that_come_later_than_their_sound_anyway_wait_less(face: Face, mux: UdpMux) -> None:
    face.go_on(200, later=0.1)
    wait = face.room.lip_sync_delay_s("a")
    for late, expected in ((0.05, wait - 0.05), (-0.05, wait + 0.05), (0.5, 0.0), (-0.5, MAX_LIP_SYNC_DELAY_S)):
        face._cameras.layers[0]._transits.clear()
        face.report(Scene(mux).peer, late)
        assert face.room.lip_sync_delay_s("a") == pytest.approx(expected, abs=1e-6)


async def test_sender_reports_of_two_clocks_are_not_believed(face: Face, mux: UdpMux) -> None:
    face.go_on(200, later=0.1)
    wait = face.room.lip_sync_delay_s("a")
    face.report(Scene(mux).peer, 0.05, clock=1000.0 + 2 * MAX_PLAUSIBLE_LAG_S)
    assert face.room.lip_sync_delay_s("a") == wait
