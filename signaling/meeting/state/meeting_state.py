"""State of one meeting: rights, floors, layout, views, recording. Pure: `now` in, effects out, no sockets.

The host point chairs; whether a person controls is decided when they join (Điều 10.1, 14.3.a, reading A10), and a
controller may sit anywhere. Everything the media engine knows can be sent again (:meth:`MeetingState.restore`), so a
lost worker costs nothing but seconds; and the state can be stored (:attr:`MeetingState.snapshot`), so that another
process continues the meeting in the room that the engine holds (:meth:`MeetingState.recover`,
:meth:`MeetingState.adopt_room`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from mediaserver.api import (
    CONTENT,
    EVERYONE,
    TOP_HEIGHT,
    CameraControl,
    CameraMovement,
    ComposedWhen,
    Layout,
    SeatOptions,
)
from scheduler.core.model import Interval, ScriptItem
from scheduler.operations.attendance.presence_intervals import ReconnectAttempt, ReconnectKind
from signaling.core.errors import MessageError
from signaling.meeting.state import layout_validation
from signaling.meeting.state.camera_moves import STILL
from signaling.meeting.state.engine_events import EngineEvents
from signaling.meeting.state.help import Help
from signaling.meeting.state.neighbour_meetings import MOST_WARNINGS, described
from signaling.meeting.state.roster import Choice, Person, Place, Seated
from signaling.meeting.state.takeover import Takeover
from signaling.meeting.state.talk import Talk
from signaling.messages.effects import (
    AddSeat,
    CloseRoom,
    Effect,
    Hang,
    LetIn,
    Redialled,
    RefuseShare,
    Release,
    RemoveSeat,
    SelectCameraSource,
    SetFloor,
    SetGain,
    SetNames,
    SetView,
    StorePresets,
    StoreSpeaking,
    StoreStep,
    Tell,
    TellAll,
    UseCameraPreset,
)
from signaling.messages.joining import Knock, Renew, SessionState, Waiting
from signaling.messages.layouts import Preset, PresetsState
from signaling.messages.media import OnePictureState, ViewState
from signaling.messages.neighbours import MAX_SYSTEM_NAME, EndWarning, NeighbourMeeting, NotHeld
from signaling.messages.seats import MAX_TOPIC, GivesWay, Locks, Seats
from signaling.messages.server import Joined, ServerMessage
from signaling.messages.words import Audience, Farewell


class MeetingState(Takeover, Talk, Help, EngineEvents):
    """State of one meeting. Methods return effects in order, and raise MessageError for what is not allowed."""

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
        notices = self.controller_notices
        messages += [notices.lines] if notices.weak or notices.tcp else []
        messages += [self.neighbours.state] if self.neighbours.known else []
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
        up = neighbour == self.booking.places[0].id
        return described(
            self.roster,
            neighbour,
            title=self.booking.title,
            recording=recorded.on,
            paused=recorded.paused,
            speaking=self.speaking,
            asked=self.neighbours.asked if up else None,
            returns=self.neighbours.returns and up,
        )

    def not_held(self, reasons: Mapping[str, NotHeld]) -> list[Effect]:
        """Show everyone why systems below do not hold the session, by the points that stand for them."""
        if self.neighbours.not_held == reasons:
            return []
        self.neighbours.not_held = dict(reasons)
        return [TellAll(self.neighbours.state)]

    def floor_above(self, client: str, point: str | None) -> list[Effect]:
        """Ask the system above for the floor for a point that is here; without one no longer, or give it back."""
        self._require_controller(client)
        if point is not None and self.roster.first_of(point) is None:
            raise MessageError("unknown-seat")
        if not self.neighbours.ask(point):
            raise MessageError("unknown-seat")
        return [TellAll(self.neighbours.state)]

    def warnings(self, now: datetime, before: timedelta) -> tuple[EndWarning, ...]:
        """Return what systems below are warned of: our end, from so long before it on, and what those above warn of."""
        end = self.gives_way_at or self.booking.end
        kind: Literal["ends", "gives-way"] = "ends" if self.gives_way_at is None else "gives-way"
        ours = [EndWarning(kind=kind, at=end, name="")] if kind == "gives-way" or end - before <= now else []
        return tuple(each for each in [*ours, *self.neighbours.warnings] if each.at > now)[:MOST_WARNINGS]

    def neighbour(
        self, point: str, meeting: NeighbourMeeting | None, warnings: Sequence[EndWarning] = ()
    ) -> list[Effect]:
        """Show everyone the meeting of the system that a point stands for; None: nothing is heard of it."""
        label = self.label_of(point)[:MAX_SYSTEM_NAME]
        named = [each.model_copy(update={"name": each.name or label}) for each in warnings]
        return [TellAll(self.neighbours.state)] if self.neighbours.note(point, meeting, named) else []

    def below(self, point: str, meeting: NeighbourMeeting, now: datetime) -> list[Effect]:
        """Show everyone the meeting of a system below; hands that are raised there raise that of its point here.

        It goes down with the last of them. A hand that was lowered here stays down until another one is raised there.
        The floor that the system below gives back is closed.
        """
        before = self.neighbours.hands(point)
        effects = self.neighbour(point, meeting)
        hands = self.neighbours.hands(point)
        seat = self.roster.first_of(point)
        if seat is None:
            return effects
        if seat.floor:
            return [*effects, *(self._set_floor(seat, False) if meeting.returns else [])]
        asked_anew = not self.locks.hands and not set(hands) <= set(before)
        if before and not hands:
            self.roster.lower(seat.id)
        elif hands and (asked_anew or self.roster.place_of(seat.id)):
            self.roster.raise_hand(seat, now, ", ".join(hands)[:MAX_TOPIC])
        return effects

    # --- the waiting room

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

    # --- the session

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
