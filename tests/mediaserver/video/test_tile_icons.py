"""Tests of the icons before names."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mediaserver.api import TileIcon
from mediaserver.video.labels import Mask, mask
from mediaserver.video.tile_icons import AMBER, BLACK_LEFT, GREEN, TINTS, bar, fitting, with_sound

MARKS = st.sampled_from([(), ("floor",), ("mic",), ("sound",), ("poor",), ("floor", "poor")])


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
@example(".", ("floor", "poor"), 8, 15)
def test_what_fits_beside_marks_is_what_is_drawn(text: str, marks: tuple[TileIcon, ...], size: int, half: int) -> None:
    drawn = bar(fitting(text, marks, size, 2 * half), marks, size, 2 * half)
    assert np.array_equal(drawn.light, bar(text, marks, size, 2 * half).light)


def test_a_name_without_marks_is_the_name() -> None:
    drawn, icons = bar("Ninh Hoà", (), 22, 300)
    assert np.array_equal(drawn, light(mask("Ninh Hoà", 22, 300)))
    assert icons == ()


@pytest.mark.parametrize("size", [13, 22, 45])
def test_marks_stand_before_the_name_and_differ(size: int) -> None:
    marks = tuple(TINTS)
    drawn, icons = bar("Ninh Hoà", marks, size, 900)
    pictures = [drawn[:, 2 * place.start : 2 * place.stop] for place, _, _ in icons]
    assert all(picture.max() > 120 for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == len(marks)
    assert all(lit.any() for _, lit, _ in icons)
    words = light(mask("Ninh Hoà", size, 300))
    assert np.array_equal(drawn[:, drawn.shape[1] - words.shape[1] :], words)


def test_an_open_microphone_is_green_and_one_that_is_off_is_not() -> None:
    assert TINTS["mic"] == TINTS["sound"] == GREEN
    assert TINTS["floor"] == TINTS["poor"] == AMBER


def test_who_speaks_has_waves_unless_the_microphone_is_off() -> None:
    assert with_sound(("mic", "poor"), True) == ("sound", "poor")
    assert with_sound(("mic", "poor"), False) == ("mic", "poor")
    assert with_sound(("floor",), True) == ("floor",)
