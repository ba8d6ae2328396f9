"""Runs one meeting: carries out the effects of its state in order, on the engine, the database and the sockets."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from mediaserver.api import MediaEngine, RoomOptions, RoomState
from mediaserver.errors import CannotRecord, EngineGone, EngineLate, MediaError
from mediaserver.recording.chapters import Chapter
from scheduler.booking.registration.service import Scheduler
from scheduler.operations.attendance.chat_store import ChatEntry
from scheduler.operations.attendance.floor_store import FloorTime
from scheduler.operations.attendance.presence_intervals import ReconnectAttempt
from scheduler.operations.attendance.service import Attendance
from scheduler.operations.incidents.model import StepKind
from scheduler.operations.incidents.service import IncidentService
from scheduler.policy.controllers import Control
from signaling.audit.log import AuditLog
from signaling.core.account import Source
from signaling.core.audit_entry import AuditEntry
from signaling.core.errors import MessageError
from signaling.meeting.client import Client, Member
from signaling.meeting.connected_devices import TEST_ROOM, ConnectedDevices
from signaling.meeting.record_writer import PATIENCE_SECONDS, RecordWriter
from signaling.meeting.room_system import RoomSystem
from signaling.meeting.state.meeting_state import MeetingState
from signaling.meeting.state.snapshot import MeetingSnapshot, SystemSnapshot
from signaling.meeting.state_writer import MeetingStateWriter
from signaling.messages.effects import (
    AddSeat,
    Arrange,
    CloseRoom,
    Direct,
    Effect,
    Hang,
    LetIn,
    MarkRecording,
    MoveCamera,
    Note,
    NotifyPoint,
    OpenRoom,
    PauseRecording,
    RecordVoices,
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
    StartRecording,
    StopRecording,
    StoreChat,
    StorePresets,
    StoreSpeaking,
    StoreStep,
    Tell,
    TellAll,
    UseCameraPreset,
)
from signaling.messages.joining import Admitted
from signaling.messages.recording import Marked
from signaling.messages.server import Joined, ServerMessage, dump
from signaling.recording.catalog import RecordingCatalog

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.1
"""Changes of the roster are collected this long before they are sent."""
NOTE_SECONDS = 0.5
"""A command waits so long at most until its audit entry is stored: a locked database must not stop a meeting."""
ROOM_KNOWN_SECONDS = 5.0
"""A command waits so long at most for the room after a takeover: a page takes its socket for lost after 8 s without a
reply."""


@dataclass(frozen=True, slots=True)
class MeetingDependencies:
    """The parts of the server that each meeting uses."""

    engine: MediaEngine
    scheduler: Scheduler
    connected_devices: ConnectedDevices
    state_writer: MeetingStateWriter
    record_writer: RecordWriter
    recordings: RecordingCatalog
    incidents: IncidentService
    attendance: Attendance
    audit: AuditLog
    clock: Callable[[], datetime]
    room_options: RoomOptions
    """Options that all rooms have in common."""
    caption_model: Path | None = None
    """The folder of the model that recognizes speech for captions; None: there are no captions."""


class MeetingRunner:
    """A meeting with its sockets. State changes at once; effects follow in the same order under one lock."""

    def __init__(
        self, state: MeetingState, host_unit: str, control: Control, dependencies: MeetingDependencies
    ) -> None:
        self.state = state
        self.control = control
        self._host_unit = host_unit
        self._dependencies = dependencies
        self.join_lock = asyncio.Lock()
        self.vote_lock = asyncio.Lock()
        self.accepted: set[str] = set()
        """Accounts that have accepted the confidentiality notice."""
        self.declared: set[str] = set()
        """Accounts that have declared that nothing shares their line."""
        self._clients: dict[str, Member] = {}
        self._not_joined: set[str] = set()
        """Clients whose seat is being stored, before they are told of it."""
        self._waiting: dict[str, Member] = {}
        """Clients in the waiting room, which are told nothing of the meeting."""
        self._present: set[str] = set()
        """Points that are present, as attendance counts them."""
        self._gone: dict[str, datetime] = {}
        """When points left whose departure is still to be written."""
        self._leaving: set[str] = set()
        """Those of them that the record writer writes."""
        self._reconnects: list[ReconnectAttempt] | None = None
        """Reconnections that wait for their turn to be written, in one fact; None: there are none."""
        self._stays = asyncio.Lock()
        """Held while arrivals and departures are written."""
        self.opened = False
        """Whether somebody has joined; False while the centre only calls room systems."""
        self.attached = False
        """Whether the engine has the room as this process wants it, if it is open."""
        self.moves = 0
        """How often the room has moved to another media worker; what was answered before leads to the one before."""
        self._connecting: set[str] = set()
        """Clients whose SDP offer is being answered."""
        self._over = False
        self._recovered = False
        """Whether it was taken over from another process, so that the engine may know more of it."""
        self._room_known = asyncio.Event()
        """Clear after a takeover until a worker brings the room, which overrides our state, or it is opened anew."""
        self._room_known.set()
        self._order = asyncio.Lock()
        self._decided = dependencies.clock()
        """When the effects that are carried out were decided: facts have this time, however long others take."""
        self._carrying: set[asyncio.Task[None]] = set()
        self._part = ""
        """The file of the part that is being recorded, or was last."""
        self.left_systems: tuple[SystemSnapshot, ...] = ()
        """Room systems whose calls an earlier process handled, until the SIP bridge takes them over."""
        self._flush: asyncio.TimerHandle | None = None
        self._carry: dict[type[Any], Callable[[Any], Awaitable[Tell | TellAll | None]]] = {
            OpenRoom: self._open_room,
            CloseRoom: self._close_room,
            SetNames: lambda effect: dependencies.engine.set_names(self.id, effect.title, effect.names),
            AddSeat: lambda effect: dependencies.engine.add_seat(self.id, effect.options),
            RemoveSeat: lambda effect: dependencies.engine.remove_seat(self.id, effect.seat),
            SetFloor: lambda effect: dependencies.engine.set_floor(self.id, effect.seat, effect.open),
            SetGain: lambda effect: dependencies.engine.set_gain(self.id, effect.seat, effect.decibels),
            MoveCamera: lambda effect: dependencies.engine.move_camera(self.id, effect.seat, effect.movement),
            UseCameraPreset: lambda e: dependencies.engine.use_camera_preset(self.id, e.seat, e.number, e.store),
            SelectCameraSource: lambda e: dependencies.engine.select_camera_source(self.id, e.seat, e.number),
            Arrange: lambda effect: dependencies.engine.set_layout(self.id, effect.layout, effect.audience),
            SetContent: lambda effect: dependencies.engine.set_content(self.id, effect.seat),
            RefuseShare: lambda effect: dependencies.engine.refuse_share(self.id, effect.seat),
            SetView: lambda effect: dependencies.engine.set_view(self.id, effect.seat, effect.source, effect.lines),
            StartRecording: self._start_recording,
            PauseRecording: self._pause_recording,
            RecordVoices: lambda effect: dependencies.engine.record_voices(self.id, effect.on),
            MarkRecording: self._mark,
            StopRecording: self._stop_recording,
            Direct: self._direct,
            Note: self._note,
            Speak: self._speak,
            StoreChat: self._store_chat,
            NotifyPoint: self._notify_point,
            StorePresets: self._store_presets,
            StoreStep: self._store_step,
            StoreSpeaking: self._store_speaking,
            Redialled: self._redialled,
            SetCaptions: self._set_captions,
            Release: self._release,
        }

    @property
    def id(self) -> str:
        """The id of session, meeting and room."""
        return self.state.booking.id

    @property
    def is_test_room(self) -> bool:
        """Return whether this is a test room, where a point tries its devices alone."""
        return self.state.booking.is_test_room

    @property
    def capacity_pool(self) -> str:
        """The name under which the join guard counts its legs: all test rooms share one."""
        return TEST_ROOM if self.is_test_room else self.id

    @property
    def snapshot(self) -> MeetingSnapshot:
        """The values from which another process continues the meeting."""
        return MeetingSnapshot(
            conference=self.state.snapshot,
            opened=self.opened,
            accepted=tuple(sorted(self.accepted)),
            declared=tuple(sorted(self.declared)),
            present=tuple(sorted(self._present)),
            gone=dict(self._gone),
            part=self._part,
            systems=self._systems(),
        )

    @property
    def protections(self) -> Iterator[str]:
        """Yield how the call of each room system is protected."""
        for each in self._clients.values():
            if isinstance(each, RoomSystem) and each.held:
                yield each.protection

    def _systems(self) -> tuple[SystemSnapshot, ...]:
        """Return the calls of room systems, with those of an earlier process that nobody has taken over yet."""
        seats = {client: seat.id for client in self._clients if (seat := self.state.roster.of(client)) is not None}
        calls = [
            SystemSnapshot(seats[each.id], each.device.id, each.call.snapshot)
            for each in self._clients.values()
            if isinstance(each, RoomSystem) and each.call is not None and each.id in seats
        ]
        return (*calls, *self.left_systems)

    def resume(self, member: Member, seat: str) -> bool:
        """Give a member the seat it had under an earlier process; return False if the seat is gone."""
        if not self.state.roster.take_back(member.id, seat):
            return False
        self.add(member)
        return True

    def recover(self, snapshot: MeetingSnapshot, now: datetime) -> None:
        """Take the values of a meeting that another process ran."""
        self.state.recover(snapshot.conference, now)
        self.opened, self._part, self.left_systems = snapshot.opened, snapshot.part, snapshot.systems
        self.accepted, self.declared = set(snapshot.accepted), set(snapshot.declared)
        self._present, self._gone = set(snapshot.present), dict(snapshot.gone)
        self._recovered = True
        self._room_known.clear()

    async def room_known(self) -> None:
        """Wait after a takeover until a worker has brought the room: what is changed before is overridden by it.

        A worker that does not come soon most likely died with the server before, and the room is opened from our state.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(ROOM_KNOWN_SECONDS):
                await self._room_known.wait()

    async def attach(self, room: RoomState, now: datetime) -> None:
        """Continue the meeting in the room that the engine holds."""
        state, self.attached = self.state, True
        recovered, self._recovered = self._recovered, False
        self._room_known.set()
        if recovered and room.recording is not None:
            self._part = room.recording
        await self.apply(state.adopt_room(room, now) if recovered else state.reconcile_room(room))

    async def rebuild(self) -> None:
        """Open the room anew, since no worker holds it any more."""
        self._recovered = False
        self._room_known.set()
        await self.apply(self.state.restore())

    async def move(self, move_room: Callable[[str, RoomOptions], Awaitable[None]]) -> None:
        """Open the room on another worker by `move_room`, and ask everyone who is connected to connect there.

        Nothing else is asked of the room before it has its seats there. Raises MediaError, and the meeting stays where
        it is.
        """
        async with self._order:
            await move_room(self.id, self._room_options)
            self.moves += 1
            self._plan_flush()
            self.changed()
            await self._carry_out(self.state.move(), self._dependencies.clock())
            for tell in self.state.ask_over():
                if tell.client not in self._connecting:  # else it is answered by the other worker
                    self._say(tell, None, None)

    async def move_seats(self, begin: Callable[[], Awaitable[tuple[list[str], bool]]]) -> tuple[list[str], bool]:
        """Ask seats of a room on several workers to connect to others, once `begin` has them answered there; return
        these, and whether another worker records, as it says. Raises MediaError, and all stays where it is."""
        async with self._order:
            seats, recording = await begin()
            self.moves += 1
            self._plan_flush()
            self.changed()
            for tell in self.state.move_seats(seats):
                if tell.client not in self._connecting:  # else it is answered by the other worker
                    self._say(tell, None, None)
        return seats, recording

    async def seats_moved(self, seats: Collection[str], *, recording: bool) -> None:
        """Show people in these seats what comes from where they moved to; with `recording`, record on elsewhere."""
        await self.apply(self.state.seats_moved(seats, self._dependencies.clock(), recording=recording))

    async def connect(self, client: str, sdp: str) -> str:
        """Answer an SDP offer of a client, by the worker that has the room once the answer is sent.

        Raises MessageError, MediaError.
        """
        self._connecting.add(client)
        try:
            while True:
                seat = self.state.offered(client)
                await self.apply([])
                moves = self.moves
                try:
                    answer = await self._dependencies.engine.connect(self.id, seat, sdp)
                except MediaError:
                    if moves == self.moves:
                        raise
                else:
                    if moves == self.moves:
                        return answer
        finally:
            self._connecting.discard(client)

    async def moved(self) -> None:
        """Show everyone the room where it moved to, and record there."""
        await self.apply(self.state.moved(self._dependencies.clock()))

    async def lost(self) -> None:
        """Note that the worker of the room is gone."""
        self.attached = False
        await self.apply(self.state.media_lost(self._dependencies.clock()))

    def changed(self) -> None:
        """Mark the meeting as changed, so that it is stored, unless it is over."""
        if not (self.is_test_room or self._over):
            self._dependencies.state_writer.changed(self)

    async def ensure_stored(self) -> None:
        """Wait until the present state is stored, so that a client that joined can come back after a crash."""
        if not self.is_test_room:
            await self._dependencies.state_writer.ensure_stored(self)

    @property
    def clients(self) -> int:
        """Number of connected members."""
        return len(self._clients)

    def member(self, client: str) -> Member | None:
        """Return a member by its id; None where it is not connected."""
        return self._clients.get(client)

    def add(self, client: Member, joined: bool = True) -> None:
        """Add a member. With `joined` False it gets nothing but a bye until :meth:`seat` has told it that it joined."""
        client.session = self.id
        self._clients[client.id] = client
        if not joined:
            self._not_joined.add(client.id)

    async def seat(self, client: Client, joined: Joined, effects: list[Effect], now: datetime, ref: str | None) -> None:
        """Store the seat of a client, send `joined`, then carry out the effects, also if its socket ends."""
        await self._shielded(self._seat(client, joined, effects, now, ref))

    async def _seat(
        self, client: Client, joined: Joined, effects: list[Effect], now: datetime, ref: str | None
    ) -> None:
        await self.ensure_stored()
        self._not_joined.discard(client.id)
        with suppress(MessageError):  # it is gone again, and its seat waits
            first, brief = self.state.welcome(client.id, joined.resume, now)
            client.send(first, ref)
            for effect in brief:
                client.send(effect.message)
        earlier = [each for each in effects if isinstance(each, Tell) and each.client == client.id]
        await self.apply([each for each in effects if each not in earlier])

    def wait(self, client: Client) -> None:
        """Put a client into the waiting room."""
        client.session = self.id
        self._waiting[client.id] = client

    def discard(self, client: Member) -> None:
        """Remove a client, seated or waiting."""
        self._clients.pop(client.id, None)
        self._waiting.pop(client.id, None)
        self._not_joined.discard(client.id)

    def legs(self) -> list[str]:
        """Return the connected legs, which the join guard keeps counting."""
        return [seat.leg for seat in self.state.roster.seats.values() if seat.here and seat.leg is not None]

    async def admit(self, point: str, now: datetime) -> None:
        """Record in the attendance that a point comes, before it is told so; a test room is not recorded."""
        async with self._stays:  # and nobody else waits for a database that does not answer
            await self._end_stay(point)
            if not self.is_test_room and point not in self._present:
                await self._dependencies.attendance.point_joined(self.id, point, now)
                self._present.add(point)

    async def apply(
        self,
        effects: Sequence[Effect],
        asker: Client | None = None,
        ref: str | None = None,
    ) -> None:
        """Carry out effects in order; messages to the asker carry its `ref`.

        An effect that database or disk refuse hinders none of the others. Raises the first such error in the end
        (SQLAlchemyError, OSError).
        """
        decided = self._dependencies.clock()
        self._plan_flush()
        self.changed()
        async with self._order:
            faults = await self._carry_out(effects, decided, asker, ref)
        if faults:
            raise faults[0]

    async def _carry_out(
        self, effects: Sequence[Effect], decided: datetime, asker: Client | None = None, ref: str | None = None
    ) -> list[Exception]:
        """Carry out effects in order; return the errors of database and disk."""
        self._decided = decided
        faults: list[Exception] = []
        await self._note_departures()
        for effect in effects:
            if isinstance(effect, Tell | TellAll | Hang | LetIn):
                self._say(effect, asker, ref)
                continue
            try:
                message = await self._do(effect)
            except (SQLAlchemyError, OSError) as fault:
                faults.append(fault)
                continue
            if message is not None:
                self._say(message, asker, ref)
        return faults

    async def tell(self, messages: Sequence[Tell | TellAll]) -> None:
        """Send messages about what is neither stored nor in the roster, such as levels four times a second.

        They follow the effects before them.
        """
        async with self._order:
            for message in messages:
                self._say(message, None, None)

    async def carry_out(
        self,
        effects: Sequence[Effect],
        asker: Client | None = None,
        ref: str | None = None,
    ) -> None:
        """Carry out all effects of a message, also when the socket of the asker ends meanwhile, as by its own bye."""
        await self._shielded(self.apply(effects, asker, ref))

    async def _shielded(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)
        await asyncio.shield(task)

    async def recording_stopped(self, path: str, error: str | None) -> None:
        """Note that the engine closed a file, or gave it up for `error`; that of an earlier part changes nothing."""
        if path == self._part:
            await self.apply(self.state.recording_stopped(error))

    async def recording_leaves(self, path: str) -> None:
        """Note that the worker cannot write a file any more, after which the next part begins on another worker."""
        if path == self._part:
            self._part = ""  # its end changes nothing
            await self.apply(self.state.recording_leaves(self._dependencies.clock()))

    async def _note_departures(self) -> None:
        """Record which points left, at once or when the database can be written again."""
        roster = self.state.roster
        for point in self._present - roster.present() - self._gone.keys():
            self._gone[point] = roster.last_heard(point) or self._dependencies.clock()
        for point in self._gone.keys() - self._leaving:
            self._leaving.add(point)
            await self._store(f"the departure of {point}", partial(self._leave, point), repeatable=True)

    async def _leave(self, point: str) -> None:
        async with self._stays:
            await self._end_stay(point)

    async def _end_stay(self, point: str) -> None:
        """Write the departure of a point, unless it is written."""
        if point not in self._gone:
            return
        await self._dependencies.attendance.point_left(self.id, point, self._gone[point])
        self._present.discard(point)
        self._leaving.discard(point)
        del self._gone[point]

    def _say(self, effect: Tell | TellAll | Hang | LetIn, asker: Client | None, ref: str | None) -> None:
        if isinstance(effect, TellAll):
            self._tell_all(effect.message, asker, ref)
            return
        client = self._clients.get(effect.client) or self._waiting.get(effect.client)
        if client is None:
            return
        if isinstance(effect, LetIn):
            self.discard(client)
            client.session = None
            client.send(Admitted())
            return
        own_ref = ref if client is asker else None
        if isinstance(effect, Hang):
            self.discard(client)
            client.hang_up(effect.reason, own_ref, effect.text)
        elif client.id not in self._not_joined:
            client.send(effect.message, own_ref)

    def _tell_all(self, message: ServerMessage, asker: Client | None = None, ref: str | None = None) -> None:
        """Send everyone a message that is encoded once; the asker's own copy carries its `ref`."""
        text = dump(message)
        for client in [each for each in self._clients.values() if each.id not in self._not_joined]:
            client.send_text(dump(message, ref) if client is asker else text)

    async def _do(self, effect: Effect) -> Tell | TellAll | None:
        """Carry out one effect; return the message that it brings about, if any.

        What a lost worker or Valkey cannot do now is repeated when it is back.
        """
        try:
            return await self._carry[type(effect)](effect)
        except EngineGone:
            log.info("x %s waits for the media worker", type(effect).__name__)
        except MediaError as error:
            log.warning("x %s in meeting %s: %s", type(effect).__name__, self.id, error)
        return None

    async def _release(self, effect: Release) -> None:
        self._dependencies.connected_devices.leave(self.capacity_pool, effect.leg)

    @property
    def _room_options(self) -> RoomOptions:
        booking = self.state.booking
        names, echo_s = self.state.names, booking.echo_s
        recorded = booking.recording or self.state.recording.runs
        return replace(
            self._dependencies.room_options, title=self.state.room_title, names=names, echo_s=echo_s, recorded=recorded
        )

    async def _open_room(self, _: OpenRoom) -> None:
        await self._dependencies.engine.open_room(self.id, self._room_options)
        self.attached = True

    async def _set_captions(self, effect: SetCaptions) -> None:
        model = self._dependencies.caption_model
        await self._dependencies.engine.set_captions(self.id, str(model) if effect.on and model else None)

    async def _close_room(self, _: CloseRoom) -> None:
        self.attached = False
        await self._dependencies.engine.close_room(self.id)

    async def _start_recording(self, effect: StartRecording) -> TellAll | None:
        """Begin the next part of the recording; return the message to all that it runs, or that it cannot.

        With a lost worker it begins once the worker is back.
        """
        recording = self.state.recording
        if not recording.awaits(effect):
            return None
        try:
            await self._record(effect)
        except EngineLate:  # it may still begin: its part is closed when the worker reports its end, or is lost
            effects = recording.waits(effect)
        except EngineGone:
            await self._not_recorded("media-restarting")
            effects = recording.waits(effect)
        except (MediaError, SQLAlchemyError, OSError) as error:
            log.warning("x recording of meeting %s: %s", self.id, error)
            word = "no-folder" if isinstance(error, CannotRecord) else "unavailable"
            await self._not_recorded(word)
            effects = recording.failed(effect, word)
        else:
            effects = recording.started(effect, self._dependencies.clock())
        return next((each for each in effects if isinstance(each, TellAll)), None)

    async def _record(self, effect: StartRecording) -> None:
        booking = self.state.booking
        host = (booking.places[0].name, self._host_unit)
        now = self._dependencies.clock()
        self._part = ""
        self._part = await self._dependencies.recordings.begin(
            self.id, booking.title, host, now, effect.by, effect.composed
        )
        await self._dependencies.recordings.mark(self.id, Chapter(0.0, self.state.chapter))
        try:
            await self._dependencies.engine.start_recording(self.id, self._part, effect.composed)
        except EngineLate:
            if await self._dependencies.engine.recorded(self.id) is None:
                raise MediaError("the media worker has not begun to record") from None

    async def _not_recorded(self, word: str) -> None:
        """Close the part that was to begin, if the database has it."""
        if self._part:
            await self._dependencies.recordings.ended(self._part, 0, word)

    async def _pause_recording(self, effect: PauseRecording) -> None:
        try:
            await self._dependencies.engine.pause_recording(self.id, effect.paused)
        finally:
            await self._dependencies.recordings.paused(self.id, effect.paused)

    async def _mark(self, effect: MarkRecording) -> Tell | None:
        seconds = await self._dependencies.engine.recorded(self.id)
        if seconds is None:
            return None
        await self._dependencies.recordings.mark(self.id, Chapter(seconds, effect.title))
        return None if effect.by is None else Tell(effect.by, Marked(title=effect.title, seconds=round(seconds, 1)))

    async def _stop_recording(self, effect: StopRecording) -> None:
        """Stop the recording; its reason is stored first, since the engine may report the end of the file at once."""
        await self._dependencies.recordings.stopping(self.id, effect.by, effect.reason)
        await self._dependencies.engine.stop_recording(self.id)

    async def _speak(self, effect: Speak) -> None:
        """Record who has the floor, but not in a test room; a meeting goes on where that cannot be written."""
        now, attendance = self._decided, self._dependencies.attendance
        if self.is_test_room:
            return
        if not effect.open:
            await self._store(
                f"the end of the floor of {effect.name}", lambda: attendance.floor_ended(self.id, effect.name, now)
            )
            return
        speech = FloorTime(effect.point, effect.name, effect.place, effect.topic, now)
        await self._store(f"the floor of {effect.name}", lambda: attendance.floor_given(self.id, speech))
        if effect.by:
            entry = self._entry(effect.by, "speak-uninvited", effect.name, now)
            await self._store(f"speak-uninvited by {effect.by}", lambda: self._dependencies.audit.append(entry))

    async def _store_chat(self, effect: StoreChat) -> None:
        """Store a chat message; it is read in the meeting where that cannot be written."""
        sent = effect.message
        entry = ChatEntry(sent.at, sent.point, sent.name, sent.chair, sent.to, sent.text)
        attendance = self._dependencies.attendance
        await self._store(f"a chat message of {sent.name}", lambda: attendance.chat_written(self.id, entry))

    async def _store_step(self, effect: StoreStep) -> None:
        """Store where the script is; a meeting goes on where that cannot be written."""
        now, attendance = self._decided, self._dependencies.attendance
        await self._store("a step of the script", lambda: attendance.stepped(self.id, effect.item, now))

    async def _notify_point(self, effect: NotifyPoint) -> None:
        """Write the letter to an absent point; raises SQLAlchemyError, so that who called it is told."""
        now = self._decided
        note = self._dependencies.audit.noting(self._entry(effect.by, "call-point", effect.point, now))
        await self._dependencies.attendance.call(self.id, effect.point, now, note)

    async def _store_presets(self, effect: StorePresets) -> None:
        """Store the presets; raises SQLAlchemyError, so that who saved one is told."""
        layouts = {preset.number: preset.model_dump_json(exclude={"number"}) for preset in effect.presets}
        await self._dependencies.scheduler.set_presets(self.id, layouts)

    async def _store_speaking(self, effect: StoreSpeaking) -> None:
        """Store for how long points spoke; a meeting goes on where that cannot be written."""
        attendance = self._dependencies.attendance
        await self._store("speaking times", lambda: attendance.spoken(self.id, effect.seconds))

    async def _redialled(self, effect: Redialled) -> None:
        """Record how devices reconnected, in one transaction with those that come until its turn to be written.

        Who comes back does not wait for it: after a failover all seats of all meetings come back at once.
        """
        if self._reconnects is not None:
            self._reconnects.extend(effect.redials)
            return
        reconnects = self._reconnects = list(effect.redials)

        async def write() -> None:
            if self._reconnects is reconnects:
                self._reconnects = None  # what comes from now on is written after it
            await self._dependencies.attendance.add_reconnects(self.id, reconnects)

        lost = all(each.kind == "lost" for each in effect.redials)
        if not await self._store("reconnections", write, PATIENCE_SECONDS if lost else 0):
            self._reconnects = None

    async def _store(
        self,
        what: str,
        write: Callable[[], Awaitable[object]],
        patience_s: float = PATIENCE_SECONDS,
        *,
        repeatable: bool = False,
    ) -> bool:
        """Store a fact of this meeting, at once or when the database can be written again; return False if it is lost,
        since too many wait."""
        named = f"{what} in meeting {self.id}"
        return await self._dependencies.record_writer.store(named, write, patience_s, repeatable=repeatable)

    async def _direct(self, effect: Direct) -> None:
        """Record who controls alone, the centre in calls for help, too; without an address where its seat was lost."""
        step: StepKind = "control" if effect.on else "returned"
        action, now = "direct" if effect.on else "direct-end", self._decided
        entry, incidents = self._entry(effect.by, action, "", now), self._dependencies.incidents
        await self._store(f"{action} by {effect.by}", partial(self._dependencies.audit.append, entry), NOTE_SECONDS)
        if effect.centre:
            note = partial(incidents.note, self.id, step, effect.by, now)
            await self._store(f"{action} by {effect.by} in calls for help", note, NOTE_SECONDS)

    async def _note(self, effect: Note) -> None:
        """Record what a controller does; a meeting goes on where that takes too long or cannot be written."""
        entry = effect.source.entry(self._decided, effect.by, effect.action, self.id, effect.detail)
        audit = self._dependencies.audit
        await self._store(f"{effect.action} by {effect.by}", lambda: audit.append(entry), NOTE_SECONDS)

    def _entry(self, account: str, action: str, detail: str, now: datetime) -> AuditEntry:
        sources = (client.source for client in self._clients.values() if client.account.account == account)
        return next(sources, Source("", 0)).entry(now, account, action, self.id, detail)

    def _plan_flush(self) -> None:
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Send everyone what changed in the roster."""
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        message = self.state.flush()
        if message is not None:
            self._tell_all(message)

    def close(self) -> None:
        """End the meeting: stop the timer, and store nothing of it any more."""
        self._over = True
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
