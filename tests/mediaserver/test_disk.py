"""How full is full: the levels, the hours that are left, and a real file system that fills up."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediaserver.disk import BYTES_PER_HOUR, VOICE_BYTES_PER_HOUR, Space, measure, size
from tests.film import Camera

TOTAL = 1000


@pytest.mark.parametrize(
    ("free", "level"), [(1000, "ok"), (100, "ok"), (99, "low"), (20, "low"), (19, "full"), (0, "full")]
)
def test_levels(free: int, level: str) -> None:
    assert Space(free, TOTAL).level == level


def test_hours_count_to_the_stop_and_are_shared() -> None:
    total = round(100 * BYTES_PER_HOUR)
    assert [
        round(Space(round(free * BYTES_PER_HOUR), total).hours(n), 3) for free, n in ((12, 0), (12, 4), (1, 1))
    ] == [
        10.0,
        2.5,
        0.0,
    ]


def test_voices_take_their_share() -> None:
    total = 100 * (2 * BYTES_PER_HOUR + 5 * VOICE_BYTES_PER_HOUR)
    assert Space(round(0.12 * total), round(total)).hours(2, 5) == pytest.approx(10)


def test_r082_three_hours_take_what_three_hours_of_space_last_for() -> None:
    assert size(3) == round(3 * BYTES_PER_HOUR)
    assert size(3, voices=5) == round(3 * (BYTES_PER_HOUR + 5 * VOICE_BYTES_PER_HOUR))
    assert Space(size(3) + 20, TOTAL).usable == size(3)
    assert Space(10, TOTAL).usable == 0


def test_what_fits() -> None:
    assert [Space(120, TOTAL).holds(size) for size in (0, 100, 101)] == [True, True, False]


def test_a_directory_that_is_not_there_yet_is_measured_where_it_will_be(tmp_path: Path) -> None:
    assert measure(tmp_path / "a" / "b").total == measure(tmp_path).total > 0


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of half a megabyte."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", tmp_path], check=True)
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_a_disk_that_is_really_full_ends_the_recording_with_a_word(small: Path) -> None:
    (small / "others").write_bytes(b"x" * 400_000)
    camera = Camera(small / "1.mp4")
    for _ in range(40):
        camera.roll(1)
    camera.close()
    assert (camera.failed, measure(small).level) == (["disk-full"], "full")
    assert (small / "1.mp4").stat().st_size > 10_000
