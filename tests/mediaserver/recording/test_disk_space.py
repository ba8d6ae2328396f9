"""Tests of the disk space: levels, remaining hours, and a real file system that fills up."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest

from mediaserver.recording.disk_space import (
    BYTES_PER_HOUR,
    TRACKS_BYTES_PER_HOUR,
    VOICE_BYTES_PER_HOUR,
    Space,
    measure,
    size,
)
from tests.film import Camera

TOTAL = 1000


@pytest.mark.parametrize(
    ("free", "level"), [(1000, "ok"), (100, "ok"), (99, "low"), (50, "low"), (49, "full"), (0, "full")]
)
def test_levels(free: int, level: str) -> None:
    assert Space(free, TOTAL).level == level


GIB = 1 << 30


@pytest.mark.parametrize(
    ("total", "reserve"),
    [(8 * GIB, 8 * GIB // 20), (20 * GIB, GIB), (30 * GIB, GIB), (50 * GIB, GIB), (500 * GIB, 10 * GIB)],
)
def test_a_reserve_is_left_for_database_and_log(total: int, reserve: int) -> None:
    levels = [Space(free, total).level for free in (reserve + 1, reserve - 1)]
    assert Space(total, total).reserve == pytest.approx(reserve, abs=1)
    assert levels == ["low", "full"]


def test_hours_count_to_the_stop_and_are_shared() -> None:
    total = round(200 * BYTES_PER_HOUR)
    assert [
        round(Space(round(free * BYTES_PER_HOUR), total).hours(n), 3) for free, n in ((14, 0), (14, 4), (3, 1))
    ] == [
        10.0,
        2.5,
        0.0,
    ]


def test_voices_take_their_share() -> None:
    total = 100 * (2 * BYTES_PER_HOUR + 5 * VOICE_BYTES_PER_HOUR)
    assert Space(round(0.12 * total), round(total)).hours(2, 5) == pytest.approx(10)


def test_tracks_take_their_share_beside_what_is_composed_of_them() -> None:
    total = 100 * (3 * BYTES_PER_HOUR + 2 * TRACKS_BYTES_PER_HOUR)
    assert Space(round(0.12 * total), round(total)).hours(3, afterwards=2) == pytest.approx(10)
    assert size(3, composed="afterwards") == round(3 * (BYTES_PER_HOUR + TRACKS_BYTES_PER_HOUR))
    assert size(3, composed="live") == size(3)


def test_r082_three_hours_take_what_three_hours_of_space_last_for() -> None:
    assert size(3) == round(3 * BYTES_PER_HOUR)
    assert size(3, voices=5) == round(3 * (BYTES_PER_HOUR + 5 * VOICE_BYTES_PER_HOUR))
    assert Space(size(3) + 50, TOTAL).usable == size(3)
    assert Space(10, TOTAL).usable == 0


def test_a_size_fits_up_to_what_is_free_above_the_reserve() -> None:
    assert [Space(150, TOTAL).holds(size) for size in (0, 100, 101)] == [True, True, False]


def test_a_directory_that_is_not_there_yet_is_measured_where_it_will_be(tmp_path: Path) -> None:
    assert measure(tmp_path / "a" / "b").total == measure(tmp_path).total > 0


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of two megabytes."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", tmp_path], check=True)
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_a_disk_that_is_really_full_ends_the_recording_with_a_word(small: Path) -> None:
    others = small / "others"
    others.write_bytes(b"x" * 1_700_000)
    camera = Camera(small / "1.mp4")
    camera.roll(1)
    film = small / "1.mp4"
    while not camera.failed and (not film.exists() or film.stat().st_size <= 1000):  # the recorder writes in a thread
        camera.roll(0.2)
        sleep(0.01)
    others.write_bytes(b"x" * (others.stat().st_size + measure(small).free))
    for _ in range(40):
        camera.roll(1)
    camera.close()
    assert (camera.failed, measure(small).level) == (["disk-full"], "full")
    assert film.stat().st_size > 1000


def test_a_recorder_leaves_the_disk_its_reserve_whoever_watches(small: Path) -> None:
    (small / "others").write_bytes(b"x" * 1_700_000)
    camera = Camera(small / "1.mp4")
    for _ in range(60):
        camera.roll(1)
    camera.close()
    space = measure(small)
    assert (camera.failed, space.level) == (["disk-full"], "full")
    assert space.free > space.reserve / 4
    assert (small / "1.mp4").stat().st_size > 50_000
    again = Camera(small / "2.mp4")
    again.roll(1)
    again.close()
    assert (again.failed, (small / "2.mp4").exists()) == (["disk-full"], False)
