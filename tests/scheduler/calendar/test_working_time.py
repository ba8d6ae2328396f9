"""Working time: every dated example of the requirements, and a brute force by minutes on the official calendar.

Also tests `day_corrections.py`, `deadlines.py` and `store.py`.
"""

import random
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.calendar.day_corrections import SHIPPED
from scheduler.calendar.deadlines import Clock
from scheduler.calendar.working_time import Calendar, Worktime
from scheduler.core.errors import NoWorkingDay
from scheduler.core.model import ClassId
from scheduler.policy.policy import LeadMode, Policy
from scheduler.policy.profile_files import load
from tests.scheduler.world import ZONE, at

POLICY = load().at(at("05/04/2023 08:00"))
CALENDAR = SHIPPED.calendar
CLOCK = Clock(POLICY, CALENDAR)
WORK = CLOCK.worktime


def with_mode(mode: LeadMode) -> Policy:
    classes = POLICY.model_dump()["classes"]
    classes["thuong"]["lead"]["mode"] = mode
    return Policy.model_validate({**POLICY.model_dump(), "classes": classes})


def latest(start: str, mode: LeadMode = "day_lag", calendar: Calendar = CALENDAR) -> str:
    found = Clock(with_mode(mode), calendar).deadlines("thuong", at("01/01/2023 08:00"), at(start)).latest
    assert found is not None
    return found.astimezone(ZONE).strftime("%d/%m/%Y %H:%M")


@pytest.mark.parametrize(
    ("start", "last"),
    [
        ("05/04/2023 08:00", "03/04/2023 17:00"),
        ("05/05/2023 08:00", "28/04/2023 17:00"),  # 29/4 to 03/5 off
        ("04/05/2023 14:00", "27/04/2023 17:00"),
        ("16/02/2024 08:00", "07/02/2024 17:00"),  # after Tết
        ("07/05/2024 08:00", "04/05/2024 17:00"),  # a Saturday that was worked
        ("06/01/2026 08:00", "31/12/2025 17:00"),  # 02/01/2026 off by document
        ("13/01/2026 08:00", "10/01/2026 17:00"),  # for Saturday 10/01/2026
    ],
)
def test_the_last_receipt_of_an_ordinary_meeting(start: str, last: str) -> None:
    assert latest(start) == last


def test_other_ways_to_count_working_days() -> None:  # A13
    assert latest("05/04/2023 08:00", "same_clock") == "03/04/2023 08:00"
    assert latest("05/04/2023 08:00", "clear_days") == "31/03/2023 17:00"


def test_without_the_correction_the_package_is_wrong() -> None:
    assert latest("06/01/2026 08:00", calendar=Calendar()) == "02/01/2026 17:00"
    assert latest("13/01/2026 08:00", calendar=Calendar()) == "09/01/2026 17:00"


@pytest.mark.parametrize(
    ("received", "effective", "reply"),
    [
        ("03/04/2023 10:00", "03/04/2023 10:00", "03/04/2023 15:00"),
        ("03/04/2023 12:00", "03/04/2023 13:30", "03/04/2023 16:30"),
        ("03/04/2023 16:00", "03/04/2023 16:00", "04/04/2023 09:00"),
        ("03/04/2023 19:00", "04/04/2023 07:00", "04/04/2023 10:00"),
        ("28/04/2023 16:00", "28/04/2023 16:00", "04/05/2023 09:00"),
        ("03/04/2023 14:00", "03/04/2023 14:00", "03/04/2023 17:00"),
        ("03/04/2023 17:00", "03/04/2023 17:00", "04/04/2023 10:00"),
        ("03/04/2023 11:30", "03/04/2023 11:30", "03/04/2023 16:30"),
        ("10/01/2026 08:00", "10/01/2026 08:00", "10/01/2026 11:00"),
        ("02/01/2026 08:00", "05/01/2026 07:00", "05/01/2026 10:00"),
    ],
)
def test_receipt_and_reply_of_an_ordinary_meeting(received: str, effective: str, reply: str) -> None:
    found = CLOCK.deadlines("thuong", at(received), at("01/06/2026 08:00"))
    assert (found.effective, found.reply) == (at(effective), at(reply))


