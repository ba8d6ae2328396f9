"""A meeting that another process continues: its stored values, and the room that the engine holds. Pure."""

from datetime import datetime

from mediaserver.api import RoomState, SeatState
from signaling.meeting.state.meeting_core import MeetingCore
from signaling.meeting.state.roster import Seated
from signaling.meeting.state.snapshot import MeetingStateSnapshot
from signaling.messages.effects import (
    Effect,
    RemoveSeat,
    SetCaptions,
    SetContent,
    SetNames,
    SetView,
    StopRecording,
    Tell,
)
from signaling.messages.joining import Renew


class Takeover(MeetingCore):
    """The state of a meeting as values, and its comparison with a room in the engine."""

    @property
    def snapshot(self) -> MeetingStateSnapshot:
        """The values to store."""
        layouts, before, content = self.layout_control.snapshot
        return MeetingStateSnapshot(
            seats=tuple(seat.snapshot for seat in self.roster.seats.values()),
            hands=tuple(self.roster.hands),
            layouts=layouts,
            before=before,
            content=content,
            tape=self.recording.snapshot,
            script=self.script.snapshot,
            incidents=tuple(self.controller_notices.incidents.values()),
            assist=self.controller_notices.assist,
            called=tuple(self.controller_notices.called.values()),
            turned_away=tuple(sorted(self.waiting_room.turned_away)),
            gives_way_at=self.gives_way_at,
            room_open=self._room_open,
            one_picture=self.one_picture,
            locks=self.locks,
            chat=self.chat.snapshot,
            renamed=dict(self.roster.renamed),
            removed=self.removed.snapshot,
            asked_above=self.neighbours.asked,
        )

    def recover(self, record: MeetingStateSnapshot, now: datetime) -> None:
        """Take the state of another process: all sockets count as lost since `now`, media may go on.

        Until a worker brings the room, media count as connected, so that who is back before that keeps its transport.
        """
        self.roster.recover(record.seats, record.hands, now)
        for seat in self.roster.seats.values():
            seat.presumed = record.room_open and seat.here
        self.roster.renamed = dict(record.renamed)
        self.removed.recover(record.removed)
        self.layout_control.recover(record.layouts, record.before, record.content)
        self.recording.recover(record.tape)
        self.script.recover(record.script, now)
        self.controller_notices.recover(record.incidents, record.assist, record.called)
        self.waiting_room.turned_away = set(record.turned_away)
        self.gives_way_at, self.one_picture, self.locks = record.gives_way_at, record.one_picture, record.locks
        self._room_open = record.room_open
        self.chat.recover(record.chat)
        self.neighbours.asked = record.asked_above

    def adopt_room(self, room: RoomState, now: datetime) -> list[Effect]:
        """Take floors, layouts, views and recording from the room in the engine that another process opened.

        The engine knows what was done in the last moments before the state could be stored.
        """
        held = {seat.options.seat: seat for seat in room.seats}
        present = {seat.id for seat in self.roster.seats.values() if seat.here}
        effects: list[Effect] = [RemoveSeat(seat) for seat in held if seat not in present]
        for seat in self.roster.seats.values():
            if (state := held.get(seat.id)) is not None and seat.here:
                self._found(seat, state)
                effects += self._seat(seat) if state.options != self._options(seat) else []
            elif seat.here:
                effects += self._seat(seat)
            if seat.presumed and seat.client is not None:  # it was back before, and told that its media are connected
                known = seat.offered or seat.up
                effects.append(SetView(seat.id, seat.view, seat.lines) if known else Tell(seat.client, Renew()))
            seat.presumed = False
        self._room_open = True
        captioned = room.options.title not in ("", self.booking.title)
        self.layout_control.adopt(room.layouts, room.content if room.content in present else None, captioned=captioned)
        effects += [SetNames(self.booking.title, self.names), *self.layout_control.restore()] if captioned else []
        self.speaking = room.speaking
        effects += [SetCaptions(False)] if room.captions else []  # pages that come back ask for them again
        return [*effects, *self.recording.found(room.recording is not None, room.paused, now, room.composed)]

    def _found(self, seat: Seated, state: SeatState) -> None:
        options = state.options
        seat.floor = options.floor or seat.muted
        seat.gain, seat.view, seat.lines = round(options.gain), options.view, options.lines
        seat.offered, seat.up, seat.wanted, seat.control = state.offered, state.up, state.wanted, state.control
        seat.hidden = not options.camera
        if seat.floor:
            self.roster.lower(seat.id)

    def reconcile_room(self, room: RoomState) -> list[Effect]:
        """Bring a room that a lost worker still holds to the present state; media go on.

        Its recording was closed in the database when the worker was lost, so the next part begins.
        """
        self._room_open = True
        held = {seat.options.seat: seat for seat in room.seats}
        present = [seat for seat in self.roster.seats.values() if seat.here]
        effects: list[Effect] = [RemoveSeat(name) for name in held if name not in {seat.id for seat in present}]
        for seat in present:
            effects += self._seat(seat)
            if (state := held.get(seat.id)) is not None:
                seat.offered, seat.up, seat.wanted, seat.control = state.offered, state.up, state.wanted, state.control
        effects += [*self.layout_control.restore(), SetContent(self.layout_control.content)]
        effects += [StopRecording("", "interrupted")] if room.recording is not None else []
        effects += self._captions_anew()
        return [*effects, *self.recording.restore()]
