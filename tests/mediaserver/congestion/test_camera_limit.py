"""Tests of the limit that a room system's camera is told."""

from mediaserver.congestion.camera_limit import MAX_REQUESTS, CameraLimit

MOST = 1_100_000


def test_a_limit_is_told_until_it_is_confirmed_and_again_to_another_stream() -> None:
    limit = CameraLimit(MOST)
    assert [limit.update(100, 0) for _ in range(2)] == [MOST, MOST]
    limit.confirm()
    assert limit.update(100, 0) is None
    limit.begin()
    assert [limit.update(100, 0) for _ in range(MAX_REQUESTS + 2)] == [MOST] * MAX_REQUESTS + [None, None]


def test_it_falls_where_much_is_lost_and_rises_in_few_steps() -> None:
    limit, told = CameraLimit(MOST), []
    for received, lost in [(100, 0)] * 3 + [(50, 50)] * 10 + [(100, 0)] * 120:
        if (now := limit.update(received, lost)) is not None:
            told.append(now)
            limit.confirm()
    lowest = told.index(min(told))
    assert (told[0], told[-1]) == (MOST, MOST)
    assert told[lowest] < MOST / 2
    assert told[: lowest + 1] == sorted(told[: lowest + 1], reverse=True) and told[lowest:] == sorted(told[lowest:])
    assert len(told) < 35
