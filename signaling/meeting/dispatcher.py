"""Dispatches WebSocket messages: one table from a message's type to the small function that obeys it."""

import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from mediaserver.errors import BadOffer, MediaError
from mediaserver.logs import about
from signaling.core import tracing
from signaling.core.errors import MessageError, ShuttingDown
from signaling.core.texts import fault_text
from signaling.http.metrics import JoinOutcome, Metrics
from signaling.meeting import action_log
from signaling.meeting.client import OFFER_COSTS, Client
from signaling.meeting.connected_devices import TEST_ROOM
from signaling.meeting.incident_reports import IncidentReports
from signaling.meeting.join import JoinService
from signaling.meeting.manager import MeetingManager
from signaling.meeting.runner import MeetingRunner
from signaling.meeting.state.meeting_state import MeetingState
from signaling.meeting.votes import MeetingVotes
from signaling.messages import calls, captions, chat, incidents, joining, layouts, media, recording, script, seats
from signaling.messages import server as m
from signaling.messages import votes as v
from signaling.messages.effects import Effect, Note
from signaling.quality.recorder import QualityRecorder

log = logging.getLogger(__name__)

ASKED = {"notice", "dedicated"}
"""Words of errors that ask who joins to accept or to declare something, and to join again."""
COMMANDS: dict[type[Any], Callable[[MeetingState, str, Any, datetime], list[Effect]]] = {
    seats.Hand: lambda c, client, msg, now: c.hand(client, msg.raised, now, msg.topic),
    media.MediaState: lambda c, client, msg, _: c.media(client, msg.mic, msg.camera),
    media.View: lambda c, client, msg, _: c.view(client, msg.source, msg.lines),
    media.OnePicture: lambda c, client, msg, _: c.choose_one_picture(client, msg.on),
    media.OnePictureForAll: lambda c, client, msg, _: c.one_picture_for_all(client, msg.on),
    seats.Floor: lambda c, client, msg, _: c.floor(client, msg.seat, msg.open),
    seats.Gain: lambda c, client, msg, _: c.gain(client, msg.seat, msg.decibels),
    seats.MuteAll: lambda c, client, msg, _: c.mute_all(client, msg.but),
    seats.Camera: lambda c, client, msg, _: c.camera(client, msg.seat, msg.on),
    seats.MoveCamera: lambda c, client, msg, _: c.move_camera(client, msg.seat, msg.movement),
    seats.UseCameraPreset: lambda c, client, msg, _: c.use_camera_preset(client, msg.seat, msg.number, msg.store),
    seats.SelectCameraSource: lambda c, client, msg, _: c.select_camera_source(client, msg.seat, msg.number),
    seats.Rename: lambda c, client, msg, _: c.rename(client, msg.point, msg.label),
    seats.Remove: lambda c, client, msg, now: c.remove(client, msg.point, msg.reason, now),
    seats.LetBack: lambda c, client, msg, _: c.let_back(client, msg.point),
    seats.Lower: lambda c, client, msg, _: c.lower(client, msg.seat),
    seats.FloorAbove: lambda c, client, msg, _: c.floor_above(client, msg.point),
    seats.Hands: lambda c, client, msg, now: c.order_hands(client, msg.seats, now),
    seats.Lock: lambda c, client, msg, _: c.lock(client, msg.room, msg.hands),
    joining.End: lambda c, client, _, __: c.end_for_all(client),
    layouts.SetLayout: lambda c, client, msg, _: c.set_layout(client, msg.layout, msg.audience),
    layouts.SetPreset: lambda c, client, msg, _: c.set_preset(client, msg.preset),
    media.Share: lambda c, client, msg, _: c.share(client, msg.on),
    layouts.SameLayout: lambda c, client, msg, _: c.same_layout(client, msg.audience),
    recording.Record: lambda c, client, msg, now: c.record(client, msg.on, msg.pause, now, msg.composed),
    recording.Voices: lambda c, client, msg, _: c.record_voices(client, msg.on),
    recording.Mark: lambda c, client, msg, _: c.mark(client, msg.title),
    script.Step: lambda c, client, msg, now: c.step(client, msg.to, now),
    chat.WriteChat: lambda c, client, msg, now: c.write(client, msg.text, msg.to, now),
    chat.OpenChat: lambda c, client, msg, _: c.open_chat(client, msg.on),
    captions.SwitchCaptions: lambda c, client, msg, _: c.switch_captions(client, msg.on),
    calls.CallPoint: lambda c, client, msg, now: c.call_point(client, msg.point, now),
    joining.Leave: lambda c, client, _, __: c.leave(client),
}
"""Messages that need nothing but the state of the meeting."""


Handler = Callable[[Client, Any, datetime], Awaitable[None]]
"""Obeys one message of a client at a time. Raises MessageError."""