def test_a_profile_may_let_replies_be_due_by_the_wall_clock() -> None:  # A18
    classes = {**POLICY.classes, "thuong": POLICY.classes["thuong"].model_copy(update={"reply": "wall"})}
    clock, received = Clock(POLICY.model_copy(update={"classes": classes}), CALENDAR), at("28/04/2023 16:00")
    assert clock.deadlines("thuong", received, at("05/05/2023 08:00")).reply == at("28/04/2023 19:00")
    assert clock.share("thuong", received, at("05/05/2023 08:00"), 50) == at("28/04/2023 17:30")


@pytest.mark.parametrize(
    ("class_id", "received", "start", "late", "reply"),
    [
        ("dot_xuat", "05/04/2023 10:59", "05/04/2023 15:00", False, "05/04/2023 13:00"),  # R-074, A15
        ("dot_xuat", "05/04/2023 11:00", "05/04/2023 15:00", False, "05/04/2023 13:00"),
        ("dot_xuat", "05/04/2023 11:01", "05/04/2023 15:00", True, "05/04/2023 13:00"),
        ("dot_xuat", "04/04/2023 18:00", "05/04/2023 10:30", True, "05/04/2023 08:30"),
        ("dot_xuat", "05/04/2023 07:00", "05/04/2023 15:00", False, "05/04/2023 10:00"),
        ("khan_cap", "19/11/2023 02:10", "19/11/2023 02:40", False, "19/11/2023 05:10"),
        ("thuong", "28/04/2023 17:00", "05/05/2023 08:00", False, "04/05/2023 10:00"),
        ("thuong", "28/04/2023 17:01", "05/05/2023 08:00", True, "04/05/2023 10:00"),
    ],
)
def test_deadlines_of_a_class(class_id: ClassId, received: str, start: str, late: bool, reply: str) -> None:
    found = CLOCK.deadlines(class_id, at(received), at(start))
    assert (found.late, found.reply) == (late, at(reply))


@pytest.mark.parametrize(
    ("start", "due"), [("05/04/2023 08:00", "05/04/2023 06:00"), ("04/04/2023 14:00", "04/04/2023 12:00")]
)
def test_the_technical_check(start: str, due: str) -> None:
    assert CLOCK.check(at(start)) == at(due)


@pytest.mark.parametrize(
    ("end", "due"),
    [
        ("28/04/2023 11:00", "05/05/2023 17:00"),
        ("03/05/2024 11:00", "06/05/2024 17:00"),
        ("31/08/2023 11:00", "06/09/2023 17:00"),
        ("31/12/2025 11:00", "06/01/2026 17:00"),
        ("08/01/2026 11:00", "10/01/2026 17:00"),
    ],
)
def test_the_handover_of_a_recording(end: str, due: str) -> None:
    assert CLOCK.handover(at(end)) == at(due)


@pytest.mark.parametrize(
    ("class_id", "received", "enough"),
    [
        ("thuong", "03/04/2023 10:00", "04/04/2023 10:00"),
        ("thuong", "03/04/2023 18:00", "05/04/2023 07:00"),  # received on Tuesday at the opening
        ("dot_xuat", "28/04/2023 16:00", "04/05/2023 16:00"),
        ("khan_cap", "01/05/2023 02:00", "01/05/2023 02:00"),
    ],
)
def test_a12_a_rehearsal_within_a_working_day_of_receipt_is_soon(class_id: ClassId, received: str, enough: str) -> None:
    assert CLOCK.deadlines(class_id, at(received), at("20/05/2023 08:00")).rehearsal == at(enough)


def test_a_year_that_is_not_confirmed_makes_results_provisional() -> None:
    sure = Clock(POLICY, Calendar(confirmed=frozenset({2025})))
    assert not sure.deadlines("thuong", at("01/10/2025 08:00"), at("30/12/2025 08:00")).provisional
    assert sure.deadlines("thuong", at("30/12/2025 08:00"), at("08/01/2026 08:00")).provisional


def test_a_calendar_of_days_off_ends_with_an_error() -> None:
    days = {date(2023, 4, 1) + timedelta(days=number): False for number in range(100)}
    with pytest.raises(NoWorkingDay):
        Worktime(POLICY.office, POLICY.zone, Calendar(days)).receipt(at("03/04/2023 08:00"))


