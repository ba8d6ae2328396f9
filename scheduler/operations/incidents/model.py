"""Values of incidents and of line quality. All times are aware datetimes in UTC with whole seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

IncidentKind = Literal["no-sound", "no-picture", "quiet", "disconnected", "device", "other", "help", "line"]
"""The kinds of faults that people report.

`help`: the host asks the centre to step in (Điều 14.3.c); `line`: the server saw a line that loses too many packets.
"""

IncidentState = Literal["open", "taken", "provider", "resolved"]
"""Not yet taken; taken by somebody of the centre; handed to the provider of the line; settled."""

IncidentLevel = Literal[1, 2]
"""Level 1 is settled by the technicians at hand, level 2 by the centre (Điều 14.3.c)."""

StepKind = Literal[
    "opened", "again", "taken", "noted", "escalated", "provider", "answered", "control", "returned", "resolved",
    "reopened",
]  # fmt: skip
"""The steps in the history of an incident.

`again`: the same fault was reported once more. `control` and `returned` frame the time in which the centre directs the
meeting. `answered` is the reply of the line's provider.
"""


@dataclass(frozen=True, slots=True)
class LineMeasurement:
    """The quality of a line at one moment.

    `up` is the packet loss (0 to 1) to us, `down` that from us; jitter and round trip are in seconds.
    """

    up: float
    down: float
    jitter: float
    round_trip: float


@dataclass(frozen=True, slots=True)
class IncidentStep:
    """One entry of an incident's history; `by` is an account, empty for the server."""

    at: datetime
    kind: StepKind
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class FaultReport:
    """A reported fault (Điều 13.2.c). `point` None: it concerns the whole session; `by` is empty for the server."""

    session: str
    kind: IncidentKind
    point: str | None = None
    text: str = ""
    by: str = ""
    measured: LineMeasurement | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """A fault and its history; steps are in order.

    `assignee` is an account, or the name of a person on duty who has none; empty: nobody. `provider` is the id of the
    provider of the line, once the incident was handed to it.
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
        """The time from report to settlement of the incident; None: it is not settled."""
        return None if self.resolved is None else self.resolved - self.opened


@dataclass(frozen=True, slots=True)
class LineMinutes:
    """The line quality of a point in one session (R-116).

    `minutes` it was connected; `lossy` of these had a mean loss above the policy's `counted_percent`.
    """

    session: str
    point: str
    minutes: int
    lossy: int
    provider: str | None = None
