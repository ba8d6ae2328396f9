"""Regularity of sound and pictures, packet by packet."""

from struct import pack

from hypothesis import given
from hypothesis import strategies as st

from loadtest.endpoint.frame_timing import SOUND_GAP_S, Listener, Pulse


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def rtp(timestamp: int, ssrc: int = 1, payload: bytes = b"") -> memoryview:
    return memoryview(pack("!BBHII", 0x80, 96, 0, timestamp & 0xFFFFFFFF, ssrc) + payload)


def key(lines: int) -> bytes:
    """How a VP8 key frame begins."""
    return b"\x10\x10\0\0\x9d\x01\x2a\x80\x02" + lines.to_bytes(2, "little")


@given(st.lists(st.integers(0, 400), min_size=1))
def test_gaps_are_the_pauses_that_are_too_long(steps: list[int]) -> None:
    """Times in whole milliseconds, so that sums are exact."""
    pulse, now = Pulse(100), 0
    pulse.restart(0)
    moments = []
    for step in steps:
        now += step
        moments.append((step, now))
        pulse.beat(now)
    longest = max(step for step, _ in moments)
    assert pulse.gaps == sum(step > 100 for step in steps)
    assert pulse.longest_s == longest
    assert pulse.resumed == (next(at for step, at in moments if step == longest) if longest else 0)
    assert pulse.first == steps[0]


def test_silence_to_the_end_is_a_gap() -> None:
    pulse = Pulse(SOUND_GAP_S)
    pulse.restart(10.0)
    pulse.beat(10.02)
    pulse.stop(15.0)
    assert (pulse.beats, pulse.gaps, pulse.longest_s, pulse.resumed) == (1, 1, 15.0 - 10.02, 15.0)


def test_a_picture_is_a_newer_timestamp_of_its_stream() -> None:
    listener = Listener(Clock())
    for timestamp in (-3600, -3600, 0, 3600, 0, 3600, 7200):  # over the wrap, and one packet sent again
        listener.packet("H264", rtp(timestamp), 12)
    listener.packet("H264", rtp(1, ssrc=2), 12)
    assert listener.picture.beats == 5
    assert listener.sound.beats == 0


def test_the_fewest_lines_since_counting_began_are_noted() -> None:
    listener = Listener(Clock())
    noted = []
    for timestamp, payload in enumerate([b"", key(720), b"\x10", key(360), key(720), b""]):
        data = rtp(timestamp, payload=payload)
        listener.packet("VP8", data, len(data))
        noted.append(listener.lowest_height)
    assert noted == [0, 720, 720, 360, 360, 360]
    listener.restart(0.0)
    assert listener.lowest_height == 720


def test_a_key_frame_sent_again_tells_the_lines_of_who_knows_none() -> None:
    listener = Listener(Clock())
    for timestamp, payload in ((2, b""), (1, key(720))):
        data = rtp(timestamp, payload=payload)
        listener.packet("VP8", data, len(data))
    assert (listener.lowest_height, listener.picture.beats) == (720, 1)


def test_back_is_when_the_later_of_sound_and_picture_is() -> None:
    clock = Clock()
    listener = Listener(clock)
    listener.restart(clock.now)
    assert listener.back(100.0) is None
    clock.now = 103.0
    listener.packet("opus", rtp(1), 12)
    assert listener.back(100.0) is None
    clock.now = 104.5
    listener.packet("H264", rtp(1), 12)
    assert listener.back(100.0) == 4.5
