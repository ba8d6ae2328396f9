"""Tests of the chapters made of marks: in order, none too short, across parts."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.recording.chapters import Chapter, chapters, short


def made(end: float, *pieces: tuple[float, list[tuple[float, str]]]) -> list[tuple[float, str]]:
    found = chapters([(start, [Chapter(*mark) for mark in marks]) for start, marks in pieces], end)
    return [(chapter.seconds, chapter.title) for chapter in found]


def test_marks_become_chapters_from_the_beginning_on() -> None:
    assert made(60, (0, [(0.0, "Họp"), (12.345678, "Khai mạc"), (30, "Báo cáo")])) == [
        (0, "Họp"),
        (12.346, "Khai mạc"),
        (30, "Báo cáo"),
    ]
    assert made(60, (0, [(5, "Báo cáo")])) == [(0, "Báo cáo")]
    assert made(60, (0, [])) == []


def test_an_item_that_is_stepped_over_within_a_second_is_no_chapter() -> None:
    assert made(60, (0, [(0, "Họp"), (0.4, "a"), (0.9, "b"), (20, "c"), (20.9, "d"), (22, "e")])) == [
        (0, "b"),
        (20.9, "d"),
        (22, "e"),
    ]


def test_a_mark_beyond_the_end_of_a_cut_off_part_is_moved_before_it() -> None:
    assert made(60, (0, [(0, "a"), (61.5, "b")])) == [(0, "a"), (59, "b")]
    assert made(0.5, (0, [(0, "a"), (3, "b")])) == [(0, "b")]


def test_a_part_that_goes_on_with_the_same_item_begins_no_chapter() -> None:
    first, second = [(0.0, "a"), (30.0, "b")], [(0.0, "b"), (10.0, "c"), (20.0, "c")]
    assert made(90, (0, first), (50, second)) == [(0, "a"), (30, "b"), (60, "c"), (70, "c")]
    assert made(90, (0, first), (50, [(0, "x")])) == [(0, "a"), (30, "b"), (50, "x")]


PIECES = st.lists(
    st.tuples(
        st.floats(0, 1000),
        st.lists(st.tuples(st.floats(0, 1000), st.sampled_from("abc")), max_size=20),
    ),
    max_size=4,
)


@given(pieces=PIECES, end=st.floats(0.1, 2000))
def test_chapters_are_in_order_within_the_file_and_not_too_short(
    pieces: list[tuple[float, list[tuple[float, str]]]], end: float
) -> None:
    pieces.sort()
    found = made(end, *((min(start, end - 0.1), marks) for start, marks in pieces))
    assert bool(found) == any(marks for _, marks in pieces)
    times = [seconds for seconds, _ in found]
    assert times[:1] in ([], [0.0])
    assert all(0 <= seconds <= end for seconds in times)
    assert all(after - before > 0.9 for before, after in pairwise(times))


def test_titles_are_cut_between_letters() -> None:
    assert (short("Họp"), short("ọ" * 100)) == ("Họp", "ọ" * 85)
    assert short("x" * 254 + "ọ") == "x" * 254
