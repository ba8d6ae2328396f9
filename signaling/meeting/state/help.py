"""Incidents of a meeting, calls of its absent points, and help by technicians. Pure."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from scheduler.operations.incidents.model import IncidentKind
from signaling.core.errors import MessageError
from signaling.meeting.state.meeting_core import MeetingCore
from signaling.messages.calls import CalledPoint, CallsState
from signaling.messages.effects import Direct, Effect, NotifyPoint, Tell, TellAll
from signaling.messages.incidents import IncidentState, WeakLine


class Help(MeetingCore):
    """The requests and events of incidents, calls and help."""

    def reported(self, client: str, kind: IncidentKind, seat_id: str | None) -> str:
        """Return the seat, or absent point, of an incident that a client reports. Raises MessageError."""
        own = self._seat_of(client)
        if self.booking.is_test_room:
            raise MessageError("forbidden")
        if (kind == "help" or seat_id not in (None, own.id)) and own.role != "host":
            self._require_controller(client)
        if seat_id is None:
            return own.id
        absent = {place.id for place in self.booking.places}
        return seat_id if seat_id in absent else self._visible(seat_id).id

    def incident(self, incident: IncidentState, reporter: str = "") -> list[Tell]:
        """Tell host and controllers of an incident, and the account that reported it."""
        self.controller_notices.incident(incident)
        return self._tell_leaders(incident, reporter)

    def lines(self, weak: Mapping[str, WeakLine], tcp: Iterable[str]) -> list[TellAll]:
        """Tell which lines are weak now, and which go by TCP, if that changed."""
        return [TellAll(self.controller_notices.lines)] if self.controller_notices.set_lines(weak, tcp) else []

    def clock(self, ahead: float) -> list[Tell]:
        """Tell host and controllers by how many seconds the clock of the media worker is ahead, if that is new."""
        return self._tell_leaders(self.controller_notices.clock) if self.controller_notices.set_clock(ahead) else []

    def calls(self, calls: CallsState) -> list[Tell]:
        """Tell host and controllers how the calls of room systems go."""
        self.controller_notices.calls = calls
        return self._tell_leaders(calls)

    def call_point(self, client: str, point: str, now: datetime) -> list[Effect]:
        """Call a point that is not here: its people are told outside the meeting."""
        self._require_controller(client)
        if not self.invites(point) or point in self.roster.present():
            raise MessageError("unknown-seat")
        notices = self.controller_notices
        notices.called[point] = CalledPoint(point=point, at=now, seen=None)
        return [NotifyPoint(point, self._seat_of(client).account), *self._tell_leaders(notices.called_points)]

    def call_seen(self, points: Collection[str], now: datetime) -> list[Tell]:
        """Note that the people of called points know of the call; tell controllers so."""
        called = self.controller_notices.called
        unseen = [called[point] for point in points if point in called and called[point].seen is None]
        called |= {each.point: each.model_copy(update={"seen": now}) for each in unseen}
        return self._tell_leaders(self.controller_notices.called_points) if unseen else []

    def _called_comes(self, point: str) -> list[Tell]:
        """Take a point that was called and comes off the list."""
        if self.controller_notices.called.pop(point, None) is None:
            return []
        return self._tell_leaders(self.controller_notices.called_points)

    def may_redial(self, client: str) -> None:
        """Check that a client may have room systems called again. Raises MessageError."""
        self._require_controller(client)

    def assist(self, client: str, on: bool, now: datetime) -> list[Effect]:
        """Let a controller control alone, or all of them together again; a repeated wish changes nothing (R-095).

        Every controller may take control, also from another; only who has it gives it back.
        """
        seat = self._seat_of(client)
        if not seat.controller:
            raise MessageError("forbidden")
        if not on and self.controller_notices.helper != seat.id:
            return []
        before = self.roster.seats.get(self.controller_notices.helper or "")
        if not (self.controller_notices.help(seat.id, seat.name, now) if on else self.controller_notices.help(None)):
            return []
        taken = [Direct(before.account, False, before.directs)] if before is not None and before is not seat else []
        directed = Direct(seat.account, on, seat.directs)
        return [*taken, directed, *self._tell_leaders(self.controller_notices.assist)]
