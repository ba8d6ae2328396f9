"""What is kept of a session's conduct. All times are aware datetimes in UTC with whole seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

IncidentKind = Literal["no-sound", "no-picture", "quiet", "disconnected", "device", "other", "help", "line"]
"""What people tap; `help` is the host asking the centre to step in (Điều 14.3.c), `line` a line that loses too much."""

IncidentState = Literal["open", "taken", "provider", "resolved"]
"""Nobody's yet, somebody's of the centre, with the enterprise whose line it is, settled."""

IncidentLevel = Literal[1, 2]
"""What the technicians at hand settle, and what the centre must (Điều 14.3.c)."""

StepKind = Literal[
    "opened", "again", "taken", "noted", "escalated", "provider", "answered", "control", "returned", "resolved",
    "reopened",
]  # fmt: skip
"""What happened to an incident. `control` and `returned` frame the time in which the centre directs the meeting;
`answered` is what the provider of the line says."""


@dataclass(frozen=True, slots=True)
class LineMeasurement:
    """A line as it was at a moment: shares lost (0 to 1) to us and from us, jitter and round trip in seconds."""

    up: float
    down: float
    jitter: float
    round_trip: float


@dataclass(frozen=True, slots=True)
class IncidentStep:
    """One entry of a timeline; `by` is an account, empty when the server did it."""

    at: datetime
    kind: StepKind
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class FaultReport:
    """A fault as it is told (Điều 13.2.c). `point` None is the session as a whole; `by` is empty for the server."""

    session: str
    kind: IncidentKind
    point: str | None = None
    text: str = ""
    by: str = ""
    measured: LineMeasurement | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """A fault and what became of it; steps are in order.

    `assignee` is an account, or the name of who is on duty without one; empty: it is nobody's. `provider` is the id of
    the enterprise whose line it is, once it is their matter.
    """

    id: str
    session: str
    point: str | None
    kind: IncidentKind
    level: IncidentLevel
    text: str
    reporter: str
    opened: datetime
    measured: LineMeasurement | None
    state: IncidentState = "open"
    assignee: str = ""
    provider: str | None = None
    resolved: datetime | None = None
    steps: tuple[IncidentStep, ...] = ()

    @property
    def lasted(self) -> timedelta | None:
        """How long it took to settle it."""
        return None if self.resolved is None else self.resolved - self.opened


@dataclass(frozen=True, slots=True)
class LineMinutes:
    """How a point's line was in one session: minutes connected, and those that lost more than is counted (R-116)."""

    session: str
    point: str
    minutes: int
    lossy: int
    provider: str | None = None
