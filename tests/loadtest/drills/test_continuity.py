"""Missing packets of a stream are counted by payload."""

from collections.abc import Sequence
from struct import pack

import pytest

from loadtest.drills.continuity import MIX_STEP, PICTURE_STEP, Continuity


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def packet(stamp: int, payload: bytes, first: int = 0x80, between: bytes = b"") -> memoryview:
    """Return an RTP packet; `between` stands between header and payload."""
    return memoryview(pack("!BBHII", first, 96, 7, stamp, 1) + between + payload)


def take(continuity: Continuity, codec: str, data: memoryview, received_at: float = 0.0) -> None:
    continuity.packet(codec, data, len(data), received_at)


@pytest.mark.parametrize(("kind", "codec", "step"), [("mix", "opus", MIX_STEP), ("picture", "H264", PICTURE_STEP)])
@pytest.mark.parametrize(
    ("ticks", "lost"),
    [([0, 1, 2, 3], 0), ([0, 1, 1, 1, 2], 0), ([0, 3, 4], 2), ([0, 2, 1, 3], 1), ([0, 1000, 1001], 0)],
)
def test_each_step_of_the_clock_is_due(kind: str, codec: str, step: int, ticks: Sequence[int], lost: int) -> None:
    continuity = Continuity(Clock())
    for tick in ticks:
        take(continuity, codec, packet((0xFFFFFF00 + tick * step) & 0xFFFFFFFF, b"x"))
    assert continuity.lost == {"forwarded": 0, "mix": 0, "picture": 0} | {kind: lost}


LOOP = {bytes([position]): position for position in range(10)} | {b"parameter sets": -1}


@pytest.mark.parametrize(
    ("positions", "lost"),
    [
        ([7, 8, 9, 0, 1], 0),
        ([7, 9, 2], 3),
        ([3, 4, 3, 5], 0),  # one was sent again
        ([1, 2, 5, 6], 0),  # it began anew at a key frame
    ],
)
def test_a_forwarded_packet_is_known_by_its_payload(positions: Sequence[int], lost: int) -> None:
    continuity = Continuity(Clock(), LOOP, frozenset({0, 5}))
    for position in positions:
        take(continuity, "H264", packet(0, b"parameter sets"))
        take(continuity, "H264", packet(0, bytes([position])))
    assert continuity.lost == {"forwarded": lost, "mix": 0, "picture": 0}


def test_extension_padding_and_contributors_are_no_payload() -> None:
    continuity = Continuity(Clock(), LOOP)
    extension = b"\xbe\xde\x00\x01abcd"
    take(continuity, "H264", packet(0, b"\x01", 0x92, bytes(8) + extension))
    take(continuity, "H264", packet(0, b"\x03\x00\x00\x03", 0xA0))
    take(continuity, "H264", packet(0, b"\x00\x00\x03", 0xA0))  # padding alone
    assert continuity.lost == {"forwarded": 1, "mix": 0, "picture": 0}


def test_the_longest_time_without_sound_or_picture() -> None:
    clock = Clock()
    continuity = Continuity(clock)
    for now, codec in ((0.0, "opus"), (0.1, "H264"), (0.4, "opus"), (0.5, "H264")):
        take(continuity, codec, packet(round(now * 1000), b"x"), now)
    clock.now = 0.5
    assert continuity.gap_s == pytest.approx(0.4)
    clock.now = 1.4
    assert continuity.gap_s == pytest.approx(1.0)  # sound: since 0.4
    continuity.reset()
    assert (continuity.gap_s, sum(continuity.lost.values())) == (0.0, 0)
