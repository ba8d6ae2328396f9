"""Owns all running meetings: opens one when the first person joins, ticks each once a second, routes media events."""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from mediaserver.api import (
    CameraControllable,
    CameraWanted,
    Caption,
    CaptionsState,
    ComposedWhen,
    DigitPressed,
    EngineLost,
    EngineReady,
    FloorDecided,
    KeyframeWanted,
    Levels,
    MediaElsewhere,
    MediaEngine,
    PeerDown,
    PeerUp,
    RecordingEnded,
    RecordingFailed,
    RoomState,
    ShareAsked,
    Speaking,
    TilesForwarded,
)
from mediaserver.errors import MediaError
from mediaserver.logs import about
from scheduler.booking.registration.service import Scheduler
from scheduler.core.errors import SchedulerError
from scheduler.core.model import Interval, Point, ScriptItem, Session
from scheduler.operations.readiness.duty import Duty
from scheduler.policy.controllers import Control
from scheduler.policy.policy import MeetingPolicy, Policy
from signaling.accounts.unit_directory import UnitDirectory
from signaling.core.errors import MessageError, ShuttingDown
from signaling.http.metrics import Load
from signaling.meeting.client import Client
from signaling.meeting.connected_devices import REFRESH_SECONDS, TEST_ROOM
from signaling.meeting.line_monitor import LineMonitor
from signaling.meeting.runner import MeetingDependencies, MeetingRunner
from signaling.meeting.state.booking import Booking
from signaling.meeting.state.meeting_state import MeetingState
from signaling.meeting.state.roster import Place, Seated
from signaling.meeting.state.snapshot import MeetingSnapshot
from signaling.meeting.votes import MeetingVotes
from signaling.messages.effects import Effect, Tell, TellAll
from signaling.messages.joining import OnDuty
from signaling.messages.layouts import Preset
from signaling.messages.recording import ComposingState, StorageState
from signaling.messages.words import Farewell
from signaling.recording.composing_progress import Composing
from signaling.recording.model import InterruptedRecording, Recording
from signaling.workers.pool import RecordingLost, RoomBack, RoomHeld, RoomLost, SeatsLost

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
DISK_SECONDS = 2.0
"""Interval at which the disk of the recordings is measured; with a tick on top, its alarm is sent within 5 s."""
SETTLE_SECONDS = 1.5
"""At shutdown, recordings may take this long to be closed and written to the database."""
TEST_TITLE = "Phòng thử"
NOBODY = Control((), (), "")
"""The controllers of a test room: there are none."""


