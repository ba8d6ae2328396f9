"""Counts the deadlines of Điều 13.2 and 15.3, by class of meeting and profile. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.calendar.working_time import Calendar, Worktime
from scheduler.core.model import ClassId
from scheduler.policy.policy import ClassPolicy, Policy


@dataclass(frozen=True, slots=True)
class ReceiptDeadlines:
    """The deadlines that a report needs: when a registration counts from, its latest receipt, and its reply."""

    effective: datetime
    latest: datetime | None
    reply: datetime

    @property
    def late(self) -> bool:
        """Return whether the registration comes too late."""
        return self.latest is not None and self.effective > self.latest


@dataclass(frozen=True, slots=True)
class Deadlines(ReceiptDeadlines):
    """All deadlines of a registration, by its receipt and its session's start; `latest` None: it may come any time.

    A rehearsal that starts before `rehearsal` leaves little time to prepare it. `provisional`: an administrator has
    not confirmed a year that the deadlines reach into.
    """

    received: datetime
    check: datetime
    rehearsal: datetime
    provisional: bool


class Clock:
    """Counts the deadlines of one profile."""

    def __init__(self, policy: Policy, calendar: Calendar) -> None:
        self._policy = policy
        self.worktime = Worktime(policy.office, policy.zone, calendar)

    def deadlines(self, class_id: ClassId, received: datetime, start: datetime) -> Deadlines:
        """Return the deadlines of a registration that comes at `received`, for a session that starts at `start`."""
        owed = self.owed(class_id, received, start)
        exempt = self._policy.classes[class_id].any_hour
        first, last = (self.worktime.day(at) for at in (min(received, start), max(received, start)))
        return Deadlines(
            received=received,
            effective=owed.effective,
            latest=owed.latest,
            reply=owed.reply,
            check=self.check(start),
            rehearsal=owed.effective if exempt else self._next_day(owed.effective),
            provisional=not self.worktime.confirmed(first, last),
        )

    def owed(self, class_id: ClassId, received: datetime, start: datetime) -> ReceiptDeadlines:
        """Return only the deadlines that a report on a past registration needs, without those of its preparation."""
        rules = self._policy.classes[class_id]
        effective = received if rules.any_hour else self.worktime.receipt(received)
        reply = self._reply(class_id, received, effective, start)
        return ReceiptDeadlines(effective, self._latest(rules, start), reply)

    def in_time(self, class_id: ClassId, received: datetime, start: datetime) -> bool:
        """Return whether a registration at `received` is early enough for a session that starts at `start`."""
        return not self.owed(class_id, received, start).late

    def remaining(self, received: datetime, start: datetime) -> tuple[tuple[ClassId, datetime | None], ...]:
        """Return the classes for which a registration at `received` is in time, each with its latest receipt."""
        counted = {class_id: self.deadlines(class_id, received, start) for class_id in self._policy.classes}
        return tuple((class_id, found.latest) for class_id, found in counted.items() if not found.late)

    def _latest(self, rules: ClassPolicy, start: datetime) -> datetime | None:
        """Return the latest instant of receipt, counted from the meeting itself (R-073, R-074, readings A12, A13).

        For a class that is received in office hours only, it is within them: nobody receives 4 hours before 08:00.
        """
        lead = rules.lead
        if lead is None:
            return None
        if lead.working_days is None:
            latest = start - timedelta(hours=lead.hours or 0)
            return latest if rules.any_hour else self.worktime.last(latest)
        days = lead.working_days + (lead.mode == "clear_days")
        day = self.worktime.working_day(self.worktime.day(start), -days)
        return self.worktime.same_time(day, start) if lead.mode == "same_clock" else self.worktime.closes(day)

    def _next_day(self, effective: datetime) -> datetime:
        """Return the earliest start of a rehearsal that leaves time to prepare it (reading A12)."""
        days = self._policy.deadlines.rehearsal_working_days
        return self.worktime.same_time(self.worktime.working_day(self.worktime.day(effective), days), effective)

    def _reply(self, class_id: ClassId, received: datetime, effective: datetime, start: datetime) -> datetime:
        """Return when the reply is due (R-083), by the clock of the class (A15, A18)."""
        hours = timedelta(hours=self._policy.deadlines.reply_hours)
        match self._policy.classes[class_id].reply:
            case "office":
                return self.worktime.after(received, hours)
            case "before_check":
                return min(effective + hours, self.check(start))
            case "wall":
                return received + hours

    def share(self, class_id: ClassId, received: datetime, start: datetime, percent: int) -> datetime:
        """Return when `percent` of the time for a reply has passed, on the clock of the class."""
        counted = self.deadlines(class_id, received, start)
        if self._policy.classes[class_id].reply == "office":
            return self.worktime.after(received, timedelta(hours=self._policy.deadlines.reply_hours) * percent / 100)
        return counted.effective + (counted.reply - counted.effective) * percent / 100

    def check(self, start: datetime) -> datetime:
        """Return when the technical check before a slot is due (R-084)."""
        return start - timedelta(hours=self._policy.deadlines.check_hours)

    def handover(self, end: datetime) -> datetime:
        """Return when the recording of a session that ended is due at its host (R-102)."""
        days = self._policy.deadlines.handover_working_days
        return self.worktime.closes(self.worktime.working_day(self.worktime.day(end), days))
