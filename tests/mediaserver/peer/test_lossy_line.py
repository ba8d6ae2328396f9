"""Tests of what is done where the line of a browser loses much: which camera is requested ahead."""

import pytest

from mediaserver.congestion.downlink import Downlink
from mediaserver.congestion.redundancy import HOLD_S
from mediaserver.congestion.repetition import LONG_S
from mediaserver.peer.lossy_line import LossyLine
from mediaserver.peer.simulcast import SimulcastCamera, SimulcastLayer
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue
from mediaserver.video.quality import COMPOSED_BPS, USUAL
from tests.mediaserver.peer.peer_fixture import Viewer


def line(round_trip: float | None) -> LossyLine:
    downlink = Downlink(COMPOSED_BPS, USUAL)
    if round_trip is not None:
        downlink.reported(round_trip)
    return LossyLine(downlink, None, [])


@pytest.mark.parametrize(
    ("round_trip", "lost", "full", "expected"),
    [
        (0.6, 10, False, True),
        (LONG_S, 3, False, True),
        (0.6, 2, False, False),
        (0.6, 10, True, False),
        (0.29, 10, False, False),
        (None, 10, False, False),
    ],
)
def test_a_camera_is_asked_for_its_lowest_layer_while_its_line_is_long_and_loses(
    round_trip: float | None, lost: int, full: bool, expected: bool
) -> None:
    rule, found = line(round_trip), []
    for now, missing in ((100.0, lost), (110.0, 0), (100.0 + HOLD_S, 0)):
        rule.received(100 - missing, missing, now, full=full)
        found.append(rule.lowest_layer_only)
    assert found == [expected, expected, False]


@pytest.mark.parametrize(("octets", "watched", "ahead"), [(500, True, True), (1200, True, False), (500, False, False)])
def test_what_is_watched_and_takes_little_is_requested_ahead(octets: int, watched: bool, ahead: bool) -> None:
    rule, camera = line(0.6), SimulcastCamera()
    layer = SimulcastLayer("camera:a", "VP8", FlushQueue(), 7, 0.25, lambda _ssrc: None, "q")
    camera.add(layer)
    if watched:
        layer.attach(Viewer())
    requested = []
    for number in range(240):
        now = 100.0 + number / 40
        layer.receive([Packet(96, number, 0, 7, True, bytes(octets))], now)
        if number % 40 == 39:
            layer.measure(now)
            rule.received(90, 10, now, full=False)
        requested.append(rule.due(camera, now))
    assert {ssrc for ssrc, numbers in requested if numbers} == ({7} if ahead else set())
    assert all(not numbers for _, numbers in requested[:119]), "before its bitrate is known"