# Days off on weekdays, and Saturdays worked, as the Government announced them: independent of any package.
OFF = """02/01/2023 20/01/2023 23/01/2023 24/01/2023 25/01/2023 26/01/2023 01/05/2023 02/05/2023 03/05/2023 01/09/2023
04/09/2023 01/01/2024 08/02/2024 09/02/2024 12/02/2024 13/02/2024 14/02/2024 18/04/2024 29/04/2024 30/04/2024 01/05/2024
02/09/2024 03/09/2024 01/01/2025 27/01/2025 28/01/2025 29/01/2025 30/01/2025 31/01/2025 07/04/2025 30/04/2025 01/05/2025
02/05/2025 01/09/2025 02/09/2025 01/01/2026 02/01/2026 16/02/2026 17/02/2026 18/02/2026 19/02/2026 20/02/2026 27/04/2026
30/04/2026 01/05/2026 31/08/2026 01/09/2026 02/09/2026 24/11/2026"""
WORKED = "04/05/2024 26/04/2025 10/01/2026 22/08/2026"
FIRST, LAST = date(2023, 1, 1), date(2026, 12, 31)


def days(text: str) -> set[date]:
    return {datetime.strptime(word, "%d/%m/%Y").date() for word in text.split()}  # noqa: DTZ007 - a date


def working_days() -> list[date]:
    off, worked = days(OFF), days(WORKED)
    every = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    return [day for day in every if day in worked or (day.weekday() < 5 and day not in off)]


def minute(instant: datetime) -> int:
    return int((instant - datetime.combine(FIRST, time(), ZONE)) / timedelta(minutes=1))


def office_minutes(workdays: list[date]) -> Iterator[int]:
    """Yield every minute of office hours."""
    for day in workdays:
        midnight = (day - FIRST).days * 1440
        for opens, closes in ((7 * 60, 11 * 60 + 30), (13 * 60 + 30, 17 * 60)):
            yield from range(midnight + opens, midnight + closes)


def test_ten_thousand_cases_equal_a_brute_force_by_minutes() -> None:
    workdays = working_days()
    minutes = list(office_minutes(workdays))
    closing = {now + 1 for now in minutes} - set(minutes)
    received = sorted({*minutes, *closing})
    assert [day for day in (FIRST + timedelta(days=n) for n in range(1461)) if WORK.works(day)] == workdays
    chance = random.Random(680)
    begin = datetime.combine(FIRST, time(), ZONE).astimezone(UTC)
    for _ in range(10_000):
        came = chance.randrange(40 * 1440, 1380 * 1440)
        hours = chance.randrange(1, 40 * 60)
        instant = begin + timedelta(minutes=came)
        effective = received[bisect_left(received, came)]
        passed = minutes[bisect_left(minutes, effective) + hours - 1] + 1
        assert minute(WORK.receipt(instant)) == effective
        assert minute(WORK.after(instant, timedelta(minutes=hours))) == passed
        day, count = WORK.day(instant), chance.randrange(1, 12)
        at_most = bisect_left(workdays, day)
        assert WORK.working_day(day, -count) == workdays[at_most - count]
        later = [later for later in workdays[at_most : at_most + 20] if later > day]
        assert WORK.working_day(day, count) == later[count - 1]


MINUTES = st.integers(0, 1430 * 1440)
INSTANTS = MINUTES.map(lambda passed: datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=passed))


@given(INSTANTS, INSTANTS)
def test_receipt_is_idempotent_and_keeps_the_order(one: datetime, other: datetime) -> None:
    first, second = WORK.receipt(one), WORK.receipt(other)
    assert WORK.receipt(first) == first >= one
    assert (one <= other) <= (first <= second)


@given(INSTANTS, st.integers(1, 5000), st.integers(1, 5000))
def test_office_time_adds_up(instant: datetime, one: int, other: int) -> None:
    first, second = timedelta(minutes=one), timedelta(minutes=other)
    assert WORK.after(WORK.after(instant, first), second) == WORK.after(instant, first + second)


@given(INSTANTS)
def test_the_last_receipt_is_on_a_working_day_before_the_meeting(start: datetime) -> None:
    found = CLOCK.deadlines("thuong", start, start).latest
    assert found is not None and found < start and WORK.works(WORK.day(found))


@given(INSTANTS, st.dates(FIRST, LAST), st.booleans())
def test_a_correction_changes_nothing_on_its_other_side(start: datetime, day: date, working: bool) -> None:
    corrected = Clock(POLICY, Calendar({**CALENDAR.corrections, day: working}, CALENDAR.confirmed))
    if day >= WORK.day(start):
        before, after = (c.deadlines("thuong", start, start).latest for c in (CLOCK, corrected))
        assert before == after
