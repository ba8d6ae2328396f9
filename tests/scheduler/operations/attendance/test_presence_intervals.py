"""Stays and interruptions follow the regulation's examples, and an oracle that looks at every second."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.model import Interval
from scheduler.operations.attendance.presence_intervals import (
    Interruption,
    PointAttendance,
    PresenceInterval,
    held_interval,
    merged,
    point_attendance,
)
from tests.scheduler.world import at, on

MINUTE = timedelta(minutes=1)
SLOT = on("05/04/2023", "08:00", "11:00")
START = datetime(2023, 4, 5, 1, 0, tzinfo=UTC)


def stay(joined: str, left: str | None, point: str = "ts.songtutay") -> PresenceInterval:
    day = "05/04/2023"
    return PresenceInterval(point, at(f"{day} {joined}"), at(f"{day} {left}") if left else None)


def test_an_interruption_of_a_quarter_of_an_hour_in_three_hours() -> None:
    """R-099: TS.SongTuTay drops 09:02–09:17: 15 minutes recorded, availability 91.7 %."""
    found = point_attendance([stay("07:45", "09:02"), stay("09:17", "11:05")], SLOT, at("05/04/2023 12:00"), MINUTE)
    gap = Interruption(at("05/04/2023 09:02"), at("05/04/2023 09:17"), 900)
    assert found == PointAttendance(True, 0, 165 * 60, 180 * 60, (gap,))
    assert found.permille == 917


def test_a_late_point_is_late_and_one_that_does_not_return_is_interrupted() -> None:
    found = point_attendance([stay("08:20", "10:00")], SLOT, at("05/04/2023 12:00"), MINUTE)
    assert found == PointAttendance(True, 1200, 6000, 10800, (Interruption(at("05/04/2023 10:00"), None, 3600),))
    assert point_attendance([stay("07:40", "07:59")], SLOT, at("05/04/2023 12:00"), MINUTE) == PointAttendance(
        False, 0, 0, 10800, ()
    )


def test_a_slot_is_held_until_its_host_leaves() -> None:
    after = at("05/04/2023 12:00")
    assert held_interval([stay("07:40", "08:30"), stay("08:31", "10:30")], SLOT, after) == on(
        "05/04/2023", "08:00", "10:30"
    )
    assert held_interval([stay("07:40", "10:30")], SLOT, SLOT.end) == on("05/04/2023", "08:00", "10:30")
    assert held_interval([stay("07:40", None)], SLOT, after) == SLOT
    for host in ([], [stay("07:40", None)], [stay("07:40", "08:30")]):
        assert held_interval(host, SLOT, at("05/04/2023 09:00")) == on("05/04/2023", "08:00", "09:00")
    assert held_interval([], SLOT, after) == SLOT
    assert held_interval([stay("07:00", "07:30")], SLOT, after) == SLOT
    assert held_interval([], SLOT, at("05/04/2023 07:00")) == Interval(SLOT.start, SLOT.start)


def test_a_slot_that_has_not_begun_is_available_to_nobody() -> None:
    assert point_attendance([], Interval(SLOT.start, SLOT.start), SLOT.start, MINUTE).permille == 0


SPANS = st.lists(st.tuples(st.integers(-30, 130), st.integers(0, 60)), max_size=8)


@given(SPANS, st.integers(0, 120), st.integers(1, 20), st.integers(0, 150))
def test_every_second_counts_once(spans: list[tuple[int, int]], length: int, longer: int, now: int) -> None:
    """The oracle marks the seconds a point was there, one by one."""
    second = timedelta(seconds=1)
    clock = START + now * second
    stays = [PresenceInterval("p", START + a * second, START + (a + n) * second) for a, n in spans]
    slot = Interval(START, START + length * second)
    found = point_attendance(stays, slot, clock, longer * second)

    there = "".join("x" if any(a <= s < a + n for a, n in spans) else "." for s in range(length))
    runs = there.lstrip(".")
    first = length - len(runs)
    gaps = []
    for s in range(first, length):
        if there[s] == "." and there[s - 1] == "x":
            end = there.find("x", s)
            size = (length if end < 0 else end) - s
            if size > longer:
                gaps.append((s, None if end < 0 else end, size))
    assert found.seconds == there.count("x")
    assert found.present == ("x" in there)
    assert found.late == (first if runs else 0)
    assert [
        ((g.start - START) // second, None if g.end is None else (g.end - START) // second, g.seconds)
        for g in found.interruptions
    ] == gaps


@given(SPANS)
def test_merged_intervals_neither_touch_nor_overlap(spans: list[tuple[int, int]]) -> None:
    second = timedelta(seconds=1)
    found = merged(Interval(START + a * second, START + (a + n) * second) for a, n in spans)
    assert all(left.end < right.start for left, right in pairwise(found))
