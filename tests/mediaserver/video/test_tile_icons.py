"""Tests of the icons before names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import TileIcon
from mediaserver.video.labels import Mask, mask
from mediaserver.video.tile_icons import BLACK_LEFT, TINTS, bar, fitting

MARKS = st.sampled_from([(), ("floor",), ("poor",), ("floor", "poor")])


def light(drawn: Mask) -> Mask:
    """Return the light that a mask adds to a darkened picture."""
    return np.array([grey // 2 + grey // 8 + grey // 16 + grey // 64 + BLACK_LEFT for grey in range(256)], np.uint8)[
        drawn
    ]


@given(st.text(max_size=40), MARKS, st.integers(8, 60), st.integers(15, 500))
def test_a_name_with_marks_stays_within_its_width(text: str, marks: tuple[TileIcon, ...], size: int, half: int) -> None:
    drawn, icons = bar(text, marks, size, 2 * half)
    assert drawn.shape[1] <= 2 * half and not (drawn.shape[0] | drawn.shape[1]) & 1
    assert tuple(tints for _, _, tints in icons) in (tuple(TINTS[mark] for mark in marks), ())
    for place, lit, _ in icons:
        assert 0 <= place.start < place.stop <= drawn.shape[1] // 2
        assert lit.shape == (drawn.shape[0] // 2, place.stop - place.start)


@given(st.text(max_size=40), MARKS, st.integers(8, 60), st.integers(15, 500))
def test_what_fits_beside_marks_is_what_is_drawn(text: str, marks: tuple[TileIcon, ...], size: int, half: int) -> None:
    drawn = bar(fitting(text, marks, size, 2 * half), marks, size, 2 * half)
    assert np.array_equal(drawn.light, bar(text, marks, size, 2 * half).light)


def test_a_name_without_marks_is_the_name() -> None:
    drawn, icons = bar("Ninh Hoà", (), 22, 300)
    assert np.array_equal(drawn, light(mask("Ninh Hoà", 22, 300)))
    assert icons == ()


@pytest.mark.parametrize("size", [13, 22, 45])
def test_marks_stand_before_the_name_and_differ(size: int) -> None:
    drawn, icons = bar("Ninh Hoà", ("floor", "poor"), size, 600)
    pictures = [drawn[:, 2 * place.start : 2 * place.stop] for place, _, _ in icons]
    assert all(picture.max() > 120 for picture in pictures)
    floor, poor = pictures
    assert not np.array_equal(floor, poor)
    assert all(lit.any() for _, lit, _ in icons)
    words = light(mask("Ninh Hoà", size, 300))
    assert np.array_equal(drawn[:, drawn.shape[1] - words.shape[1] :], words)


def test_every_mark_has_its_colour() -> None:
    assert len(set(TINTS.values())) == len(TINTS)
