"""Computes the periods of reports (reading A37). Pure.

By NĐ 09/2019/NĐ-CP the report of a year closes on 14/12 and that of its first six months on 14/06; calendar periods are
usual as well. The profile says which apply.
"""

from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from scheduler.core.model import Interval
from scheduler.policy.policy import ReportPolicy

PeriodId = Literal["first_half", "second_half", "year"]


def period(kind: PeriodId, year: int, rules: ReportPolicy, zone: ZoneInfo) -> Interval:
    """Return a period of a year, from its first midnight to the one after its last day."""
    begin = _day(year, rules.year_begins)
    middle = _day(year, rules.half_begins)
    if begin > middle:  # the period of a year begins in the year before
        begin = begin.replace(year=year - 1)
    end = begin.replace(year=begin.year + 1)
    days = {"first_half": (begin, middle), "second_half": (middle, end), "year": (begin, end)}[kind]
    start, stop = (datetime.combine(day, time(), zone) for day in days)
    return Interval(start, stop)


def month(year: int, number: int, zone: ZoneInfo) -> Interval:
    """Return a month of a year, 1 to 12; 0 is the last month of the year before."""
    first, after = (year * 12 + number - 1, year * 12 + number)
    start, stop = (datetime(each // 12, each % 12 + 1, 1, tzinfo=zone) for each in (first, after))
    return Interval(start, stop)


def before(kind: PeriodId, year: int) -> tuple[PeriodId, int]:
    """Return the period that a period is compared with: the half year, or the year, before it (R-119)."""
    match kind:
        case "first_half":
            return "second_half", year - 1
        case "second_half":
            return "first_half", year
        case "year":
            return "year", year - 1


def _day(year: int, text: str) -> date:
    return date.fromisoformat(f"{year}-{text}")
