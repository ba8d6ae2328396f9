"""How a reported fault is dealt with (Điều 13.2.c, 14.3): who may what next, and when lines are too bad. Pure."""

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
"""From a state by a step to a state; whatever is missing is refused."""


def level(kind: IncidentKind) -> IncidentLevel:
    """Return whose matter a fault is at first: what the host cannot settle goes to the centre (Điều 14.3.c)."""
    return 2 if kind == "help" else 1


def on_duty(duties: Iterable[Duty]) -> str:
    """Return whom the incidents of a session go to: the central technician on duty, else the one behind (R-088).

    An account, or the name of who has none; empty: nobody is.
    """
    central = {duty.role: duty.account or duty.name for duty in duties if duty.role in {"main", "backup"}}
    return central.get("main") or central.get("backup") or ""


def opened(incident: str, report: FaultReport, provider: str | None, now: datetime, assignee: str = "") -> Incident:
    """Return a new incident of a report; a weak line is its provider's matter from the start (Điều 14.3.d)."""
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
    """Return what an incident becomes by a step. Raises IllegalStep.

    `provider` is that of the point's line, `assignee` who is on duty, to whom it goes when it is nobody's again.
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


def measured(line: LineMeasurement | None) -> str:
    """Say what was measured of a line, as its provider is told."""
    if line is None:
        return ""
    lost = f"mất gói lên {line.up:.1%}, xuống {line.down:.1%}"
    return f"{lost}, trễ {1000 * line.round_trip:.0f} ms, rung pha {1000 * line.jitter:.0f} ms"


@dataclass(frozen=True, slots=True)
class LineObservation:
    """What watching the lines brought: those now told to the host as weak, and those just weak long enough to report.

    `counted` is, once a minute, whether each connected line lost more than is counted in that minute.
    """

    weak: Mapping[str, LineMeasurement]
    due: Mapping[str, LineMeasurement]
    counted: Mapping[str, bool]


class LineWatch:
    """Judges the lines of one meeting by what is measured of them, by seat."""

    def __init__(self, policy: LinePolicy) -> None:
        # given
        self._policy = policy
        # owned
        self._since: dict[str, datetime] = {}
        """When a line began to lose too much."""
        self._reported: set[str] = set()
        self._minute: datetime | None = None
        self._losses: dict[str, list[float]] = {}

    def update(self, lines: Mapping[str, LineMeasurement], now: datetime) -> LineObservation:
        """Take what was just measured of every connected line."""
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
        """Judge every line that was there by its mean of the minute that is over."""
        self._minute = self._minute or now
        for seat, loss in worst.items():
            self._losses.setdefault(seat, []).append(loss)
        if now - self._minute < timedelta(minutes=1):
            return {}
        limit = self._policy.counted_percent / 100
        counted = {seat: sum(losses) / len(losses) > limit for seat, losses in self._losses.items()}
        self._minute, self._losses = now, {}
        return counted
