"""Regularity of sound and pictures, packet by packet."""

from struct import pack

from hypothesis import given
from hypothesis import strategies as st

from loadtest.endpoint.frame_timing import SOUND_GAP_S, ArrivalTimes, ArrivalWatcher


def rtp(timestamp: int, ssrc: int = 1, payload: bytes = b"") -> memoryview:
    return memoryview(pack("!BBHII", 0x80, 96, 0, timestamp & 0xFFFFFFFF, ssrc) + payload)


def key(lines: int) -> bytes:
    """Return the beginning of a VP8 key frame."""
    return b"\x10\x10\0\0\x9d\x01\x2a\x80\x02" + lines.to_bytes(2, "little")


@given(st.lists(st.integers(0, 400), min_size=1))
def test_gaps_are_the_pauses_that_are_too_long(steps: list[int]) -> None:
    """Times in whole milliseconds, so that sums are exact."""
    times, now = ArrivalTimes(100), 0
    times.restart(0)
    moments = []
    for step in steps:
        now += step
        moments.append((step, now))
        times.arrive(now)
    longest = max(step for step, _ in moments)
    assert times.gaps == sum(step > 100 for step in steps)
    assert times.longest_s == longest
    assert times.resumed == (next(at for step, at in moments if step == longest) if longest else 0)
    assert times.first == steps[0]


def test_silence_to_the_end_is_a_gap() -> None:
    times = ArrivalTimes(SOUND_GAP_S)
    times.restart(10.0)
    times.arrive(10.02)
    times.stop(15.0)
    assert (times.arrivals, times.gaps, times.longest_s, times.resumed) == (1, 1, 15.0 - 10.02, 15.0)


def test_a_picture_is_a_newer_timestamp_of_its_stream() -> None:
    watcher = ArrivalWatcher()
    for timestamp in (-3600, -3600, 0, 3600, 0, 3600, 7200):  # over the wrap, and one packet sent again
        watcher.packet("H264", rtp(timestamp), 12, 100.0)
    watcher.packet("H264", rtp(1, ssrc=2), 12, 100.0)
    assert watcher.picture.arrivals == 5
    assert watcher.sound.arrivals == 0


def test_each_stream_has_arrivals_of_its_own() -> None:
    watcher = ArrivalWatcher()
    watcher.restart(100.0)
    for number, timestamp in enumerate((0, 3600, 7200), 1):
        data = rtp(timestamp, payload=key(720))  # only counted: its payload is encrypted, whatever it looks like
        watcher.packet("", data, len(data), 100.0 + number)
    watcher.packet("", rtp(0, ssrc=2), 12, 103.0)
    watcher.stop(107.0)
    assert [watcher.stream(ssrc).arrivals for ssrc in (1, 2, 3)] == [3, 1, 0]
    assert watcher.stream(2).longest_s == 4.0
    assert (watcher.picture.arrivals, watcher.lowest_height) == (4, 0)


def test_the_lowest_height_since_the_reset_is_noted() -> None:
    watcher = ArrivalWatcher()
    noted = []
    for timestamp, payload in enumerate([b"", key(720), b"\x10", key(360), key(720), b""]):
        data = rtp(timestamp, payload=payload)
        watcher.packet("VP8", data, len(data), 100.0)
        noted.append(watcher.lowest_height)
    assert noted == [0, 720, 720, 360, 360, 360]
    watcher.restart(0.0)
    assert watcher.lowest_height == 720


def test_a_key_frame_sent_again_gives_the_height_if_none_is_known() -> None:
    watcher = ArrivalWatcher()
    for timestamp, payload in ((2, b""), (1, key(720))):
        data = rtp(timestamp, payload=payload)
        watcher.packet("VP8", data, len(data), 100.0)
    assert (watcher.lowest_height, watcher.picture.arrivals) == (720, 1)


def test_a_point_is_back_once_sound_and_picture_are() -> None:
    watcher = ArrivalWatcher()
    watcher.restart(100.0)
    assert watcher.back_after(100.0) is None
    watcher.packet("opus", rtp(1), 12, 103.0)
    assert watcher.back_after(100.0) is None
    watcher.packet("H264", rtp(1), 12, 104.5)
    assert watcher.back_after(100.0) == 4.5
