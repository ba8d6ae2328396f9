"""Marks before names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.mix.labels import mask
from mediaserver.mix.marks import TINTS, Mark, bar

MARKS = st.sampled_from([(), ("floor",), ("poor",), ("floor", "poor")])


@given(st.text(max_size=40), MARKS, st.integers(8, 60), st.integers(15, 500))
def test_a_name_with_marks_stays_within_its_width(text: str, marks: tuple[Mark, ...], size: int, half: int) -> None:
    drawn, spans = bar(text, marks, size, 2 * half)
    assert drawn.shape[1] <= 2 * half and not (drawn.shape[0] | drawn.shape[1]) & 1
    assert tuple(mark for mark, _, _ in spans) in (marks, ())
    assert all(0 <= left < right <= drawn.shape[1] and not (left | right) & 1 for _, left, right in spans)


def test_a_name_without_marks_is_the_name() -> None:
    drawn, spans = bar("Ninh Hoà", (), 22, 300)
    assert np.array_equal(drawn, mask("Ninh Hoà", 22, 300))
    assert spans == ()


@pytest.mark.parametrize("size", [13, 22, 45])
def test_marks_stand_before_the_name_and_differ(size: int) -> None:
    drawn, spans = bar("Ninh Hoà", ("floor", "poor"), size, 600)
    icons = [drawn[:, left:right] for _, left, right in spans]
    assert all(icon.max() > 200 for icon in icons)
    assert not np.array_equal(*icons)
    words = mask("Ninh Hoà", size, 300)
    assert np.array_equal(drawn[:, drawn.shape[1] - words.shape[1] :], words)


def test_every_mark_has_its_colour() -> None:
    assert len(set(TINTS.values())) == len(TINTS)
