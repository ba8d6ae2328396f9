"""Deadlines of security incidents and of the yearly report (NĐ 331/2026 Điều 31). Pure.

A security incident is one of the whole system (malware, an intrusion, data lost or told, a service interrupted), apart
from the incidents of sessions, which are faults of lines and devices.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

Severity = Literal["interruption", "serious", "ordinary"]
"""A severe interruption, which is reported at once; a serious incident; any other."""
ReportState = Literal["due", "overdue", "reported", "late", "unneeded"]
"""`late`: reported after its deadline. `unneeded`: closed without a report, as a false alarm is."""
Reminder = Literal["found", "soon", "overdue"]

AT_ONCE = timedelta(hours=1)
"""Our reading of "at once": so long a report may take to be written."""
ALLOWED: Mapping[Severity, timedelta] = {
    "interruption": AT_ONCE,
    "serious": timedelta(hours=24),
    "ordinary": timedelta(hours=72),
}
"""Time from the finding to the report."""
SOON = 3
"""A reminder comes when one part of so many of the time is left."""
YEARLY_MONTH, YEARLY_DAY = 12, 24
"""The last day of the yearly report, which is due before 25/12."""
FIRST_YEAR = 2026
"""The year of NĐ 331/2026: no report of an earlier one is owed."""


@dataclass(frozen=True, slots=True)
class SecurityIncident:
    """A security incident: when it was found, who entered it, to whom it was reported, and what came of it."""

    id: str
    found: datetime
    severity: Severity
    text: str
    by: str
    at: datetime
    reported: datetime | None = None
    reported_to: str = ""
    reported_by: str = ""
    closed: datetime | None = None
    closed_by: str = ""
    outcome: str = ""

    @property
    def due(self) -> datetime:
        """The time by which it is reported."""
        return self.found + ALLOWED[self.severity]

    def report_state(self, now: datetime) -> ReportState:
        """Return how it stands with the report."""
        if self.reported is not None:
            return "reported" if self.reported <= self.due else "late"
        if self.closed is not None:
            return "unneeded"
        return "due" if now < self.due else "overdue"

    def reminder(self, now: datetime) -> Reminder | None:
        """Return the reminder that the operating unit gets by now; None if nothing is to be reported."""
        if self.report_state(now) not in {"due", "overdue"}:
            return None
        if now >= self.due:
            return "overdue"
        return "soon" if now >= self.due - ALLOWED[self.severity] / SOON else "found"


@dataclass(frozen=True, slots=True)
class YearlyReport:
    """The report of a year: when and to whom it was sent."""

    year: int
    at: datetime
    to: str
    by: str


def yearly_due(year: int) -> date:
    """Return the last day of the report of a year."""
    return date(year, YEARLY_MONTH, YEARLY_DAY)


def yearly_reminder(today: date, reported: bool) -> Reminder | None:
    """Return the reminder of the report of this year: from the month of its deadline on."""
    if reported or today.month < YEARLY_MONTH:
        return None
    return "overdue" if today > yearly_due(today.year) else "soon"


def missed_years(began: date | None, today: date, reported: Collection[int]) -> list[int]:
    """Return the earlier years whose report was never sent, from the day on which the system began to run.

    The decree sets no day after which a missed report need not be made.
    """
    if began is None:
        return []
    return [year for year in range(max(began.year, FIRST_YEAR), today.year) if year not in reported]