class MeetingManager:
    """Owns the running meetings and the sockets of their participants."""

    def __init__(
        self,
        scheduler: Scheduler,
        dependencies: MeetingDependencies,
        line_monitor: LineMonitor,
        votes: MeetingVotes,
    ) -> None:
        self._scheduler = scheduler
        self.dependencies = dependencies
        self.line_monitor = line_monitor
        self._votes = votes
        self.stopping = False
        """Whether the server ends, so that nobody may join any more."""
        self.meetings: dict[str, MeetingRunner] = {}
        self.clients: set[Client] = set()
        self._sessions: dict[str, Session] = {}
        self._opening = asyncio.Lock()
        self._refreshed: datetime | None = None
        self._looked: datetime | None = None
        self._storage: StorageState | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: asyncio.Task[None] | None = None
        """Waits for workers of other machines, which may bring their rooms."""
        self.left = False
        """Whether the meetings were left to another process."""
        self.leave_recorder: Callable[[str, str], bool] = lambda room, path: False
        """Lets the worker that records a room into a file record no more; returns False if no other one could."""
        self.clock_ahead: Callable[[str], float] = lambda room: 0.0
        """Returns by how many seconds the clock of the worker that has a room is ahead of ours."""
        self._routes: dict[type[Any], Callable[[Any], Awaitable[None]]] = {
            PeerUp: self._peer_up,
            PeerDown: lambda e: self._change_state(e.room, lambda c: c.peer_down(e.seat)),
            CameraControllable: lambda e: self._change_state(e.room, lambda c: c.controllable(e.seat, e.control)),
            CameraWanted: lambda e: self._tell(e.room, lambda c: c.wanted(e.seat, e.lines)),
            TilesForwarded: lambda e: self._tell(e.room, lambda c: c.tiles_forwarded(e)),
            Speaking: lambda e: self._tell(e.room, lambda c: c.speaker_changed(e.seat)),
            Caption: lambda e: self._tell(e.room, lambda c: c.caption(e)),
            CaptionsState: lambda e: self._tell(e.room, lambda c: c.captions_changed(e.word)),
            Levels: lambda e: self._tell(e.room, lambda c: c.levels(e.levels)),
            RecordingFailed: self._recording_failed,
            RecordingEnded: self._recording_ended,
            RecordingLost: lambda e: self.dependencies.recordings.lost(e.path, self.dependencies.clock()),
            RoomLost: lambda e: self._media_lost(e.room),
            SeatsLost: lambda e: self._change_state(e.room, lambda c: c.seats_lost(e.seats)),
            RoomBack: lambda e: self._room_back(e.room),
            RoomHeld: lambda e: self._room_held(e.room, doubled=e.doubled),
            EngineLost: lambda _: self._every_room(self._room_lost),
            EngineReady: lambda _: self._every_room(self._room_back),
        }

    async def load(self) -> Load:
        """Return the load that /metrics shows: sockets, meetings, seats by role, calls, statistics of the engine."""
        roles = [
            seat.role for meeting in self.meetings.values() for seat in meeting.state.roster.seats.values() if seat.here
        ]
        running = sum(not meeting.state.empty for meeting in self.meetings.values())
        calls = Counter(each for meeting in self.meetings.values() for each in meeting.protections)
        return Load(len(self.clients), running, Counter(roles), calls, await self.engine.stats())

    @property
    def engine(self) -> MediaEngine:
        """The media engine."""
        return self.dependencies.engine

    def hand_digits_to(self, take: Callable[[DigitPressed], Awaitable[None]]) -> None:
        """Hand the digits of room systems to `take` from now on."""
        self._routes[DigitPressed] = take

    def hand_media_news_to(self, take: Callable[[MediaElsewhere], Awaitable[None]]) -> None:
        """Hand what is told of room systems' media from elsewhere to `take` from now on."""
        self._routes[MediaElsewhere] = take

    def hand_keyframe_requests_to(self, take: Callable[[KeyframeWanted], Awaitable[None]]) -> None:
        """Hand requests for key frames of room systems, that RTCP may not bring, to `take` from now on."""
        self._routes[KeyframeWanted] = take

    def hand_floor_decisions_to(self, take: Callable[[FloorDecided], Awaitable[None]]) -> None:
        """Hand what room systems are to be told of slides by their calls to `take` from now on."""
        self._routes[FloorDecided] = take

    def hand_share_requests_to(self, take: Callable[[ShareAsked], Awaitable[None]]) -> None:
        """Hand requests of room systems to show their slides, and the ends of that, to `take` from now on."""
        self._routes[ShareAsked] = take

    async def share_asked(self, room: str, seat: str, *, on: bool) -> None:
        """Let a room system show its slides, or refuse it; or end that (:class:`ShareAsked`)."""
        await self._change_state(room, lambda meeting: meeting.share_asked(seat, on))

    def start(self) -> None:
        """Start routing engine events, storing changes and ticking."""
        self.count_legs()
        self.dependencies.state_writer.start()
        works = (self._route(), self._tick_forever(), self.dependencies.connected_devices.keep())
        self._tasks = [asyncio.create_task(work) for work in works]

    async def recover(self, patience: float) -> None:
        """Continue the meetings of an earlier process, in the rooms that media workers hold.

        A room that no worker holds is awaited for `patience` seconds, in which a worker of another machine may dial
        in; then the room is opened anew, and its files are closed. Raises SQLAlchemyError.
        """
        now = self.dependencies.clock()
        if patience:
            self.dependencies.recordings.forget_lost()
        held = await self.engine.held()
        for end in held.ended:
            await self._guarded(self._note_end(end))
        lost = await self.dependencies.recordings.taken_over() - held.writing.keys()
        if not patience:
            await self._close_files(lost)
        stored = await self.dependencies.state_writer.take_over()
        missing = {session for session in stored if stored[session].conference.room_open} - set(held.rooms)
        for session, snapshot in stored.items():
            try:
                await self._continue(session, snapshot, now)
            except SQLAlchemyError:
                raise  # the next start continues all of them
            except Exception:
                log.exception("x the meeting of session %s cannot be continued", session)
        await self.dependencies.attendance.recover(self.meetings.keys())
        await self._close_votes(now)
        for room in set(held.rooms) - self.meetings.keys():
            log.warning("x room %s belongs to no meeting and is closed", room)
            with suppress(MediaError):  # its worker is gone, and the room with it
                await self.engine.close_room(room)
        if patience:
            self._waiting = asyncio.create_task(self._wait_for_workers(lost, missing, patience))
        await self._reopen(self.meetings.keys() - missing if patience else self.meetings)
        await self.tick(now)

    async def _continue(self, id_: str, snapshot: MeetingSnapshot, now: datetime) -> None:
        """Continue one meeting of an earlier process, unless its session is over."""
        try:
            session = await self._scheduler.session(id_)
        except SchedulerError:
            self.dependencies.state_writer.ended(id_)
            return
        leaves = snapshot.conference.gives_way_at
        if (now >= leaves) if leaves is not None else self._scheduler.phase(session, now) not in {"lobby", "open"}:
            self.dependencies.state_writer.ended(id_)
            return
        meeting = await self.open(session)
        meeting.recover(snapshot, now)
        if (room := await self._room(id_)) is not None:
            await self._guarded(meeting.attach(room, now))

    async def _close_votes(self, now: datetime) -> None:
        """Close the votes that were in progress in sessions that are over."""
        over = set()
        for id_ in await self._votes.in_progress():
            try:
                if self._scheduler.phase(await self._scheduler.session(id_), now) not in {"lobby", "open"}:
                    over.add(id_)
            except SchedulerError:
                over.add(id_)
        await self._votes.recover(over, now)

    async def _room(self, session: str) -> RoomState | None:
        """Return the room of a session as the engine holds it, None where it holds none."""
        try:
            return await self.engine.room_state(session)
        except MediaError:
            return None

    async def _wait_for_workers(self, files: set[str], rooms: set[str], patience: float) -> None:
        """After `patience` seconds, close the files and reopen the rooms that no worker has brought."""
        await asyncio.sleep(patience)
        with suppress(MediaError):
            files -= (await self.engine.held()).writing.keys()
        await self._close_files(files)
        await self._reopen(rooms)

    async def _close_files(self, files: Iterable[str]) -> None:
        """Close files that no worker records into any more; those whose end is known stay as they are."""
        for path in files:
            await self._guarded(self.dependencies.recordings.lost(path, self.dependencies.clock()))

    async def _reopen(self, rooms: Iterable[str]) -> None:
        """Open the rooms of these meetings anew where no worker holds them."""
        for meeting in [self.meetings[room] for room in rooms if room in self.meetings]:
            if not meeting.attached:
                await self._guarded(meeting.lost())
                await self._guarded(meeting.rebuild())

    async def leave(self) -> None:
        """Close all sockets and leave the rooms as they are: another process continues the meetings. Idempotent."""
        if self.left:
            return
        self.left = self.stopping = True
        await self.dependencies.state_writer.stop()
        self.hang_up()
        await self._end_tasks()
        await self.dependencies.record_writer.stop()

    def hang_up(self) -> None:
        """Close all sockets, for another server: who is connected goes there."""
        for client in list(self.clients):
            client.hang_up("shutdown")

    async def stop(self) -> None:
        """End all meetings, close all sockets and rooms, unless they were left to another process."""
        if self.left:
            return
        self.stopping = True
        for meeting in list(self.meetings.values()):
            await self._finish(meeting, "shutdown")
        await self.dependencies.recordings.settled(SETTLE_SECONDS)
        for client in list(self.clients):
            client.hang_up("shutdown")
        await self._end_tasks()
        await self.dependencies.record_writer.stop()
        await self.dependencies.state_writer.stop()

    async def _end_tasks(self) -> None:
        tasks = [*self._tasks, *([] if self._waiting is None else [self._waiting])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def meeting(self, session: Session) -> MeetingRunner:
        """Return the meeting of a session that somebody joins; open it if needed. Raises ShuttingDown."""
        if self.stopping:
            raise ShuttingDown
        meeting = await self.open(session)
        if not meeting.opened:
            meeting.opened = True
            happened = partial(self._scheduler.opened, session.id, self.dependencies.clock())
            await self.dependencies.record_writer.store(f"the opening of meeting {session.id}", happened)
        return meeting

    async def open(self, session: Session) -> MeetingRunner:
        """Return the meeting of a session; open it if needed, if only to call room systems."""
        async with self._opening:
            if session.id not in self.meetings:
                points = await self.unit_directory(self.dependencies.clock())
                control, host = points.control(session), points[session.host_point]
                invited = [points[point] for point in session.everyone]
                places = tuple(Place.of(point) for point in invited)
                self._sessions[session.id] = session
                script = await self._scheduler.script(session.id)
                presets = _presets(await self._scheduler.presets(session.id))
                rules = points.policy.conduct.meeting
                by = f"{points.named(control.units)} ({control.article})" if control.units else ""
                interrupted = await self.dependencies.recordings.left(session.id)
                composed = points.policy.conduct.recordings.composed
                duty = await self.dependencies.incidents.on_duty(session.id)
                booking = _booking(session, places, script, presets, by, rules, interrupted, composed, duty)
                booking = replace(booking, captions=self.dependencies.caption_model is not None)
                state = MeetingState(booking)
                if self._storage is not None:
                    state.disk(self._storage)
                meeting = MeetingRunner(state, host.unit, control, self.dependencies)
                await self._votes.load(meeting)
                self.meetings[session.id] = meeting
            return self.meetings[session.id]

    def open_test_room(self, point: Point, now: datetime) -> MeetingRunner:
        """Return the test room of a point, where nobody else sees or hears it; an empty one begins its time anew."""
        policy = self._scheduler.policy(now)
        stay = Interval(now, now + policy.preparation.test_room.stay)
        id_ = f"{TEST_ROOM}:{point.id}"
        if id_ not in self.meetings:
            state = MeetingState(_test_room_booking(id_, point, stay, policy))
            self.meetings[id_] = MeetingRunner(state, point.unit, NOBODY, self.dependencies)
        elif self.meetings[id_].state.empty:
            self.meetings[id_].state.amended(TEST_TITLE, stay, policy.capacity.test_legs)
        return self.meetings[id_]

    async def unit_directory(self, now: datetime) -> UnitDirectory:
        """Return the units and points by which rights are decided at `now`."""
        points = {point.id: point for point in await self._scheduler.points()}
        return UnitDirectory(points, await self._scheduler.units(), self._scheduler.all_profiles, now)

    def of(self, client: Client) -> MeetingRunner | None:
        """Return the meeting that a client has joined, None without one."""
        return None if client.session is None else self.meetings.get(client.session)

    def seat(self, client: Client) -> str | None:
        """Return the seat of a client, None without one."""
        meeting = self.of(client)
        seat = None if meeting is None else meeting.state.roster.of(client.id)
        return None if seat is None else seat.id

    def reserved_seats(self, room: str) -> int:
        """Return how many seats are booked for a room, 0 for one without a meeting."""
        meeting = self.meetings.get(room)
        return 0 if meeting is None else meeting.state.booking.legs

    def seated(self, account: str) -> bool:
        """Return whether an account has a seat in a meeting, connected or not."""
        rosters = [meeting.state.roster for meeting in self.meetings.values()]
        return any(seat.account == account for roster in rosters for seat in roster.seats.values())

    def joined(self, client: Client) -> MeetingRunner:
        """Return the meeting that a client has joined. Raises MessageError ``not-joined``."""
        if (meeting := self.of(client)) is None:
            raise MessageError("not-joined")
        return meeting

    async def disconnected(self, client: Client, now: datetime) -> None:
        """Handle a closed socket: its seat waits, counted from the last sign of life."""
        meeting = self.of(client)
        client.session = None
        if meeting is not None:
            meeting.discard(client)
            await meeting.apply(meeting.state.lost(client.id, min(client.heard, now)))

    async def composing(self, recording: Recording, composing: Composing) -> None:
        """Tell the controllers of a running meeting how much of a closed part of its recording is composed."""
        state = ComposingState(part=recording.part, percent=composing.percent, ready=composing.ready)
        await self._guarded(self._tell(recording.session, lambda c: c.composing(state)))

    async def scripted(self, session: str, items: Sequence[ScriptItem], now: datetime) -> None:
        """Apply a changed script to the meeting of a session, if it runs."""
        meeting = self.meetings.get(session)
        if meeting is not None:
            await meeting.apply(meeting.state.scripted(items, now))

    async def called(self, session: str, points: Collection[str], now: datetime) -> list[str]:
        """Return which of these points the chair of a running meeting calls; their people know of it from now on."""
        meeting = self.meetings.get(session)
        if meeting is None:
            return []
        calls = meeting.state.controller_notices.called
        await meeting.tell(meeting.state.call_seen(points, now))
        return [point for point in points if point in calls]

    def resumed(self, account: str, token: str | None, code: str) -> tuple[MeetingRunner, Seated] | None:
        """Return the seat that an account takes back by its resume token, and its meeting, known by a session code.

        Raises ShuttingDown.
        """
        if self.stopping:
            raise ShuttingDown
        for meeting in [self.meetings[id_] for id_, session in self._sessions.items() if session.code == code]:
            if (seat := meeting.state.roster.resumed(account, token)) is not None:
                return meeting, seat
        return None

    async def cancelled(self, session: str) -> None:
        """End the meeting of a session that was cancelled."""
        await self._end_session(session, "cancelled")

    async def revoked(self, sessions: Iterable[str]) -> None:
        """End the meetings of sessions whose codes were revoked (R-066)."""
        for session in sessions:
            await self._end_session(session, "revoked")

    async def displaced(self, sessions: Iterable[str], now: datetime) -> None:
        """End the meetings of sessions whose codes went to another session; one in its slot gets notice first (A25)."""
        for session in sessions:
            meeting = self.meetings.get(session)
            if meeting is None or self._scheduler.phase(self._sessions[session], now) != "open":
                await self._end_session(session, "revoked")
            else:
                notice = self._scheduler.policy(now).revocation.live_notice
                await meeting.apply(meeting.state.gives_way(now + notice))

    async def _end_session(self, session: str, reason: Farewell) -> None:
        meeting = self.meetings.get(session)
        if meeting is not None:
            await self._finish(meeting, reason)

    def giving_way(self, session: str, code: str) -> Session | None:
        """Return the session of a code that was taken away, while its meeting goes on for the time of notice."""
        meeting = self.meetings.get(session)
        if meeting is None or meeting.state.gives_way_at is None or self._sessions[session].code != code:
            return None
        return self._sessions[session]

    async def amended(self, session: Session) -> None:
        """Apply a changed session to its meeting: title, end, number of legs, points; everyone is told."""
        meeting = self.meetings.get(session.id)
        if meeting is not None:
            self._sessions[session.id] = session
            points = await self.unit_directory(self.dependencies.clock())
            places = [Place.of(points[point]) for point in session.everyone]
            effects = meeting.state.amended(
                session.title, session.official, session.legs, places, session.recording, session.voices
            )
            await meeting.apply(effects)

    async def tick(self, now: datetime) -> None:
        """Do what is due at `now`: measure the disk, find absences, end meetings, refresh join guard and attendance."""
        await self._measure_disk(now)
        due = self._refreshed is None or _seconds_between(self._refreshed, now) >= REFRESH_SECONDS
        self._refreshed = now if due else self._refreshed
        for meeting in list(self.meetings.values()):
            if meeting.id in self.meetings:  # one may end while time passes in another
                with about(session=meeting.id):
                    await self._guarded(self._tick_meeting(meeting, now))
        if due:
            self.count_legs()
            meetings = [meeting for meeting in self.meetings.values() if not meeting.is_test_room]
            present = {meeting.id: meeting.state.roster.present() for meeting in meetings}
            await self.dependencies.attendance.confirm_present(present, now)
            await self._votes.forget_keys(now)

    async def _tick_meeting(self, meeting: MeetingRunner, now: datetime) -> None:
        if (reason := self._end_reason(meeting, now)) is not None:
            await self._finish(meeting, reason)
            return
        await meeting.apply([*meeting.state.tick(now), *meeting.state.clock(self.clock_ahead(meeting.id))])
        if not meeting.is_test_room:
            await self._votes.tick(meeting, now)
            await self.line_monitor.look(meeting, now)

    def _end_reason(self, meeting: MeetingRunner, now: datetime) -> Farewell | None:
        """Return why a meeting ends now, None while it goes on."""
        state = meeting.state
        if meeting.is_test_room:
            return "ended" if now >= state.booking.end else None
        if state.gives_way_at is not None and now >= state.gives_way_at:
            return "revoked"
        return None if self._scheduler.phase(self._sessions[meeting.id], now) in {"lobby", "open"} else "ended"

    async def _measure_disk(self, now: datetime) -> None:
        if self._looked is not None and _seconds_between(self._looked, now) < DISK_SECONDS:
            return
        self._looked = now
        try:
            space = await self.dependencies.recordings.space()
        except OSError as error:
            log.warning("x the free space for recordings cannot be measured: %s", error)
            return
        states = [meeting.state.recording.state for meeting in self.meetings.values()]
        running = [state.composed for state in states if state.on]
        composed = running or [self._scheduler.policy(now).conduct.recordings.composed]  # the next one's
        afterwards = composed.count("afterwards")
        hours = space.hours(self.dependencies.recordings.running, self._voices, afterwards)
        self._storage = StorageState(level=space.level, hours=_rounded(hours))
        for meeting in list(self.meetings.values()):
            if effects := meeting.state.disk(self._storage):
                await self._guarded(meeting.apply(effects))

    @property
    def _voices(self) -> int:
        """Upper limit of isolated tracks that are recorded now: as many for each meeting as voices are mixed."""
        states = [meeting.state.recording.state for meeting in self.meetings.values()]
        return self.dependencies.room_options.mixed * sum(state.on and state.voices for state in states)

    def count_legs(self) -> None:
        """Tell the join guard which legs are connected, also those of meetings that an earlier process opened."""
        legs: dict[str, set[str]] = {}
        for meeting in self.meetings.values():
            legs.setdefault(meeting.capacity_pool, set()).update(meeting.legs())
        self.dependencies.connected_devices.hold(legs)

    async def _finish(self, meeting: MeetingRunner, reason: Farewell) -> None:
        if self.meetings.pop(meeting.id, None) is None:
            return  # it has ended while another one was ended
        self._sessions.pop(meeting.id, None)
        if reason != "shutdown":
            await self._guarded(self._votes.end(meeting, self.dependencies.clock()))
        await meeting.apply(meeting.state.end(reason))
        meeting.close()
        self.dependencies.state_writer.ended(meeting.id)
        self.line_monitor.forget(meeting.id)

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            await self._guarded(self.tick(self.dependencies.clock()))

    async def _route(self) -> None:
        async for event in self.engine.events():
            with about(session=getattr(event, "room", None), seat=getattr(event, "seat", None)):
                log.debug("< %s", event)
                await self._guarded(self._routes[type(event)](event))

    async def _guarded(self, work: Awaitable[None]) -> None:
        """Await work of one meeting and log its exception, which must not stop the others."""
        try:
            await work
        except Exception:
            log.exception("x work for one meeting failed, the others go on")

    async def _peer_up(self, event: PeerUp) -> None:
        meeting = self.meetings.get(event.room)
        seat = None if meeting is None else meeting.state.roster.seats.get(event.seat)
        if meeting is not None and seat is not None and seat.client is not None:
            client = meeting.member(seat.client)
            if isinstance(client, Client):
                client.end_joining("connected")
        await self._change_state(event.room, lambda c: c.peer_up(event.seat))

    async def _change_state(self, room: str, change: Callable[[MeetingState], Sequence[Effect]]) -> None:
        meeting = self.meetings.get(room)
        if meeting is not None:
            await meeting.apply(change(meeting.state))

    async def _tell(self, room: str, messages: Callable[[MeetingState], Sequence[Tell | TellAll]]) -> None:
        meeting = self.meetings.get(room)
        if meeting is not None:
            await meeting.tell(messages(meeting.state))

    async def _every_room(self, act: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        for room in list(self.meetings):
            await act(room)

    async def _room_lost(self, room: str) -> None:
        try:
            await self.dependencies.recordings.interrupted(self.dependencies.clock(), room)
        finally:
            await self._media_lost(room)

    async def _media_lost(self, room: str) -> None:
        if (meeting := self.meetings.get(room)) is not None:
            await meeting.lost()

    async def _room_back(self, room: str) -> None:
        if (meeting := self.meetings.get(room)) is not None and not meeting.attached:
            await meeting.rebuild()

    async def _room_held(self, room: str, *, doubled: bool) -> None:
        """Continue a meeting in the room that a worker brought; close a room without a meeting.

        Of a `doubled` one another worker's was closed: everybody connects anew.
        """
        meeting = self.meetings.get(room)
        if meeting is None:
            await self.engine.close_room(room)
            return
        if not meeting.attached and (state := await self._room(room)) is not None:
            await meeting.attach(state, self.dependencies.clock())
        if doubled:
            await meeting.apply(meeting.state.connect_anew())

    async def _recording_failed(self, event: RecordingFailed) -> None:
        """Go on recording on another worker where only this one cannot write: the folder has room for us, and is not
        merely slow, as it is for all."""
        meeting = self.meetings.get(event.room)
        alone = event.error != "disk-slow" and await self._has_room()
        if meeting is not None and alone and self.leave_recorder(event.room, event.path):
            log.error("x recording %s: %s; it goes on on another media worker", event.path, event.error)
            await meeting.recording_leaves(event.path)
        else:
            await self._recording_stopped(event.room, event.path, event.error)

    async def _has_room(self) -> bool:
        try:
            return (await self.dependencies.recordings.space()).level != "full"
        except OSError:
            return False

    async def _recording_ended(self, event: RecordingEnded) -> None:
        try:
            await self._note_end(event)
        finally:
            await self._recording_stopped(event.room, event.path, event.error)

    async def _note_end(self, end: RecordingEnded) -> None:
        """Store how a recording ended; then acknowledge it, so that its worker does not report it again."""
        if await self.dependencies.recordings.ended(end.path, end.seconds, end.error):
            with suppress(MediaError):
                await self.engine.noted(end.path)

    async def _recording_stopped(self, room: str, path: str, error: str | None) -> None:
        if (meeting := self.meetings.get(room)) is not None:
            await meeting.recording_stopped(path, error)


def _seconds_between(before: datetime, now: datetime) -> float:
    """Return the seconds between two times; the clock may have been set back meanwhile."""
    return abs((now - before).total_seconds())


def _rounded(hours: float) -> float:
    """Round to tenths below ten hours, to whole hours above: nobody reads a figure that changes all the time."""
    return round(hours, 1) if hours < 10 else float(round(hours))


def _presets(layouts: Mapping[int, str]) -> tuple[Preset, ...]:
    """Return stored presets; one that another release wrote and this one does not know is left out."""
    found: list[Preset] = []
    for number, layout in layouts.items():
        with suppress(ValidationError):
            found.append(Preset(number=number, **json.loads(layout)))
    return tuple(found)


def _test_room_booking(id_: str, point: Point, stay: Interval, policy: Policy) -> Booking:
    return Booking(
        id=id_,
        title=TEST_TITLE,
        number="",
        places=(Place.of(point),),
        start=stay.start,
        end=stay.end,
        recording=False,
        legs=policy.capacity.test_legs,
        echo_s=policy.preparation.test_room.echo_ms / 1000,
    )


def _booking(
    session: Session,
    places: tuple[Place, ...],
    script: tuple[ScriptItem, ...],
    presets: tuple[Preset, ...],
    controllers: str,
    rules: MeetingPolicy,
    left: InterruptedRecording | None,
    composed: ComposedWhen,
    duty: Duty | None,
) -> Booking:
    official = session.official
    return Booking(
        id=session.id,
        title=session.title,
        number=session.number,
        places=places,
        start=official.start,
        end=official.end,
        recording=session.recording,
        legs=session.legs,
        script=script,
        presets=presets,
        voices=session.voices,
        controllers=controllers,
        advisory=rules.microphones == "advisory",
        watermark=rules.watermark,
        left=left,
        composed=composed,
        duty=None if duty is None else OnDuty(name=duty.name, phone=duty.phone),
    )
