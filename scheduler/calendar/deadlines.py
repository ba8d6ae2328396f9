"""The deadlines of Điều 13.2 and 15.3, by class of meeting and profile. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.calendar.working_time import Calendar, Worktime
from scheduler.core.model import ClassId
from scheduler.policy.policy import ClassPolicy, Policy


@dataclass(frozen=True, slots=True)
class Owed:
    """What a registration is judged by once it is over: from when it counts, until when it might come, its answer."""

    effective: datetime
    latest: datetime | None
    reply: datetime

    @property
    def late(self) -> bool:
        """Whether the registration comes too late."""
        return self.latest is not None and self.effective > self.latest


@dataclass(frozen=True, slots=True)
class Deadlines(Owed):
    """What follows from a registration's arrival and its session's start; `latest` None: it may come at any time.

    A rehearsal that starts before `rehearsal` leaves little time to prepare it.
    `provisional`: a year they reach into is not confirmed by an administrator.
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
        """Count for a registration that comes at `received`, for a session that starts at `start`."""
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

    def owed(self, class_id: ClassId, received: datetime, start: datetime) -> Owed:
        """Count what a registration of a year ago is judged by, and nothing that only its preparation needs."""
        rules = self._policy.classes[class_id]
        effective = received if rules.any_hour else self.worktime.receipt(received)
        reply = self._reply(class_id, received, effective, start)
        return Owed(effective, self._latest(rules, start), reply)

    def in_time(self, class_id: ClassId, received: datetime, start: datetime) -> bool:
        """Tell whether a registration that comes at `received` comes early enough for a session that starts then."""
        return not self.owed(class_id, received, start).late

    def remaining(self, received: datetime, start: datetime) -> tuple[tuple[ClassId, datetime | None], ...]:
        """Return the classes a registration that comes at `received` is in time for, each with its last moment."""
        counted = {class_id: self.deadlines(class_id, received, start) for class_id in self._policy.classes}
        return tuple((class_id, found.latest) for class_id, found in counted.items() if not found.late)

    def _latest(self, rules: ClassPolicy, start: datetime) -> datetime | None:
        """Return the last instant of receipt, counted from the meeting itself (R-073, R-074, readings A12, A13).

        What is received in office hours only has its last moment within them: 4 hours before 08:00 nobody receives.
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
        """Return from when on a rehearsal leaves time to prepare it (reading A12)."""
        days = self._policy.deadlines.rehearsal_working_days
        return self.worktime.same_time(self.worktime.working_day(self.worktime.day(effective), days), effective)

    def _reply(self, class_id: ClassId, received: datetime, effective: datetime, start: datetime) -> datetime:
        """Return when the answer is due (R-083), by the clock of the class (A15, A18)."""
        hours = timedelta(hours=self._policy.deadlines.reply_hours)
        match self._policy.classes[class_id].reply:
            case "office":
                return self.worktime.after(received, hours)
            case "before_check":
                return min(effective + hours, self.check(start))
            case "wall":
                return received + hours

    def share(self, class_id: ClassId, received: datetime, start: datetime, percent: int) -> datetime:
        """Return when so much of the time for an answer has passed, on the clock that the class is answered by."""
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
