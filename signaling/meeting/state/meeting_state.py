"""State of one meeting: rights, floors, layout, views, recording. Pure: `now` in, effects out, no sockets.

The host point chairs; whether a person controls is decided when they join (Điều 10.1, 14.3.a, reading A10), and a
controller may sit anywhere. Everything the media engine knows can be sent again (:meth:`MeetingState.restore`), so a
lost worker costs nothing but seconds; and the state can be stored (:attr:`MeetingState.snapshot`), so that another
process continues the meeting in the room that the engine holds (:meth:`MeetingState.recover`,
:meth:`MeetingState.adopt_room`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mediaserver import api
from mediaserver.api import (
    COMPOSED,
    CONTENT,
    EVERYONE,
    TOP_HEIGHT,
    CameraControl,
    CameraMovement,
    CaptionWord,
    ComposedWhen,
    Layout,
    RoomState,
    SeatOptions,
    SeatState,
    TilesForwarded,
)
from mediaserver.audio.active_speaker import THRESHOLD_DBOV
from scheduler.core.model import Interval, ScriptItem
from scheduler.operations.attendance.presence_intervals import ReconnectAttempt, ReconnectKind
from scheduler.operations.incidents.model import IncidentKind
from scheduler.operations.votes.model import Question, Vote, Voter
from signaling.core.errors import MessageError
from signaling.meeting.state import layout_validation
from signaling.meeting.state.camera_moves import STILL, CameraMoves
from signaling.meeting.state.chat import Chat, ChatWriter, may_read
from signaling.meeting.state.controller_notices import ControllerNotices
from signaling.meeting.state.layout_control import LayoutControl
from signaling.meeting.state.live_captions import LiveCaptions
from signaling.meeting.state.neighbour_meetings import NeighbourMeetings, described
from signaling.meeting.state.removed_points import RemovedPoints
from signaling.meeting.state.roster import Choice, Person, Place, Roster, Seated
from signaling.meeting.state.script import Scene, Script
from signaling.meeting.state.snapshot import MeetingStateSnapshot
from signaling.meeting.state.speaking_times import SpeakingTimes
from signaling.meeting.state.votes import LatestVote
from signaling.meeting.state.waiting_room import WaitingRoom
from signaling.messages.calls import CalledPoint, CallsState
from signaling.messages.captions import Caption
from signaling.messages.chat import ChatOpenState
from signaling.messages.effects import (
    AddSeat,
    Arrange,
    CloseRoom,
    Direct,
    Effect,
    Hang,
    LetIn,
    NotifyPoint,
    OpenRoom,
    Redialled,
    RefuseShare,
    Release,
    RemoveSeat,
    SelectCameraSource,
    SetCaptions,
    SetContent,
    SetFloor,
    SetGain,
    SetNames,
    SetView,
    Speak,
    StopRecording,
    StoreChat,
    StorePresets,
    StoreSpeaking,
    StoreStep,
    Tell,
    TellAll,
    UseCameraPreset,
)
from signaling.messages.incidents import IncidentState, WeakLine
from signaling.messages.joining import Knock, Moved, Official, OnDuty, Renew, SessionInfo, SessionState, Waiting
from signaling.messages.layouts import Preset, PresetsState
from signaling.messages.media import OnePictureState, ViewState, WantedHeight, tiles_state
from signaling.messages.neighbours import NeighbourMeeting
from signaling.messages.recording import ComposingState, StorageState
from signaling.messages.seats import GivesWay, Heard, LevelsState, Locks, Seats, Speaking
from signaling.messages.server import Joined, ServerMessage
from signaling.messages.votes import VoteState
from signaling.messages.words import Audience, Farewell
from signaling.recording.model import InterruptedRecording
from signaling.recording.state import MeetingRecording


@dataclass(frozen=True, slots=True)
class Booking:
    """The session as its meeting knows it. `places` begin with the host point."""

    id: str
    title: str
    number: str
    places: tuple[Place, ...]
    start: datetime
    end: datetime
    recording: bool
    legs: int
    script: tuple[ScriptItem, ...] = ()
    voices: bool = False
    controllers: str = ""
    """Names of the controlling units, for people; empty: the centre alone."""
    advisory: bool = False
    """Whether points may open their microphones uninvited, which goes into the audit log."""
    watermark: bool = False
    """Whether viewers see their name and the time over the picture."""
    left: InterruptedRecording | None = None
    """The recording that an earlier server left unfinished."""
    composed: ComposedWhen = "live"
    """When pictures of recordings are composed, unless a controller wants one live."""
    duty: OnDuty | None = None
    """The technician of the centre on duty, whom points call when their connection is lost."""
    presets: tuple[Preset, ...] = ()
    """Layouts on the keys of the console, by number."""
    captions: bool = False
    """Whether speech can be recognized for captions."""
    echo_s: float = 0.0
    """Delay in seconds after which one hears oneself in the test room, which belongs to no session; 0 in a meeting."""

    @property
    def host_name(self) -> str:
        """The Vietnamese name of the host point, for people; without one that of its devices."""
        return self.places[0].label or self.places[0].name

    @property
    def is_test_room(self) -> bool:
        """Return whether this is a test room: nobody controls, and nothing of it is stored (R-109)."""
        return self.echo_s > 0


class MeetingState:
    """State of one meeting. Methods return effects in order, and raise MessageError for what is not allowed."""

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
        self.neighbours = NeighbourMeetings()
        self._room_open = False
        self._ringing: set[str] = set()
        """Seats of room systems that are being called."""
        self._moving: set[str] = set()
        """Seats that have still to connect where the room moves to."""
        self._astray: set[str] = set()
        """Seats that may be connected to a room which is closed, and are asked to connect anew once they are back."""

    # --- takeover by another process

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
        )

    def recover(self, record: MeetingStateSnapshot, now: datetime) -> None:
        """Take the state of another process: all sockets count as lost since `now`, media may go on."""
        self.roster.recover(record.seats, record.hands, now)
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

    # --- join and leave

    def join(self, client: str, person: Person, choice: Choice, now: datetime) -> tuple[Joined, list[Effect]]:
        """Seat a client whose leg the join guard has let in."""
        effects: list[Effect] = [] if self._room_open else self._open_room()
        if choice.replaced is not None:
            effects += self._drop(choice.replaced, "replaced")
        if choice.resumed is not None and choice.resumed.client is not None:
            effects += [*self.camera_moves.stop(choice.resumed.client), Hang(choice.resumed.client, "replaced")]
        back = choice.resumed is not None and choice.resumed.here
        seat, token = self.roster.sit(client, person, choice)
        self._ringing.discard(seat.id)
        if not back:
            effects += self._seat(seat)
        elif seat.offered:  # the engine tells again which cameras it forwards to the seat
            effects.append(SetView(seat.id, seat.view, seat.lines))
        if seat.place is not None:
            effects += [*self._move(seat.place.id, seat.id), *self._called_comes(seat.place.id)]
            effects += [] if back else self._show(self.script.enter(seat.id, self._scene()))
        return self._joined(seat, token, now), [*effects, *self._brief(client, seat)]

    def welcome(self, client: str, token: str, now: datetime) -> tuple[Joined, list[Tell]]:
        """Return the first messages to a client that has joined, from the present state. Raises MessageError."""
        seat = self._seat_of(client)
        return self._joined(seat, token, now), self._brief(client, seat)

    def _brief(self, client: str, seat: Seated) -> list[Tell]:
        messages: list[ServerMessage] = [GivesWay(at=self.gives_way_at)] if self.gives_way_at is not None else []
        messages += [self.controller_notices.lines] if self.controller_notices.weak else []
        messages += [self.neighbours.state] if self.neighbours.state.meetings else []
        if seat.id in self._moving | self._astray:  # its socket was away when all were asked
            messages.append(Renew(keep=seat.id not in self._astray))
        if self._is_leader(seat):
            messages += [
                *self.controller_notices.brief,
                *([self.waiting_room.state] if self.waiting_room.waiting else []),
                *([self.removed.state] if self.removed.snapshot else []),
            ]
        return [Tell(client, message) for message in messages]

    def lost(self, client: str, heard: datetime) -> list[Effect]:
        """Keep the seat of a lost socket waiting, counted from `heard`, its last sign of life; cameras that it moved
        stop."""
        effects = self.camera_moves.stop(client) + self._redialled(self.roster.of(client), [("lost", heard)])
        self.roster.lose(client, heard)
        if self.waiting_room.waiting.pop(client, None) is None:
            return effects
        return [*effects, *self._tell_leaders(self.waiting_room.state)]

    def reconnected(self, client: str, tried: Sequence[datetime], now: datetime) -> list[Effect]:
        """Report that a lost client has come back, after attempts in vain at the times `tried` (R-099)."""
        return self._redialled(self.roster.of(client), [*(("tried", at) for at in tried), ("back", now)])

    def _redialled(self, seat: Seated | None, attempts: Sequence[tuple[ReconnectKind, datetime]]) -> list[Effect]:
        if seat is None or seat.place is None or self.booking.is_test_room:
            return []
        return [Redialled(tuple(ReconnectAttempt(seat.place.id, seat.name, kind, at) for kind, at in attempts))]

    def leave(self, client: str, reason: Farewell = "left") -> list[Effect]:
        """Free the seat of a client that leaves for good."""
        return self._depart(self._seat_of(client), reason)

    def drop_room_system(self, seat_id: str) -> list[Effect]:
        """Free the seat of a room system whose call was not taken over from an earlier process."""
        seat = self.roster.seats.get(seat_id)
        return [] if seat is None else self._depart(seat, "left")

    def _depart(self, seat: Seated, reason: Farewell, text: str | None = None) -> list[Effect]:
        leg = seat.leg
        effects = self._drop(seat, reason, text)
        return effects + ([Release(leg)] if leg else []) + self._close_if_empty()

    def tick(self, now: datetime) -> list[Effect]:
        """Do what is due at `now`: absent and lost seats, the recording that the host unit asked for, who speaks."""
        absent, gone = self.roster.overdue(now)
        effects: list[Effect] = []
        for seat in absent:
            effects += self._make_absent(seat)
        for seat in gone:
            effects += self._forget(seat)
        seen = any(seat.up for seat in self.roster.seats.values())
        clients = {seat.client for seat in self.roster.seats.values() if seat.client is not None}
        effects += self.live_captions.keep(clients)
        return [*effects, *self._close_if_empty(), *self.recording.wished(now, seen), *self._look_who_speaks(now)]

    def _look_who_speaks(self, now: datetime) -> list[Effect]:
        """Count for whom the time passes in the official slot: a rehearsal is no part of the minutes."""
        if self.booking.is_test_room or now < self.booking.start:
            return []
        seat = self.roster.seats.get(self.speaking or "")
        due = self.speaking_times.look(None if seat is None or seat.place is None else seat.place.id, now)
        return [StoreSpeaking(due)] if due else []

    def end(self, reason: Farewell) -> list[Effect]:
        """End the meeting: hang up all clients, close the room."""
        seats = list(self.roster.seats.values())
        effects = [effect for seat in seats for effect in self._give_back(seat)]
        effects += [StoreStep(None)] if self.script.item is not None else []
        effects += [StoreSpeaking(rest)] if (rest := self.speaking_times.take()) else []
        effects += [Hang(seat.client, reason) for seat in seats if seat.client is not None]
        effects += self.recording.room_closed()
        effects += [CloseRoom()] if self._room_open else []
        effects += [Release(seat.leg) for seat in seats if seat.leg is not None]
        effects += [Hang(client, reason) for client in self.waiting_room.waiting]
        self.waiting_room.waiting.clear()
        for seat in seats:
            effects += self._turn(seat, False)
            self.roster.remove(seat)
        self._room_open = False
        self._ringing.clear()
        self.live_captions.readers.clear()
        self.layout_control.unshare()  # nobody is left to be told
        return effects

    def ring(self, options: SeatOptions) -> list[Effect]:
        """Add a room system that is being called to the room, unseen, before it answers."""
        effects: list[Effect] = [] if self._room_open else self._open_room()
        self._ringing.add(options.seat)
        return [*effects, AddSeat(options)]

    def ring_ended(self, seat_id: str) -> list[Effect]:
        """Remove a room system whose call ended without an answer."""
        if seat_id not in self._ringing:
            return []
        self._ringing.discard(seat_id)
        return [RemoveSeat(seat_id), *self._close_if_empty()]

    # --- neighbouring systems that it is held with

    def as_told(self, neighbour: str) -> NeighbourMeeting:
        """Return what the system that a point stands for is told of this meeting."""
        recorded = self.recording.state
        return described(
            self.roster,
            neighbour,
            title=self.booking.title,
            recording=recorded.on,
            paused=recorded.paused,
            speaking=self.speaking,
        )

    def neighbour(self, point: str, meeting: NeighbourMeeting | None) -> list[Effect]:
        """Show everyone the meeting of the system that a point stands for; None: nothing is heard of it."""
        return [TellAll(self.neighbours.state)] if self.neighbours.note(point, meeting) else []

    # --- the waiting room

    def invites(self, point: str) -> bool:
        """Return whether a point was invited."""
        return any(place.id == point for place in self.booking.places)

    def knock(self, client: str, person: Person, place: Place, now: datetime) -> list[Effect]:
        """Put a point that is not invited into the waiting room (R-011). Raises MessageError."""
        knock = Knock(id=client, account=person.account, point=place.id, name=place.name, label=place.label, since=now)
        self.waiting_room.knock(knock)
        waiting = Waiting(host=self.booking.host_name)
        return [Tell(client, waiting), *self._tell_leaders(self.waiting_room.state)]

    def knock_for(self, client: str, id_: str) -> Knock:
        """Return a waiting client, if `client` may admit it. Raises MessageError."""
        if not self._is_leader(self._seat_of(client)):
            self._require_controller(client)
        return self.waiting_room.known(id_)

    def decide_knock(self, id_: str, admitted: bool) -> list[Effect]:
        """Admit a waiting client, or turn it away."""
        self.waiting_room.decided(id_, admitted)
        decision = LetIn(id_) if admitted else Hang(id_, "turned-away")
        return [decision, *self._tell_leaders(self.waiting_room.state)]

    # --- requests of clients

    def offered(self, client: str) -> str:
        """Note a new SDP offer of a client; return its seat."""
        seat = self._seat_of(client)
        seat.offered, seat.up, seat.wanted = True, False, TOP_HEIGHT
        self._astray.discard(seat.id)
        return seat.id

    def hand(self, client: str, raised: bool, now: datetime, topic: str = "") -> list[Effect]:
        """Raise or lower one's own hand; a raised hand may be given a topic later."""
        seat = self._seat_of(client)
        if raised and self.locks.hands and not self._is_leader(seat) and not self.roster.place_of(seat.id):
            raise MessageError("hands-locked")
        if raised:
            self.roster.raise_hand(seat, now, topic)
        else:
            self.roster.lower(seat.id)
        return []

    def media(self, client: str, mic: bool, camera: bool) -> list[Effect]:
        """Note microphone and camera; where microphones are advisory only, an open one takes the floor (A31)."""
        seat = self._seat_of(client)
        seat.mic, seat.camera = mic, camera
        uninvited = mic and not seat.floor and self.booking.advisory and seat.place is not None
        if uninvited and self.locks.hands and not self._is_leader(seat):
            raise MessageError("hands-locked")
        return self._set_floor(seat, True, seat.account) if uninvited else []

    def switch_microphone(self, client: str, now: datetime) -> list[Effect]:
        """Close the microphone of a room system that has the floor, or open it; without the floor raise its hand."""
        seat = self._seat_of(client)
        if not seat.floor:
            return self.hand(client, True, now)
        seat.muted = not seat.muted
        return [SetFloor(seat.id, not seat.muted)]

    def view(self, client: str, source: str, height: int = 0) -> list[Effect]:
        """Choose what a client sees, on a display that is `height` pixels high."""
        seat = self._seat_of(client)
        if source.startswith("camera:"):
            self._visible(source.removeprefix("camera:"))
        if source == CONTENT and self.layout_control.content is None:
            raise MessageError("unknown-seat")
        seat.view, seat.lines = source, height
        return [
            *self._compose_own_layout(seat),
            SetView(seat.id, source, height),
            Tell(client, ViewState(source=source)),
        ]

    def choose_one_picture(self, client: str, on: bool) -> list[Effect]:
        """Show a client its layout as one composed picture, or as cameras one by one again."""
        seat = self._seat_of(client)
        before, seat.one_picture = self._gets_one_picture(seat), on
        return self._seat(seat) if self._gets_one_picture(seat) != before else []

    def one_picture_for_all(self, client: str, on: bool) -> list[Effect]:
        """Show everyone their layout as one composed picture, or as each of them chose again."""
        self._require_controller(client)
        if on == self.one_picture:
            return [Tell(client, OnePictureState(on=on))]
        self.one_picture = on
        changed = [seat for seat in self.roster.seats.values() if seat.here and not seat.one_picture]
        effects = [effect for seat in changed for effect in self._seat(seat)]
        return [*effects, TellAll(OnePictureState(on=on))]

    def floor(self, client: str, seat_id: str, open_: bool) -> list[Effect]:
        """Give or take the floor; a seat that gets it lowers its hand."""
        self._require_controller(client)
        return self._set_floor(self._known(seat_id), open_)

    def gain(self, client: str, seat_id: str, decibels: int) -> list[Effect]:
        """Make a voice louder or softer for everyone, in decibels (R-093)."""
        self._require_controller(client)
        seat = self._visible(seat_id)
        seat.gain = decibels
        return [SetGain(seat.id, decibels)] if seat.here else []

    def camera(self, client: str, seat_id: str, on: bool) -> list[Effect]:
        """Show nobody the camera of a seat, or everyone again."""
        self._require_controller(client)
        seat = self._visible(seat_id)
        seat.hidden = not on
        return self._seat(seat) if seat.here else []

    def move_camera(self, client: str, seat_id: str, movement: CameraMovement) -> list[Effect]:
        """Move the camera of a room that allows it; who moves it may always stop it."""
        if movement == STILL:
            return self.camera_moves.stop(client, seat_id)
        return self.camera_moves.move(client, self._controllable(client, seat_id).id, movement)

    def use_camera_preset(self, client: str, seat_id: str, number: int, store: bool) -> list[Effect]:
        """Move the camera of a room that allows it to a stored position, or store its position."""
        seat = self._controllable(client, seat_id)
        if seat.control is None or number >= seat.control.presets:
            raise MessageError("no-camera-control")
        return [UseCameraPreset(seat.id, number, store)]

    def select_camera_source(self, client: str, seat_id: str, number: int) -> list[Effect]:
        """Let the picture of a room that allows it come from another of its video sources."""
        seat = self._controllable(client, seat_id)
        if seat.control is None or number not in (each.number for each in seat.control.sources):
            raise MessageError("no-camera-control")
        return [SelectCameraSource(seat.id, number)]

    def _controllable(self, client: str, seat_id: str) -> Seated:
        self._require_controller(client)
        seat = self._visible(seat_id)
        if seat.control is None:
            raise MessageError("no-camera-control")
        return seat

    def controllable(self, seat_id: str, control: CameraControl | None) -> list[Effect]:
        """Note what can be controlled of a room's camera."""
        if (seat := self.roster.seats.get(seat_id)) is not None:
            seat.control = control
        return []

    def rename(self, client: str, point: str, label: str) -> list[Effect]:
        """Show a point under another name in this meeting; its registered name stays (Điều 6.4)."""
        self._require_controller(client)
        if not self._is_point(point):
            raise MessageError("unknown-seat")
        renamed = self.roster.rename(point, label)
        named = [SetNames(self.room_title, self.names)] if self._room_open else []
        return [*named, *(effect for seat in renamed if seat.here for effect in self._seat(seat))]

    def remove(self, client: str, point: str, reason: str, now: datetime) -> list[Effect]:
        """Remove all devices of a point, here or not, which stays out until it is let back; never the host."""
        self._require_controller(client)
        seats = [seat for seat in self.roster.seats.values() if seat.place is not None and seat.place.id == point]
        if not self._is_point(point):
            raise MessageError("unknown-seat")
        if point == self.booking.places[0].id:
            raise MessageError("forbidden")
        self.removed.remove(point, reason, now)
        gone = [effect for seat in seats for effect in self._depart(seat, "removed", reason)]
        return [*gone, *self._tell_leaders(self.removed.state)]

    def let_back(self, client: str, point: str) -> list[Effect]:
        """Let a removed point join again."""
        self._require_controller(client)
        self.removed.let_back(point)
        return [*self._tell_leaders(self.removed.state)]

    def mute_all(self, client: str, but: str | None = None) -> list[Effect]:
        """Close every floor but the host's and that of the seat `but`."""
        self._require_controller(client)
        open_ = [seat for seat in self.roster.seats.values() if seat.floor and seat.role != "host" and seat.id != but]
        return [effect for seat in open_ for effect in self._set_floor(seat, False)]

    def lower(self, client: str, seat_id: str) -> list[Effect]:
        """Lower the hand of a seat."""
        self._require_controller(client)
        self.roster.lower(self._known(seat_id).id)
        return []

    def order_hands(self, client: str, seats: Sequence[str], now: datetime) -> list[Effect]:
        """Set the queue: those named in their order, lowered hands among them again, and nobody else's."""
        self._require_controller(client)
        for seat_id in seats:
            self._known(seat_id)
        self.roster.order_hands(seats, now)
        return []

    def lock(self, client: str, room: bool, hands: bool) -> list[Effect]:
        """Let nobody else join who does not control, or nobody else raise a hand; everyone is told."""
        self._require_controller(client)
        self.locks = Locks(room=room, hands=hands)
        return [TellAll(self.locks)]

    def end_for_all(self, client: str) -> list[Effect]:
        """End the meeting for everyone; until its access window closes it may begin anew."""
        self._require_controller(client)
        return self.end("ended")

    def set_layout(self, client: str, layout: Layout, audience: Audience = EVERYONE) -> list[Effect]:
        """Set the layout of an audience; an absent point may be pinned and gets its pane when it comes."""
        self._require_controller(client)
        layout_validation.check(layout)
        if layout.focus is not None:
            self._visible(layout.focus)
        absent = {place.id for place in self.booking.places}
        for seat in layout.seats:
            if seat is not None and seat not in absent:
                self._visible(seat)
        for seat, point in self._scene().points.items():  # it came while it was being pinned
            layout = layout if seat in layout.seats else layout_validation.with_pin_moved(layout, point, seat)
        return self.layout_control.arrange(layout, audience)

    def set_preset(self, client: str, preset: Preset) -> list[Effect]:
        """Replace a layout on a key of the console; it may name points that were not invited."""
        self._require_controller(client)
        layout_validation.check(preset.layout)
        self.presets[preset.number] = preset
        saved = [self.presets[number] for number in sorted(self.presets)]
        return [StorePresets(tuple(saved)), *self._tell_controllers(PresetsState(presets=saved))]

    def share(self, client: str, on: bool) -> list[Effect]:
        """Share one's screen, or end that: seats with the floor may, one at a time, controllers before others.

        While a screen is shared all audiences see it beside the speaker, unless another layout is chosen for one.
        """
        seat = self._seat_of(client)
        if not on:
            return self._unshare() if seat.controller else self._unshare(seat)
        if seat.place is None or not (seat.floor or seat.controller):
            raise MessageError("forbidden")
        if self.layout_control.content not in (None, seat.id) and not seat.controller:
            raise MessageError("content-taken")
        return self.layout_control.share(seat.id)

    def share_asked(self, seat_id: str, on: bool) -> list[Effect]:
        """Let a room system show its slides by the same rule, or refuse it; it ends its own sharing alone."""
        seat = self.roster.seats.get(seat_id)
        if seat is None or seat.client is None:
            return []
        if not on:
            return self._unshare(seat)
        try:
            return self.share(seat.client, True)
        except MessageError:
            return [RefuseShare(seat_id)]

    def _unshare(self, seat: Seated | None = None) -> list[Effect]:
        """End the sharing, or only that of `seat`; clients that watched the screen see the composed picture again."""
        sharing = self.layout_control.content
        if sharing is None or (seat is not None and sharing != seat.id):
            return []
        return [*self.layout_control.unshare(), *self._look_away(CONTENT)]

    def same_layout(self, client: str, audience: Audience) -> list[Effect]:
        """Give an audience the layout of everyone again."""
        self._require_controller(client)
        return self.layout_control.follow_everyone(audience) or [Tell(client, self.layout_control.state)]

    def record(
        self, client: str, on: bool, pause: bool, now: datetime, composed: ComposedWhen | None = None
    ) -> list[Effect]:
        """Start, pause, resume or stop the recording; `composed` as :class:`signaling.messages.server.Record` says."""
        self._require_controller(client)
        changes = self.recording.ask(on, pause, self._seat_of(client).account, now, composed)
        return changes or [Tell(client, self.recording.state)]

    def step(self, client: str, to: str | None, now: datetime) -> list[Effect]:
        """Go to an item of the script, or before the first one; going back undoes the last step."""
        self._require_controller(client)
        if to is not None and to not in self.script:
            raise MessageError("unknown-item")
        before, scene = self.script.item, self.script.step(to, self._scene(), now)
        marks = self.recording.mark(self.chapter)
        stored = [StoreStep(self.script.item)] if self.script.item != before else []
        return [*self._tell_script(), *self._show(scene), *marks, *stored]

    @property
    def chapter(self) -> str:
        """Title of the present chapter of a recording: the current script item, else the session."""
        item = self.script.item
        return self.booking.title if item is None else item.title

    def scripted(self, items: Sequence[ScriptItem], now: datetime) -> list[Effect]:
        """Take a changed script."""
        had = self.script.item
        self.script.change(items, now)
        ended = [StoreStep(None)] if had is not None and self.script.item is None else []
        return [*self._tell_script(), *ended]

    def record_voices(self, client: str, on: bool) -> list[Effect]:
        """Record isolated tracks of each point beside the recording, or stop that."""
        self._require_controller(client)
        return self.recording.separate(on) or [Tell(client, self.recording.state)]

    def mark(self, client: str, title: str) -> list[Effect]:
        """Set a chapter mark in the recording by hand."""
        self._require_controller(client)
        effects = self.recording.mark(title, client)
        if not effects:
            raise MessageError("not-recording")
        return effects

    # --- chat

    def write(self, client: str, text: str, to: str | None, now: datetime) -> list[Effect]:
        """Write a chat message: host and controllers to everyone or to a point, a point to them."""
        seat = self._seat_of(client)
        if self.booking.is_test_room:
            raise MessageError("forbidden")
        if to is not None and not self._is_point(to):
            raise MessageError("unknown-seat")
        point = None if seat.place is None else seat.place.id
        message = self.chat.write(ChatWriter(point, seat.name, self._is_leader(seat)), to, text, now)
        readers = [
            each.client
            for each in self.roster.seats.values()
            if self._is_leader(each) or may_read(message, None if each.place is None else each.place.id)
        ]
        return [StoreChat(message), *(Tell(reader, message) for reader in readers if reader is not None)]

    def open_chat(self, client: str, on: bool) -> list[Effect]:
        """Let points write to host and controllers, or no longer."""
        if not self._is_leader(self._seat_of(client)) or self.booking.is_test_room:
            raise MessageError("forbidden")
        self.chat.open = on
        return [TellAll(ChatOpenState(on=on))]

    def _is_point(self, point: str) -> bool:
        """Return whether a point was invited or is here."""
        return self.invites(point) or any(
            seat.place is not None and seat.place.id == point for seat in self.roster.seats.values()
        )

    # --- captions

    def switch_captions(self, client: str, on: bool) -> list[Effect]:
        """Switch captions on or off for a client alone."""
        self._seat_of(client)
        if on and not self.booking.captions:
            raise MessageError("no-captions")
        return self.live_captions.switch(client, on)

    # --- votes

    def may_lead(self, client: str) -> str:
        """Return the account of a client that leads the meeting. Raises MessageError."""
        seat = self._seat_of(client)
        if not self._is_leader(seat) or self.booking.is_test_room:
            raise MessageError("forbidden")
        return seat.account

    def voters(self, question: Question, points: Sequence[str] | None) -> tuple[Voter, ...]:
        """Return the points that a question is put to: all that were invited, or those of `points`.

        Raises MessageError: `vote-running`, `unknown-seat`, `too-few-voters`.
        """
        known = {place.id: place for place in self.booking.places}
        known |= {seat.place.id: seat.place for seat in self.roster.seats.values() if seat.place is not None}
        if not known.keys() >= set(points or ()):
            raise MessageError("unknown-seat")
        wanted = {place.id for place in self.booking.places} if points is None else set(points)
        voters = tuple(Voter(place.id, place.name, place.label) for place in known.values() if place.id in wanted)
        self.latest_vote.may_open(question, len(voters))
        return voters

    def own_point(self, client: str) -> str:
        """Return the point that a client votes for. Raises MessageError."""
        seat = self._seat_of(client)
        if seat.place is None:
            raise MessageError("not-entitled")
        return seat.place.id

    def vote_changed(self, vote: Vote, shown_since: datetime | None = None) -> list[Effect]:
        """Tell everyone of a vote that was opened, closed, announced, or whose result is shown no longer.

        Composed pictures tell a result in their heading.
        """
        captioned = bool(self.latest_vote.caption)
        self.latest_vote.vote, self.latest_vote.shown_since = vote, shown_since
        seats = [seat for seat in self.roster.seats.values() if seat.client is not None]
        states = [(seat.client, self._vote_state(seat)) for seat in seats]
        told = [Tell(client, state) for client, state in states if client is not None and state is not None]
        caption = bool(self.latest_vote.caption)
        drawn = [SetNames(self.room_title, self.names), *self.layout_control.caption(caption)]
        return [*told, *(drawn if self._room_open and (captioned or caption) else [])]

    def vote_taken(self, vote: Vote, point: str) -> list[Tell]:
        """Tell the devices of a point that its vote is stored, and host and controllers that it has voted."""
        self.latest_vote.vote = vote
        taken, cast = self.latest_vote.taken(point)
        own = [seat for seat in self.roster.seats.values() if seat.place is not None and seat.place.id == point]
        return [*(Tell(seat.client, taken) for seat in own if seat.client is not None), *self._tell_leaders(cast)]

    def _vote_state(self, seat: Seated) -> VoteState | None:
        point = None if seat.place is None else seat.place.id
        return self.latest_vote.state(point, leads=self._is_leader(seat))

    # --- incidents and help

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

    def weak_lines(self, lines: Mapping[str, WeakLine]) -> list[TellAll]:
        """Tell which lines are weak now, if that changed."""
        return [TellAll(self.controller_notices.lines)] if self.controller_notices.set_weak(lines) else []

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

    # --- events of the media engine

    def peer_up(self, seat_id: str) -> list[Effect]:
        """Note that the transport of a seat is connected."""
        self._moving.discard(seat_id)
        seat = self.roster.seats.get(seat_id)
        if seat is not None:
            seat.up = True
        return []

    def peer_down(self, seat_id: str) -> list[Effect]:
        """Note that the transport of a seat is gone."""
        seat = self.roster.seats.get(seat_id)
        if seat is not None:
            seat.up = seat.offered = False
            seat.control = None
        return []

    def wanted(self, seat_id: str, height: int) -> list[Tell]:
        """Tell a seat how high its camera is shown at most, in pixels."""
        seat = self.roster.seats.get(seat_id)
        if seat is None:
            return []
        seat.wanted = height
        return [Tell(seat.client, WantedHeight(lines=height))] if seat.client else []

    def tiles_forwarded(self, event: TilesForwarded) -> list[Tell]:
        """Tell a seat which cameras it is forwarded, and where they stand in the picture."""
        seat = self.roster.seats.get(event.seat)
        return [Tell(seat.client, tiles_state(event))] if seat is not None and seat.client else []

    def speaker_changed(self, seat_id: str | None) -> list[TellAll]:
        """Tell everyone the new active speaker."""
        self.speaking = seat_id
        return [TellAll(Speaking(seat=seat_id))]

    def caption(self, event: api.Caption) -> list[Tell]:
        """Tell who reads captions what is heard, under the name of the point that says it."""
        seat = self.roster.seats.get(event.seat)
        if seat is None:
            return []
        fields = ("seat", "utterance", "text", "start", "end", "final")
        return self.live_captions.tell(Caption(name=seat.name, **{name: getattr(event, name) for name in fields}))

    def captions_changed(self, word: CaptionWord) -> list[Tell]:
        """Tell who reads captions whether they are complete."""
        return self.live_captions.changed(word)

    def levels(self, levels: Mapping[str, int]) -> list[Tell | TellAll]:
        """Tell host and controllers the levels of the seats with the floor (R-093), and everyone who is heard, if that
        changed."""
        told: list[Tell | TellAll] = [*self._tell_leaders(LevelsState(levels=dict(levels)))]
        heard = sorted(seat for seat, level in levels.items() if level > THRESHOLD_DBOV)
        if heard != self.heard:
            self.heard = heard
            told.append(TellAll(Heard(seats=heard)))
        return told

    def recording_stopped(self, error: str | None) -> list[Effect]:
        """Note that the engine closed the recording; `error` is None when that was asked for."""
        return self.recording.ended(error)

    def composing(self, composing: ComposingState) -> list[Tell]:
        """Tell controllers how much of a closed part of the recording is composed."""
        return self._tell_controllers(composing)

    def disk(self, storage: StorageState) -> list[Effect]:
        """Note the free space on the disk of the recordings; tell controllers if it changed."""
        unchanged = self.recording.storage == storage
        effects = self.recording.disk(storage)
        return effects + ([] if unchanged else self._tell_controllers(storage))

    def media_lost(self, now: datetime) -> list[Effect]:
        """Note that the media worker died: all transports are gone, and nothing is recorded."""
        self._moving = set()
        for seat in self.roster.seats.values():
            seat.up = seat.offered = False
            seat.control = None
        silence = list[Effect](self.speaker_changed(None)) if self.speaking else []
        silence += self.levels({}) if self.heard else []
        silence += self.live_captions.changed("away")
        return silence + self.recording.media_lost(now)

    def restore(self) -> list[Effect]:
        """Build the room anew in a fresh engine, and ask all clients to connect again."""
        if not self._room_open:
            return []
        return [*self._rebuild(), *self.recording.restore(), TellAll(Renew())]

    def _rebuild(self) -> list[Effect]:
        effects = self._open_room()
        for seat in self.roster.seats.values():
            effects += self._seat(seat) if seat.here else []
        effects += [SetContent(self.layout_control.content)] if self.layout_control.content is not None else []
        return [*effects, *self._captions_anew()]

    # --- a room that moves to another media worker

    def move(self) -> list[Effect]:
        """Build the room where it moves to; those who are connected stay where they are until `moved`."""
        self._moving = {seat.id for seat in self.roster.seats.values() if seat.up}
        return self._rebuild()

    def ask_over(self) -> list[Tell]:
        """Ask all whose offer was answered to connect where the room moves to; others are only answered there."""
        connected = [seat for seat in self.roster.seats.values() if seat.offered or seat.up]
        return [Tell(seat.client, Renew(keep=True)) for seat in connected if seat.client is not None]

    def connect_anew(self) -> list[Effect]:
        """Ask all to connect anew, those who are away as soon as they are back: a copy of the room was closed."""
        self._astray = {seat.id for seat in self.roster.seats.values() if seat.client is None}
        return [TellAll(Renew())]

    @property
    def arriving(self) -> set[str]:
        """The seats whose media were connected before the room moved, and are not yet where it moved to."""
        return {seat for seat in self._moving if seat in self.roster.seats and self.roster.seats[seat].here}

    def moved(self, now: datetime) -> list[Effect]:
        """Note that all who could have come over; whoever has not is without media until it connects again."""
        for seat in self.arriving:
            self.peer_down(seat)
        self._moving = set()
        return [TellAll(Moved()), *self.recording.moved(now)]

    def _captions_anew(self) -> list[Effect]:
        """Return the effect that lets a room recognize speech which did not, if somebody reads captions."""
        return [SetCaptions(True)] if self.live_captions.readers else []

    def amended(
        self,
        title: str,
        official: Interval,
        legs: int,
        places: Sequence[Place] = (),
        recording: bool = False,
        voices: bool = False,
    ) -> list[Effect]:
        """Take a session that was changed during the meeting; added points are expected from now on."""
        all_ = (*self.booking.places, *(place for place in places if not self.invites(place.id)))
        self.booking = replace(
            self.booking,
            title=title,
            start=official.start,
            end=official.end,
            legs=legs,
            places=all_,
            recording=recording,
            voices=voices,
        )
        self.roster.places = all_
        named = [SetNames(self.room_title, self.names)] if self._room_open else []
        announcement = TellAll(SessionState(session=self._session()))
        return [*named, announcement, *self.recording.registered(recording, official.start, voices)]

    def gives_way(self, at: datetime) -> list[Effect]:
        """Tell everyone that an emergency took the code, and when the meeting ends (A25)."""
        self.gives_way_at = at
        return [TellAll(GivesWay(at=at))]

    def flush(self) -> Seats | None:
        """Return what changed in the roster since the last flush, if anything."""
        changed, gone = self.roster.changes()
        return Seats(changed=changed, gone=gone) if changed or gone else None

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

    # --- own

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
        seat.here = seat.up = seat.offered = False
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
