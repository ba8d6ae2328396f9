"""Tests that the compiled loops over sound and pictures do the same as their Python twins.

Also tests `video/planes.py`, `video/scaler.py` and `video/shadow.py`.
"""

import shutil

import numpy as np
import pytest
from av import VideoFrame
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mediaserver.audio.limiter import RISE, plain_limit
from mediaserver.audio.mix_minus import FRAME_SAMPLES, plain_level
from mediaserver.video.canvas import BACKGROUND, Canvas
from mediaserver.video.layout import Tile
from mediaserver.video.planes import planes
from mediaserver.video.scaler import Scaler, halves
from mediaserver.video.shadow import plain_darken

if shutil.which("cc") is None:
    pytest.skip("nothing was compiled without a compiler", allow_module_level=True)

from mediaserver import _mix

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(0, 32767), st.integers(1, 1920))
def test_a_voice_is_as_loud(seed: int, peak: int, count: int) -> None:
    voice = np.random.default_rng(seed).integers(-peak - 1, peak, count, np.int16, endpoint=True)
    assert _mix.level(voice) == plain_level(voice)


@given(
    st.lists(st.tuples(SEEDS, st.sampled_from([1, 20_000, 29_205, 29_206, 40_000, 160_000])), min_size=1, max_size=8)
)
def test_a_mix_is_limited_to_the_same_samples(frames: list[tuple[int, int]]) -> None:
    gain = plain_gain = 1.0
    for seed, peak in frames:
        total = np.random.default_rng(seed).integers(-peak, peak, FRAME_SAMPLES, np.int32, endpoint=True)
        limited, plain = np.empty(FRAME_SAMPLES, np.int16), np.empty(FRAME_SAMPLES, np.int16)
        gain, plain_gain = _mix.limit(total, limited, gain, RISE), plain_limit(total, plain, plain_gain, RISE)
        assert gain == plain_gain
        difference = np.abs(limited.astype(np.int32) - plain)
        assert difference.max() <= 1  # two libraries' tanh: the last bit, and whole numbers cut it off
        assert np.count_nonzero(difference) <= 2


def noise(width: int, height: int, seed: int) -> VideoFrame:
    """Return a picture of random pixels."""
    picture, random = VideoFrame(width, height, "yuv420p"), np.random.default_rng(seed)
    for plane in planes(picture):
        plane[:] = random.integers(0, 256, plane.shape, np.uint8)
    return picture


def means(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the rounded mean of each four pixels."""
    height, width = plane.shape
    sums = plane.reshape(height // 2, 2, width // 2, 2).sum(axis=(1, 3), dtype=np.uint16)
    rounded: NDArray[np.uint8] = ((sums + 2) >> 2).astype(np.uint8)
    return rounded


@given(st.integers(1, 60), st.integers(1, 40), SEEDS)
def test_a_picture_of_half_the_size_has_the_means(columns: int, rows: int, seed: int) -> None:
    picture = noise(4 * columns, 4 * rows, seed)
    half = Scaler().scale(picture, 2 * columns, 2 * rows)
    assert (half.width, half.height, half.format.name) == (2 * columns, 2 * rows, "yuv420p")
    for plane, expected in zip(planes(half), map(means, planes(picture)), strict=True):
        assert np.array_equal(plane, expected)


@given(st.integers(1, 30), st.integers(1, 20), st.integers(0, 10), st.integers(0, 10), SEEDS)
def test_a_picture_is_halved_in_its_place_and_nowhere_else(columns: int, rows: int, x: int, y: int, seed: int) -> None:
    picture, canvas = noise(4 * columns, 4 * rows, seed), Canvas(96, 72)
    tile = Tile("a", 2 * x, 2 * y, 2 * columns, 2 * rows)
    assert halves(picture, tile.width, tile.height)
    canvas.shrink(tile, picture)
    found = [plane.copy() for plane in planes(canvas.frame)]
    for plane, expected, background, unit in zip(
        found, map(means, planes(picture)), BACKGROUND, (2, 1, 1), strict=True
    ):
        place = plane[unit * y : unit * (y + rows), unit * x : unit * (x + columns)]
        assert np.array_equal(place, expected)
        place[:] = background
        assert (plane == background).all()


@pytest.mark.parametrize(
    ("line", "size"), [(16, (3, 8)), (15, (2, 8)), (2**62, (2, 8)), (-16, (2, 8)), (16, (2, 0)), (16, (0, 8))]
)
def test_planes_that_do_not_hold_their_pictures_are_refused(line: int, size: tuple[int, int]) -> None:
    target = tuple(np.zeros(size, np.uint8) for _ in range(3))
    with pytest.raises(ValueError):
        _mix.halve((bytes(16 * 4),) * 3, (line,) * 3, target)


def test_a_picture_is_halved_into_lines_of_bytes_only() -> None:
    plane = np.zeros((2, 16), np.uint8)
    for wrong in (plane[:, ::2], plane[0, :8], plane[:, :8].astype(np.int16), plane[:, :8].tobytes()):
        with pytest.raises((ValueError, BufferError, TypeError)):
            _mix.halve((bytes(16 * 4),) * 3, (16,) * 3, (plane[:, :8], plane[:, :8], wrong))


def test_frames_of_another_length_are_refused() -> None:
    whole, cut = np.zeros(FRAME_SAMPLES, np.int32), np.zeros(FRAME_SAMPLES - 1, np.int32)
    with pytest.raises(ValueError):
        _mix.limit(cut, np.empty(FRAME_SAMPLES, np.int16), 1.0, RISE)
    with pytest.raises(ValueError):
        _mix.limit(whole, np.empty(FRAME_SAMPLES - 1, np.int16), 1.0, RISE)


Place = tuple[int, int, int, int]
PLACES = st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 40), st.integers(0, 40))
"""Top, left, rows and columns of a rectangle."""


def cut(plane: NDArray[np.uint8], place: Place, share: int = 1) -> NDArray[np.uint8]:
    """Return the part of a plane at a position, or at a share of it."""
    top, left, rows, columns = (each // share for each in place)
    return plane[top : top + rows, left : left + columns]


@given(PLACES, SEEDS)
def test_a_name_is_written_on_the_same_shadow(place: Place, seed: int) -> None:
    random = np.random.default_rng(seed)
    drawn = [random.integers(0, 256, (64, 96), np.uint8) for _ in "yuv"]
    expected = [plane.copy() for plane in drawn]
    light = random.integers(0, 193, cut(drawn[0], place).shape, np.uint8)
    for write, planes_ in ((_mix.darken, drawn), (plain_darken, expected)):
        y, u, v = planes_
        write(cut(y, place), cut(u, place, 2), cut(v, place, 2), light)
    assert [plane.tolist() for plane in drawn] == [plane.tolist() for plane in expected]


def test_a_shadow_on_planes_of_other_shapes_is_refused() -> None:
    plane, light = np.zeros((8, 8), np.uint8), np.zeros((8, 9), np.uint8)
    for wrong in (
        (plane, plane, plane, light),
        (plane, plane, plane, light[:, :8].T[::2]),
        (plane[:, ::2], plane, plane, light[:, :4]),
        (plane.astype(np.int16), plane, plane, light[:, :8]),
        (plane, plane[0], plane, light[:, :8]),
        (plane, plane, plane.tobytes(), light[:, :8]),
    ):
        with pytest.raises((ValueError, BufferError, TypeError)):
            _mix.darken(*wrong)
