"""Parts of a meeting's state, and what its features share: who may do what, and who is told. Pure."""

from dataclasses import replace
from datetime import datetime

from mediaserver.api import COMPOSED, CONTENT, SeatOptions
from signaling.core.errors import MessageError
from signaling.meeting.state import layout_validation
from signaling.meeting.state.booking import Booking
from signaling.meeting.state.camera_moves import CameraMoves
from signaling.meeting.state.chat import Chat
from signaling.meeting.state.controller_notices import ControllerNotices
from signaling.meeting.state.layout_control import LayoutControl
from signaling.meeting.state.live_captions import LiveCaptions
from signaling.meeting.state.neighbour_meetings import NeighbourMeetings
from signaling.meeting.state.removed_points import RemovedPoints
from signaling.meeting.state.roster import Roster, Seated
from signaling.meeting.state.script import Scene, Script
from signaling.meeting.state.speaking_times import SpeakingTimes
from signaling.meeting.state.votes import LatestVote
from signaling.meeting.state.waiting_room import WaitingRoom
from signaling.messages.effects import (
    AddSeat,
    Arrange,
    CloseRoom,
    Direct,
    Effect,
    Hang,
    OpenRoom,
    Release,
    RemoveSeat,
    SetCaptions,
    SetFloor,
    SetView,
    Speak,
    Tell,
    TellAll,
)
from signaling.messages.joining import Official, SessionInfo
from signaling.messages.media import ViewState
from signaling.messages.seats import Locks, Speaking
from signaling.messages.server import Joined, ServerMessage
from signaling.messages.votes import VoteState
from signaling.messages.words import Farewell
from signaling.recording.state import MeetingRecording


