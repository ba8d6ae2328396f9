"""Rules of incidents: allowed steps, assignees, and when a line is bad (Điều 13.2.c, 14.3). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.operations.closing.errors import IllegalStep
from scheduler.operations.incidents.model import (
    FaultReport,
    Incident,
    IncidentKind,
    IncidentLevel,
    IncidentState,
    IncidentStep,
    LineMeasurement,
    StepKind,
)
from scheduler.operations.readiness.duty import Duty
from scheduler.policy.policy import LinePolicy

AGAIN_AFTER = timedelta(seconds=10)
"""Chosen: a person reports the same fault again after this time at the earliest, so that nobody fills its history, the
audit log and the pages of those on duty."""
UNSETTLED: tuple[IncidentState, ...] = ("open", "taken", "provider")

TRANSITIONS: Mapping[StepKind, Mapping[IncidentState, IncidentState]] = {
    "again": {state: state for state in UNSETTLED},
    "taken": dict.fromkeys(UNSETTLED, "taken"),
    "noted": {state: state for state in (*UNSETTLED, "resolved")},
    "escalated": dict.fromkeys(UNSETTLED, "open"),
    "provider": {"open": "provider", "taken": "provider"},
    "answered": {state: state for state in UNSETTLED},
    "control": {state: state for state in UNSETTLED},
    "returned": {state: state for state in UNSETTLED},
    "resolved": dict.fromkeys(UNSETTLED, "resolved"),
    "reopened": {"resolved": "open"},
}
"""The state after each step, by the state before; a step that is missing is refused."""


def level(kind: IncidentKind) -> IncidentLevel:
    """Return the level a fault starts at: a request for help goes to the centre at once (Điều 14.3.c)."""
    return 2 if kind == "help" else 1


def on_duty(duties: Iterable[Duty]) -> Duty | None:
    """Return whom the incidents of a session go to: the main central technician on duty, else the backup (R-088)."""
    central = {duty.role: duty for duty in duties if duty.role in {"main", "backup"}}
    return central.get("main") or central.get("backup")


def assignee(duty: Duty | None) -> str:
    """Return the account of a person on duty, or the name of one without; empty: nobody is on duty."""
    return "" if duty is None else duty.account or duty.name


def opened(incident: str, report: FaultReport, provider: str | None, now: datetime, assignee: str = "") -> Incident:
    """Return a new incident for a report; one of a weak line goes to its provider at once (Điều 14.3.d)."""
    return Incident(
        id=incident,
        session=report.session,
        point=report.point,
        kind=report.kind,
        level=level(report.kind),
        text=report.text,
        reporter=report.by,
        opened=now,
        measured=report.measured,
        assignee=assignee,
        provider=provider if report.kind == "line" else None,
        steps=(IncidentStep(now, "opened", report.by, report.text),),
    )


def after(incident: Incident, step: IncidentStep, provider: str | None = None, assignee: str = "") -> Incident:
    """Return an incident after a step. Raises IllegalStep.

    `provider` is that of the point's line; `assignee` is the person on duty, who gets it when it is reopened or
    escalated.
    """
    state = TRANSITIONS.get(step.kind, {}).get(incident.state)
    if state is None or (step.kind == "escalated" and incident.level == 2):
        raise IllegalStep(incident.state, step.kind)
    changed = replace(incident, state=state, steps=(*incident.steps, step))
    match step.kind:
        case "taken":
            return replace(changed, assignee=step.by)
        case "escalated":
            return replace(changed, level=2, assignee=assignee)
        case "provider":
            return replace(changed, provider=provider)
        case "resolved":
            return replace(changed, resolved=step.at)
        case "reopened":
            return replace(changed, resolved=None, assignee=assignee)
    return changed


def just_reported(incident: Incident, report: FaultReport, now: datetime) -> bool:
    """Return whether a person reported a fault a moment ago, as its incident tells; the server may always again."""
    own = [step.at for step in incident.steps if step.by == report.by and step.kind in {"opened", "again"}]
    return bool(report.by and own) and timedelta(0) <= now - own[-1] < AGAIN_AFTER  # clocks are set back, too


def measured(line: LineMeasurement | None) -> str:
    """Describe the quality of a line in the words of the provider's notice."""
    if line is None:
        return ""
    lost = f"mất gói lên {line.up:.1%}, xuống {line.down:.1%}"
    return f"{lost}, trễ {1000 * line.round_trip:.0f} ms, rung pha {1000 * line.jitter:.0f} ms"


@dataclass(frozen=True, slots=True)
class LineObservation:
    """The result of one update: lines shown to the host as weak, and lines that have just become due to be reported.

    `counted` is filled once a minute: whether the mean loss of each connected line was above the limit in that minute.
    """

    weak: Mapping[str, LineMeasurement]
    due: Mapping[str, LineMeasurement]
    counted: Mapping[str, bool]


class LineWatch:
    """Watches the lines of one meeting, by seat, for packet loss that lasts."""

    def __init__(self, policy: LinePolicy) -> None:
        self._policy = policy
        self._since: dict[str, datetime] = {}
        """When each line began to lose too many packets."""
        self._reported: set[str] = set()
        self._minute: datetime | None = None
        self._losses: dict[str, list[float]] = {}

    def update(self, lines: Mapping[str, LineMeasurement], now: datetime) -> LineObservation:
        """Take the newest measurement of every connected line."""
        worst = {seat: max(line.up, line.down) for seat, line in lines.items()}
        bad = {seat for seat, loss in worst.items() if loss * 100 > self._policy.loss_percent}
        self._since = {seat: self._since.get(seat, now) for seat in bad}
        self._reported &= bad
        weak = {seat: lines[seat] for seat in bad if now - self._since[seat] >= self._policy.warn}
        due = {
            seat: line
            for seat, line in weak.items()
            if now - self._since[seat] >= self._policy.report and seat not in self._reported
        }
        self._reported |= due.keys()
        return LineObservation(weak, due, self._count(worst, now))

    def _count(self, worst: Mapping[str, float], now: datetime) -> dict[str, bool]:
        """Once a minute, judge every line that was connected by its mean loss in that minute."""
        self._minute = self._minute or now
        for seat, loss in worst.items():
            self._losses.setdefault(seat, []).append(loss)
        if now - self._minute < timedelta(minutes=1):
            return {}
        limit = self._policy.counted_percent / 100
        counted = {seat: sum(losses) / len(losses) > limit for seat, losses in self._losses.items()}
        self._minute, self._losses = now, {}
        return counted
