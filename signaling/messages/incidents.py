"""WebSocket messages about incidents, poor lines, and help by technicians. Pure."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from scheduler.operations.incidents.model import Incident, IncidentKind, IncidentLevel
from scheduler.operations.incidents.model import IncidentState as IncidentStatus
from signaling.messages.base import BaseClientMessage, BaseMessage, Instant, SeatId


class ReportFault(BaseClientMessage):
    """Report a fault at one's own point (Điều 13.2.c); controllers also at another's, and call the centre (`help`)."""

    type: Literal["report"]
    kind: IncidentKind
    text: Annotated[str, StringConstraints(max_length=500)] = ""
    seat: SeatId | None = None


class Assist(BaseClientMessage):
    """Direct the meeting from the centre, or give it back (central technicians)."""

    type: Literal["assist"]
    on: bool


class IncidentState(BaseMessage):
    """An incident as it is now (controllers, and the account that reported it)."""

    type: Literal["incident"] = "incident"
    id: str
    kind: IncidentKind
    level: IncidentLevel
    point: str | None
    text: str
    state: IncidentStatus
    opened: Instant
    reporter: str
    assignee: str
    provider: str | None


class WeakLine(BaseMessage):
    """A line that loses too much: percents lost, jitter and round trip in milliseconds."""

    seat: str
    loss: int
    jitter: int
    round_trip: int


class LinesState(BaseMessage):
    """The weak lines, and the seats whose media go by TCP, since UDP does not pass."""

    type: Literal["lines"] = "lines"
    weak: list[WeakLine]
    tcp: list[str]


class ClockState(BaseMessage):
    """By how many seconds the clock of the media worker is ahead of the server's; 0 while that is tolerable (host and
    controllers only)."""

    type: Literal["clock"] = "clock"
    ahead: int


class AssistState(BaseMessage):
    """From which seat the centre directs the meeting since when, or that it does not (controllers only)."""

    type: Literal["assist"] = "assist"
    seat: str | None
    name: str | None
    since: Instant | None


def incident_state(incident: Incident) -> IncidentState:
    """Return the message about an incident."""
    fields = ("id", "kind", "level", "point", "text", "state", "opened", "reporter", "assignee", "provider")
    return IncidentState(**{name: getattr(incident, name) for name in fields})