class MeetingCore:
    """The parts of one meeting's state, with what its features share. Methods return effects in order, and raise
    MessageError for what is not allowed."""

    def __init__(self, booking: Booking, roster: Roster | None = None) -> None:
        self.booking = booking
        self.roster = roster or Roster(booking.places)
        self.layout_control = LayoutControl()
        self.recording = MeetingRecording(
            booking.recording, booking.start, booking.voices, booking.left, booking.composed
        )
        self.script = Script(booking.script, booking.places[0].id)
        self.controller_notices = ControllerNotices()
        self.waiting_room = WaitingRoom()
        self.removed = RemovedPoints()
        self.chat = Chat()
        self.latest_vote = LatestVote()
        self.live_captions = LiveCaptions()
        self.speaking: str | None = None
        self.heard: list[str] = []
        self.speaking_times = SpeakingTimes()
        self.camera_moves = CameraMoves()
        self.presets = {preset.number: preset for preset in booking.presets}
        self.gives_way_at: datetime | None = None
        """When the meeting ends because an emergency took its code."""
        self.one_picture = False
        """Whether a controller wants one picture for everyone."""
        self.locks = Locks()
        self.neighbours = NeighbourMeetings(booking.places[0].id)
        self._room_open = False
        self._ringing: set[str] = set()
        """Seats of room systems that are being called."""
        self._moving: set[str] = set()
        """Seats that have still to connect where the room moves to."""
        self._astray: set[str] = set()
        """Seats that may be connected to a room which is closed, and are asked to connect anew once they are back."""

    @property
    def room_title(self) -> str:
        """The heading of pictures: the title of the session, or the result of a vote while it is shown."""
        return self.latest_vote.caption or self.booking.title

    @property
    def names(self) -> dict[str, str]:
        """Labels of empty panes: of invited points, and of seats, which may be away."""
        points = {place.id: f"{place.name} · {self.roster.label_of(place)}" for place in self.booking.places}
        return points | {seat.id: seat.options.label for seat in self.roster.seats.values() if seat.place is not None}

    @property
    def empty(self) -> bool:
        """Return whether nobody holds a seat, not even one that waits for its client."""
        return not self.roster.seats

    def invites(self, point: str) -> bool:
        """Return whether a point was invited."""
        return any(place.id == point for place in self.booking.places)

    def label_of(self, point: str) -> str:
        """Return the name by which people know an invited point; its id for another one."""
        return next((self.roster.label_of(place) for place in self.roster.places if place.id == point), point)

    def _unshare(self, seat: Seated | None = None) -> list[Effect]:
        """End the sharing, or only that of `seat`; clients that watched the screen see the composed picture again."""
        sharing = self.layout_control.content
        if sharing is None or (seat is not None and sharing != seat.id):
            return []
        return [*self.layout_control.unshare(), *self._look_away(CONTENT)]

    def speaker_changed(self, seat_id: str | None) -> list[TellAll]:
        """Tell everyone the new active speaker."""
        self.speaking = seat_id
        return [TellAll(Speaking(seat=seat_id))]

    def _vote_state(self, seat: Seated) -> VoteState | None:
        point = None if seat.place is None else seat.place.id
        return self.latest_vote.state(point, leads=self._is_leader(seat))

    def _captions_anew(self) -> list[Effect]:
        """Return the effect that lets a room recognize speech which did not, if somebody reads captions."""
        return [SetCaptions(True)] if self.live_captions.readers else []

    def _joined(self, seat: Seated, token: str, now: datetime) -> Joined:
        return Joined(
            seat=seat.id,
            resume=token,
            role=seat.role,
            controller=seat.controller,
            may_direct=seat.controller,
            session=self._session(),
            seats=self.roster.wire(),
            layout=self.layout_control.state,
            recording=self.recording.state,
            storage=self.recording.storage if seat.controller else None,
            script=self.script.state if seat.controller or seat.role == "host" else None,
            agenda=self.script.agenda,
            duty=self.booking.duty,
            presets=[self.presets[number] for number in sorted(self.presets)] if seat.controller else [],
            view=seat.view,
            content=self.layout_control.content,
            advisory=self.booking.advisory,
            watermark=self.booking.watermark,
            one_picture=self.one_picture,
            locks=self.locks,
            speaking=self.speaking,
            heard=self.heard,
            chat=self.chat.history(None if seat.place is None else seat.place.id, chair=self._is_leader(seat)),
            vote=self._vote_state(seat),
            captions=self.booking.captions,
            wanted=seat.wanted,
            now=now,
        )

    def _session(self) -> SessionInfo:
        booking = self.booking
        return SessionInfo(
            id=booking.id,
            title=booking.title,
            number=booking.number,
            host=booking.host_name,
            official=Official(start=booking.start, end=booking.end),
        )

    def _seat_of(self, client: str) -> Seated:
        seat = self.roster.of(client)
        if seat is None:
            raise MessageError("not-joined")
        return seat

    def _require_controller(self, client: str) -> None:
        if not self._seat_of(client).controller:
            by = self.booking.controllers
            raise MessageError("controlled-by", by) if by else MessageError("forbidden")
        if self.controller_notices.helper not in (None, self._seat_of(client).id):
            raise MessageError("controlled-alone", self.controller_notices.assist.name or "")

    def _known(self, seat_id: str) -> Seated:
        seat = self.roster.seats.get(seat_id)
        if seat is None:
            raise MessageError("unknown-seat")
        return seat

    def _visible(self, seat_id: str) -> Seated:
        seat = self._known(seat_id)
        if seat.role == "observer":
            raise MessageError("unknown-seat")
        return seat

    def _open_room(self) -> list[Effect]:
        self._room_open = True
        return [OpenRoom(), *self.layout_control.restore()]

    def _close_if_empty(self) -> list[Effect]:
        """Close the room when nobody is in it."""
        if not self._room_open or self._ringing or any(seat.here for seat in self.roster.seats.values()):
            return []
        self._room_open = False
        self.live_captions.readers.clear()
        return [*self.recording.room_closed(), CloseRoom()]

    def _seat(self, seat: Seated) -> list[Effect]:
        """Return the effects that describe a seat to the engine."""
        return [*self._compose_own_layout(seat), AddSeat(self._options(seat))]

    def _options(self, seat: Seated) -> SeatOptions:
        """Return a seat as the media engine needs it."""
        return replace(seat.options, one_picture=self._gets_one_picture(seat))

    def _gets_one_picture(self, seat: Seated) -> bool:
        """Return whether a seat, or a controller for everyone, chose one composed picture."""
        return self.one_picture or seat.one_picture

    def _compose_own_layout(self, seat: Seated) -> list[Effect]:
        """Return the effect that composes the layout that a seat chose for itself, if it did."""
        layout = layout_validation.own_layout(seat.view)
        return [Arrange(layout, layout.kind)] if layout else []

    def _drop(self, seat: Seated, reason: Farewell, text: str | None = None) -> list[Effect]:
        effects = self._give_back(seat)
        if seat.client is not None:
            effects += [*self.camera_moves.stop(seat.client), Hang(seat.client, reason, text)]
        return [*effects, RemoveSeat(seat.id), *self._forget(seat)]

    def _give_back(self, seat: Seated) -> list[Effect]:
        """End the directing of a seat, if it directs; before its client is gone, whose address the audit log needs."""
        if self.controller_notices.helper != seat.id or not self.controller_notices.help(None):
            return []
        return [Direct(seat.account, False, seat.directs), *self._tell_leaders(self.controller_notices.assist)]

    def _make_absent(self, seat: Seated) -> list[Effect]:
        seat.here = seat.up = seat.offered = seat.presumed = False
        seat.control = None
        effects: list[Effect] = [RemoveSeat(seat.id), *self._unshare(seat)]
        return effects + ([Release(seat.leg)] if seat.leg else [])

    def _forget(self, seat: Seated) -> list[Effect]:
        """Remove a seat for good; clients that watched it see the composed picture."""
        effects = [*self._unshare(seat), *self._turn(seat, False)]
        self.roster.remove(seat)
        self.camera_moves.forget(seat.id)
        effects += [*self._give_back(seat), *self._look_away(f"camera:{seat.id}")]
        effects += self._move(seat.id, None if seat.place is None else seat.place.id)
        return effects + (self.speaker_changed(None) if self.speaking == seat.id else [])

    def _move(self, old: str, new: str | None) -> list[Effect]:
        """Replace a point by its seat, or the reverse, in all layouts that are shown or may be shown again."""
        self.script.move(old, new)
        return self.layout_control.move(old, new)

    def _look_away(self, gone: str) -> list[Effect]:
        """Give the composed picture to clients that watch a source that is gone."""
        effects: list[Effect] = []
        for seat in self.roster.seats.values():
            if seat.view == gone:
                seat.view = COMPOSED
                effects.append(SetView(seat.id, COMPOSED, seat.lines))
                effects += [Tell(seat.client, ViewState(source=COMPOSED))] if seat.client else []
        return effects

    def _set_floor(self, seat: Seated, open_: bool, by: str = "") -> list[Effect]:
        """Open or close a floor; `by` is the account that opened its own."""
        turn = self._turn(seat, open_, by)
        seat.muted = seat.muted and open_ and seat.floor
        seat.floor = open_
        if open_:
            self.roster.lower(seat.id)
        ended = [] if open_ or seat.controller else self._unshare(seat)
        return [*([SetFloor(seat.id, open_ and not seat.muted)] if seat.here else []), *ended, *turn]

    def _turn(self, seat: Seated, open_: bool, by: str = "") -> list[Effect]:
        """Return the record of a floor that changes (R-094); the host's is always open."""
        if seat.place is None or seat.role == "host" or seat.floor == open_:
            return []
        place, topic = (self.roster.place_of(seat.id), seat.topic) if open_ else (0, "")
        return [Speak(seat.place.id, seat.name, open_, place, topic, by)]

    def _tell_controllers(self, message: ServerMessage) -> list[Tell]:
        seats = [seat for seat in self.roster.seats.values() if seat.controller]
        return [Tell(seat.client, message) for seat in seats if seat.client is not None]

    def _tell_leaders(self, message: ServerMessage, reporter: str = "") -> list[Tell]:
        """Return a message to host and controllers, and to the account `reporter`."""
        recipients = [
            s for s in self.roster.seats.values() if self._is_leader(s) or (reporter and s.account == reporter)
        ]
        return [Tell(seat.client, message) for seat in recipients if seat.client is not None]

    @staticmethod
    def _is_leader(seat: Seated) -> bool:
        """Return whether a seat controls or is the host, which chairs even where another controls (R-092)."""
        return seat.controller or seat.role == "host"

    def _tell_script(self) -> list[Effect]:
        """Tell controllers the whole script, everyone what is on and what is next."""
        return [*self._tell_controllers(self.script.state), TellAll(self.script.agenda)]

    def _scene(self) -> Scene:
        """Return what the script may change: the layout, and the floors of present, visible seats."""
        present = [(seat, seat.place) for seat in self.roster.seats.values() if seat.here]
        points = {seat.id: place.id for seat, place in present if place is not None}
        return Scene(self.layout_control.shown, {seat: self.roster.seats[seat].floor for seat in points}, points)

    def _show(self, scene: Scene) -> list[Effect]:
        """Apply the layout and the floors of a script step; a seat that gets the floor lowers its hand."""
        effects: list[Effect] = []
        for seat in self.roster.seats.values():
            if scene.floors.get(seat.id, seat.floor) != seat.floor:
                effects += self._set_floor(seat, scene.floors[seat.id])
        return effects + self.layout_control.show(scene.shown)
