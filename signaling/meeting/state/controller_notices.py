"""What of a meeting's faults concerns who is in it: open incidents, weak lines, calls of room systems,
whether the centre directs. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from signaling.messages.server import AssistState, CallsState, IncidentState, LinesState, ServerMessage, WeakLine


class ControllerNotices:
    """Keeps what controllers are told, for those who come later."""

    def __init__(self) -> None:
        self.incidents: dict[str, IncidentState] = {}
        """Unsettled ones."""
        self.weak: dict[str, WeakLine] = {}
        """By seat."""
        self.calls = CallsState(calls=[])
        """Of room systems."""
        self.helper: str | None = None
        """The seat from which the centre directs the meeting (Điều 14.3.c)."""
        self.assist = AssistState(seat=None, name=None, since=None)

    def recover(self, incidents: Iterable[IncidentState], assist: AssistState) -> None:
        """Take what another process kept; weak lines and calls are found anew."""
        self.incidents = {incident.id: incident for incident in incidents}
        self.helper, self.assist = assist.seat, assist

    @property
    def brief(self) -> list[ServerMessage]:
        """What a controller who comes now has to know."""
        told: list[ServerMessage] = list(self.incidents.values())
        told += [self.lines] if self.weak else []
        told += [self.calls] if self.calls.calls else []
        return told + ([self.assist] if self.helper is not None else [])

    @property
    def lines(self) -> LinesState:
        """The weak lines."""
        return LinesState(weak=list(self.weak.values()))

    def incident(self, incident: IncidentState) -> None:
        """An incident was opened or changed."""
        self.incidents.pop(incident.id, None)
        if incident.state != "resolved":
            self.incidents[incident.id] = incident

    def set_weak(self, weak: Mapping[str, WeakLine]) -> bool:
        """These lines are weak now; tell whether that is news."""
        news = dict(weak) != self.weak
        self.weak = dict(weak)
        return news

    def help(self, seat: str | None, name: str | None = None, since: datetime | None = None) -> bool:
        """The centre directs the meeting from a seat, or gives it back; tell whether that is news."""
        news = seat != self.helper
        if news:
            self.helper = seat
            self.assist = AssistState(seat=seat, name=name, since=since)
        return news
