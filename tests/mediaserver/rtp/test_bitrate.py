"""Tests of a stream's bitrate: an average over seconds, unknown while nothing is sent."""

from mediaserver.rtp.bitrate import Bitrate


def test_it_is_known_after_two_seconds() -> None:
    bitrate, values = Bitrate(), []
    for second in range(5):
        bitrate.add(10_000)
        bitrate.update(7.0 + second)
        values.append(bitrate.value)
    assert values == [None, None, 80_000, 80_000, 80_000]


def test_a_key_frame_changes_it_a_little_and_is_forgotten() -> None:
    bitrate, values = Bitrate(), []
    for second in range(20):
        bitrate.add(25_000 if second == 10 else 10_000)
        bitrate.update(float(second))
        values.append(bitrate.value)
    assert values[9:12] == [80_000, 104_000, 99_200]
    assert values[19] is not None and values[19] < 84_000


def test_seconds_are_counted_as_they_really_passed() -> None:
    bitrate = Bitrate()
    bitrate.update(0.0)
    for now in (1.5, 2.5, 5.0):
        bitrate.add(round(12_500 * (2.5 if now == 5.0 else 1.5 if now == 1.5 else 1.0)))
        bitrate.update(now)
    assert bitrate.value == 100_000


def test_a_stream_that_rested_begins_anew() -> None:
    bitrate = Bitrate()
    for now in range(4):
        bitrate.add(10_000)
        bitrate.update(float(now))
    bitrate.update(4.0)
    assert bitrate.value is None
    bitrate.add(50_000)
    bitrate.update(5.0)
    assert bitrate.value is None
    bitrate.add(50_000)
    bitrate.update(6.0)
    assert bitrate.value == 400_000


def test_two_updates_at_once_divide_by_nothing() -> None:
    bitrate = Bitrate()
    for now in (1.0, 1.0, 1.0):
        bitrate.add(10)
        bitrate.update(now)
    assert bitrate.value is None