class Dispatcher:
    """Obeys the messages of clients, and answers errors."""

    def __init__(
        self,
        meetings: MeetingManager,
        join_service: JoinService,
        incident_reports: IncidentReports,
        votes: MeetingVotes,
        recorder: QualityRecorder,
        redial: Handler,
        metrics: Metrics,
    ) -> None:
        self._meetings = meetings
        self._recorder = recorder
        self._metrics = metrics
        self._others: dict[type[Any], Handler] = {
            joining.Join: self._counted(join_service.join),
            joining.JoinAsDisplay: self._counted(join_service.join_as_display),
            joining.EnterTestRoom: join_service.try_devices,
            joining.Admit: join_service.decide,
            media.Offer: self._offer,
            media.Playback: self._played,
            incidents.ReportFault: incident_reports.report,
            incidents.Assist: incident_reports.assist,
            v.OpenVote: self._in_meeting(votes.open),
            v.CastVote: self._in_meeting(votes.cast),
            v.RecordVote: self._in_meeting(votes.record),
            v.CloseVote: self._in_meeting(votes.close),
            v.CancelVote: self._in_meeting(votes.cancel),
            v.ShowVote: self._in_meeting(votes.show),
            calls.Redial: redial,
            joining.Ping: _pong,
        }

    async def receive(self, client: Client, text: str, now: datetime) -> None:
        """Obey one message; every error is answered, and the connection goes on."""
        with about(session=client.session, seat=self._meetings.seat(client)):
            await self._receive(client, text, now)

    async def _receive(self, client: Client, text: str, now: datetime) -> None:
        ref: str | None = None
        try:
            if not client.allow(1):
                raise MessageError("too-fast")
            message = m.parse(text)
            ref = message.ref
            await self._obey(client, message, now)
        except MessageError as error:
            self._metrics.refused(error.word)
            client.send(_error(client, error), error.ref or ref)
        except ShuttingDown:
            client.send(_error(client, MessageError("shutting-down")), ref)
        except (SQLAlchemyError, OSError, TimeoutError):
            log.exception("x a WebSocket message could not be carried out")
            self._metrics.refused("unavailable")
            client.send(_error(client, MessageError("unavailable")), ref)

    async def _obey(self, client: Client, message: m.ClientMessage, now: datetime) -> None:
        if client.account.device is not None and not isinstance(message, m.OF_DISPLAYS):
            raise MessageError("forbidden")
        other = self._others.get(type(message))
        if other is not None:
            await other(client, message, now)
            return
        await self._meetings.joined(client).room_known()
        meeting = self._meetings.joined(client)
        entry = action_log.entry(message, meeting.state)  # before it is obeyed: who is removed has no name then
        effects = COMMANDS[type(message)](meeting.state, client.id, message, now)
        noted = [] if entry is None else [Note(client.account.account, client.source, *entry)]
        await meeting.carry_out([*noted, *effects], client, message.ref)  # a crash then loses no entry

    def _counted(self, handler: Handler) -> Handler:
        """Return a handler of messages that join a meeting, which counts what comes of them and how long it takes."""

        async def counted(client: Client, message: Any, now: datetime) -> None:
            began = time.perf_counter()
            outcome: JoinOutcome = "failed"
            client.begin_joining()
            try:
                with tracing.within(client.joining), tracing.span("join take a seat", {}):
                    await handler(client, message, now)
                outcome = "waiting" if self._meetings.seat(client) is None else "seated"
            except MessageError as error:
                outcome = "asked" if error.word in ASKED else "refused"
                raise
            except ShuttingDown:
                outcome = "refused"
                raise
            finally:
                self._metrics.joined(outcome, time.perf_counter() - began)
                self._trace(client, outcome)

        return counted

    def _trace(self, client: Client, outcome: JoinOutcome) -> None:
        """Say in the trace of a client that joins what came of it, and where."""
        client.joining.set({"diemcau.outcome": outcome})
        if (meeting := self._meetings.of(client)) is not None:
            session = TEST_ROOM if meeting.is_test_room else meeting.id
            client.joining.set({"diemcau.session": session, "diemcau.seat": self._meetings.seat(client) or ""})

    def _in_meeting(self, handler: Callable[[MeetingRunner, Client, Any, datetime], Awaitable[None]]) -> Handler:
        """Return a handler that is given the meeting of its client."""
        return lambda client, message, now: handler(self._meetings.joined(client), client, message, now)

    async def _offer(self, client: Client, message: media.Offer, _: datetime) -> None:
        """Answer an SDP offer; the answer is sent before anything that the new transport brings about."""
        meeting = self._meetings.joined(client)
        if not client.allow(OFFER_COSTS):
            raise MessageError("too-fast")
        try:
            with tracing.within(client.joining), tracing.span("join answer an offer", {}):
                sdp = await meeting.connect(client.id, message.sdp)
        except MediaError as error:
            seat = meeting.state.roster.of(client.id)
            await meeting.apply([] if seat is None else meeting.state.peer_down(seat.id))
            word = "bad-offer" if isinstance(error, BadOffer) else "media-restarting"
            log.info("x SDP offer of %s: %s", client.account.account, error)
            raise MessageError(word) from None
        client.send(media.Answer(sdp=sdp), message.ref)

    async def _played(self, client: Client, message: media.Playback, _: datetime) -> None:
        """Record what a page measured."""
        meeting = self._meetings.joined(client)
        seat = meeting.state.roster.of(client.id)
        if seat is not None:
            self._recorder.played(meeting.id, seat.id, message)


async def _pong(client: Client, message: joining.Ping, _: datetime) -> None:
    client.send(joining.Pong(), message.ref)


def _error(client: Client, error: MessageError) -> m.Error:
    """Return the `error` message; its text tells the writer of a client what was wrong with a message."""
    text = fault_text(error.word, client.account.language, error.text)
    return m.Error.model_validate({"error": error.word, "text": text, "opens": error.opens})
