"""Notices for controllers: open incidents, weak lines, a wrong clock, calls of room systems, whether the centre
directs. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from signaling.messages.calls import CalledPoint, CalledState, CallsState
from signaling.messages.incidents import AssistState, ClockState, IncidentState, LinesState, WeakLine
from signaling.messages.server import ServerMessage

CLOCK_SECONDS = 5.0
"""By how much the clock of a media worker may differ from the server's, as for the alert `DiemcauClock`."""


class ControllerNotices:
    """Keeps the present notices, for controllers who join later."""

    def __init__(self) -> None:
        self.incidents: dict[str, IncidentState] = {}
        """Incidents that are not resolved, by id."""
        self.weak: dict[str, WeakLine] = {}
        """Weak lines, by seat."""
        self.tcp: list[str] = []
        """Seats whose media go by TCP."""
        self.clock = ClockState(ahead=0)
        self.calls = CallsState(calls=[])
        """Calls of room systems."""
        self.called: dict[str, CalledPoint] = {}
        """Absent points that were called, by id."""
        self.helper: str | None = None
        """The seat from which the centre directs the meeting (Điều 14.3.c)."""
        self.assist = AssistState(seat=None, name=None, since=None)

    def recover(
        self, incidents: Iterable[IncidentState], assist: AssistState, called: Iterable[CalledPoint] = ()
    ) -> None:
        """Take the notices of another process; weak lines and calls of room systems are found anew."""
        self.called = {each.point: each for each in called}
        self.incidents = {incident.id: incident for incident in incidents}
        self.helper, self.assist = assist.seat, assist

    @property
    def brief(self) -> list[ServerMessage]:
        """The messages to a controller who joins now."""
        messages: list[ServerMessage] = list(self.incidents.values())
        messages += [self.calls] if self.calls.calls else []
        messages += [self.called_points] if self.called else []
        messages += [self.clock] if self.clock.ahead else []
        return messages + ([self.assist] if self.helper is not None else [])

    @property
    def lines(self) -> LinesState:
        """The message about the lines."""
        return LinesState(weak=list(self.weak.values()), tcp=self.tcp)

    @property
    def called_points(self) -> CalledState:
        """The message about absent points that were called."""
        return CalledState(points=list(self.called.values()))

    def incident(self, incident: IncidentState) -> None:
        """Take an incident that was opened or changed."""
        self.incidents.pop(incident.id, None)
        if incident.state != "resolved":
            self.incidents[incident.id] = incident

    def set_lines(self, weak: Mapping[str, WeakLine], tcp: Iterable[str]) -> bool:
        """Set the weak lines, and the seats whose media go by TCP; return whether they changed."""
        before, self.weak, self.tcp = (self.weak, self.tcp), dict(weak), sorted(tcp)
        return (self.weak, self.tcp) != before

    def set_clock(self, ahead: float) -> bool:
        """Set by how many seconds the clock of the media worker is ahead; return whether that is new. A second more or
        less is not, since what is measured varies."""
        tolerable, before = abs(ahead) <= CLOCK_SECONDS, self.clock.ahead
        self.clock = ClockState(ahead=0 if tolerable else round(ahead))
        if before and not tolerable and abs(self.clock.ahead - before) <= 1:
            self.clock = ClockState(ahead=before)
        return self.clock.ahead != before

    def help(self, seat: str | None, name: str | None = None, since: datetime | None = None) -> bool:
        """Set the seat from which the centre directs, None for none; return whether that changed."""
        changed = seat != self.helper
        if changed:
            self.helper = seat
            self.assist = AssistState(seat=seat, name=name, since=since)
        return changed
