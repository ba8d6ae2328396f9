"""Pairs each SIP call with its seat in a meeting. When one ends, it ends the other."""

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from mediaserver.api import Descriptions
from mediaserver.errors import MediaError
from signaling.calls.model import Outcome
from signaling.calls.recorder import CallRecorder
from signaling.core.errors import MessageError
from signaling.meeting.manager import MeetingManager
from signaling.meeting.room_system import RoomSystem
from signaling.meeting.runner import MeetingRunner
from signaling.sip.agent.rate_limit import RateLimit
from signaling.sip.agent.room_call import RoomCall
from signaling.sip.bridge import call_media, keypad_texts
from signaling.sip.bridge.dial_schedule import DialledSystem
from signaling.sip.bridge.keypad import Keypad, Way, obey
from signaling.sip.bridge.protection import protection
from signaling.sip.protocol.errors import CallFailed
from signaling.sip.protocol.roster import Inside

log = logging.getLogger(__name__)

NOT_ACCEPTABLE, UNAVAILABLE = 488, 503
BYE = "bye"
"""Reason of a call that the room system itself hung up."""
TOO_MANY = "too many requests"
"""Reason of a call that was ended because its room system asked for too much."""
SHARES = 0.2
"""Requests to show slides and ends of that, so many times the requests within a call: twenty at once, then four in a
second. Nobody presses a key faster for long."""
_MEDIA_HOST = re.compile(r"^c=IN IP[46] ([^\s/]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class BridgedCall:
    """A room system in a meeting, with its call."""

    meeting: MeetingRunner
    system: DialledSystem
    member: RoomSystem
    keypad: Keypad = field(default_factory=Keypad)


class CallRegistry:
    """All room systems that are in meetings."""

    def __init__(
        self, manager: MeetingManager, recorder: CallRecorder, changed: Callable[[MeetingRunner], None]
    ) -> None:
        self._manager = manager
        self._recorder = recorder
        self._changed = changed
        self._calls: dict[str, BridgedCall] = {}
        """By id of the member."""
        self._following: set[asyncio.Task[None]] = set()
        self._share_limit = RateLimit(SHARES)
        """Of requests to show slides and the ends of that, by call."""

    async def stop(self) -> None:
        """Stop following calls."""
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)

    async def hold(self, bridged: BridgedCall, now: datetime) -> None:
        """Register a room system whose sound and picture are connected."""
        meeting, system, member = bridged.meeting, bridged.system, bridged.member
        assert member.call is not None
        if system.away:
            await meeting.apply(meeting.state.reconnected(member.id, system.tried, now))
        system.connected(member.protection)
        self._calls[member.id] = bridged
        member.held = True
        self._spawn(self._follow(bridged, member.call))
        if member.farewell is not None:  # it lost its seat while sound and picture were connected
            await member.call.hang_up(member.farewell)
        else:
            self._hint(bridged)
            self._tell_of_slides(bridged, member.call)
            if member.device.kind == "LINK":
                member.call.follow_roster(partial(self._told_of_roster, bridged))
        self._changed(meeting)

    def _told_of_roster(self, bridged: BridgedCall, inside: Inside) -> None:
        """Note who is in the room of another MCU, as long as it is in the meeting."""
        if self._calls.get(bridged.member.id) is bridged:
            bridged.system.inside = inside
            self._changed(bridged.meeting)

    def _hint(self, bridged: BridgedCall) -> None:
        """Show a room system for a moment which keys it has; another MCU would show that to all of its own rooms."""
        if bridged.member.device.kind != "LINK":
            self._spawn(self._show(bridged, keypad_texts.HINT, keypad_texts.HINT_SECONDS))

    @staticmethod
    def _tell_of_slides(bridged: BridgedCall, call: RoomCall) -> None:
        """Tell a room system that has just come of the slides of others; it was not known here when its media were."""
        content, own = bridged.meeting.state.layout_control.content, bridged.meeting.state.roster.of(bridged.member.id)
        if content is not None and own is not None and content != own.id:
            call.decide_floor("other")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    def share(self, call: RoomCall, on: bool) -> None:
        """Let the room system that asks in its call show its slides, or refuse it; or end that (H.239)."""
        if not self.may_share(call):
            return
        if (place := self.place(call)) is not None:
            self._spawn(self._manager.share_asked(*place, on=on))
        elif on:  # in a test call, or at the front door
            call.decide_floor("refused")

    def may_share(self, call: RoomCall) -> bool:
        """Return whether a call may change again who shows slides; one that does so too often is ended: each change is
        told to everyone, and makes new pictures of all."""
        if self._share_limit.admit(call.id, 1.0, asyncio.get_running_loop().time()):
            return True
        if not call.ended.is_set():
            self._spawn(call.hang_up(TOO_MANY))
        return False

    def press_in(self, call: RoomCall, digit: str) -> None:
        """Take a digit of an INFO request within a call."""
        bridged = next((each for each in self._calls.values() if each.member.call is call), None)
        if bridged is not None:
            self._spawn(self._press(bridged, digit, "info"))

    async def press(self, meeting: str, seat: str, digit: str) -> None:
        """Take a digit of the RTP of a seat."""
        if (bridged := self.at(meeting, seat)) is not None:
            await self._press(bridged, digit, "rtp")

    def at(self, meeting: str, seat: str) -> BridgedCall | None:
        """Return the call of a seat; None if it has none."""
        for bridged in self._calls.values():
            own = bridged.meeting.state.roster.of(bridged.member.id)
            if bridged.meeting.id == meeting and own is not None and own.id == seat:
                return bridged
        return None

    async def _press(self, bridged: BridgedCall, digit: str, way: Way) -> None:
        """Do what a key says, once its digits have come; its screen tells the outcome."""
        now = self._manager.dependencies.clock()
        key, meeting = bridged.keypad.press(digit, way, now), bridged.meeting
        seat = meeting.state.roster.of(bridged.member.id)
        if key is None or seat is None:
            return
        try:
            await meeting.apply(obey(meeting.state, seat, bridged.member.id, key, now))
            text = keypad_texts.outcome(key, seat, meeting.state.roster.place_of(seat.id))
        except MessageError as error:
            text = keypad_texts.refusal(error.word)
        await self._show(bridged, text, keypad_texts.SECONDS[key])

    async def _show(self, bridged: BridgedCall, text: str, seconds: float) -> None:
        """Write an overlay over the picture of a room system; without its media there is nobody to read it."""
        seat = bridged.meeting.state.roster.of(bridged.member.id)
        if seat is not None:
            with contextlib.suppress(MediaError):
                await self._manager.engine.show_overlay(bridged.meeting.id, seat.id, text, seconds)

    def send_digits(self, call: RoomCall, digits: str) -> None:
        """Send DTMF digits within a call that has a seat: by RTP, or in INFO requests where it has no events."""
        if digits and (place := self.place(call)) is not None:
            self._spawn(self._send_digits(call, *place, digits))

    async def _send_digits(self, call: RoomCall, meeting: str, seat: str, digits: str) -> None:
        try:
            sent = await self._manager.engine.send_digits(meeting, seat, digits) or await call.send_digits(digits)
        except MediaError as error:
            log.info("x no digits to %s: %s", call.peer.address, error)
            return
        if not sent:
            log.info("x %s takes no digits", call.peer.address)

    def reprotect(self, call: RoomCall, sdp: str) -> None:
        """Note how a call is protected since its media changed; on hold it is as it was."""
        for bridged in self._calls.values():
            member = bridged.member
            if member.call is call and (now := protection(member.device.encryption, call.peer.transport, sdp)):
                member.protection = bridged.system.protection = now
                self._changed(bridged.meeting)

    def media_named(self, call: RoomCall, sdp: str) -> None:
        """Note the addresses that a device names in an offer or answer for its media (RFC 8866 §5.7)."""
        for bridged in self._calls.values():
            if bridged.member.call is call and bridged.system.media_named(_MEDIA_HOST.findall(sdp)):
                self._changed(bridged.meeting)

    def place(self, call: RoomCall) -> tuple[str, str] | None:
        """Return the room and the seat of a call; None while it has none."""
        for bridged in self._calls.values():
            if bridged.member.call is call and (seat := bridged.meeting.state.roster.of(bridged.member.id)) is not None:
                return bridged.meeting.id, seat.id
        return None

    async def watch(self, now: datetime) -> None:
        """End calls whose sound and picture are gone, to be dialled again. Also stores refreshes of the calls."""
        for bridged in list(self._calls.values()):
            bridged.meeting.changed()
            seat = bridged.meeting.state.roster.of(bridged.member.id)
            if seat is None:
                continue
            measured = self._manager.line_monitor.of_seats(bridged.meeting.id).get(seat.id)
            if measured is not None and bridged.member.call is not None:
                self._recorder.measured(bridged.member.call, measured)
            if seat.up:
                bridged.member.up = True
            elif bridged.member.up or not seat.offered:
                await self._let_go(bridged, "silent", now)

    async def let_go(self, system: DialledSystem, now: datetime) -> None:
        """End the calls of a device that is to be dialled anew."""
        for bridged in [each for each in self._calls.values() if each.system is system]:
            await self._let_go(bridged, "redialled", now)

    async def prepare_move(
        self, meeting: MeetingRunner, seats: Collection[str] | None
    ) -> Callable[[], Awaitable[None]]:
        """Take down the calls of a meeting, all or those in some seats; what this returns moves them to the worker of
        its room, or of their seat, by then."""
        held: list[tuple[BridgedCall, RoomCall, str, Descriptions]] = []
        for bridged in list(self._calls.values()):
            call, seat = bridged.member.call, meeting.state.roster.of(bridged.member.id)
            concerned = bridged.meeting is meeting and seat is not None and (seats is None or seat.id in seats)
            if concerned and call is not None and seat is not None:
                with contextlib.suppress(MediaError):  # it is not connected, and is dialled again
                    descriptions = await self._manager.engine.descriptions(meeting.id, seat.id)
                    held.append((bridged, call, seat.id, descriptions))

        async def move() -> None:
            await asyncio.gather(*(self._move(*each) for each in held))

        return move

    async def _move(self, bridged: BridgedCall, call: RoomCall, seat: str, held: Descriptions) -> None:
        """Move a call to the worker of its room; one whose system refuses that is ended, and dialled again."""
        engine, room, device = self._manager.engine, bridged.meeting.id, bridged.member.device
        try:
            await call_media.move(engine, call, device, held, room, seat)
        except (MediaError, CallFailed) as error:
            log.info("x the call with %s does not move with its room: %s", call.peer.address, error)
            if bridged.member.id in self._calls:
                await self._let_go(bridged, "redialled", self._manager.dependencies.clock())

    def has(self, device: str) -> bool:
        """Return whether a device sits in a meeting."""
        return any(bridged.system.device.id == device for bridged in self._calls.values())

    def elsewhere(self, meeting: str, device: str) -> bool:
        """Return whether a device sits in another meeting."""
        return any(
            bridged.system.device.id == device and bridged.meeting.id != meeting for bridged in self._calls.values()
        )

    async def leave(self, meeting: MeetingRunner, member: RoomSystem) -> None:
        """Free the seat of a room system, and with it the call, unless the meeting has done so."""
        with contextlib.suppress(MessageError):
            await meeting.apply(meeting.state.leave(member.id))

    async def _follow(self, bridged: BridgedCall, call: RoomCall) -> None:
        await call.ended.wait()
        if self._calls.pop(bridged.member.id, None) is None:  # it was ended before
            return
        now, system, farewell = self._manager.dependencies.clock(), bridged.system, bridged.member.farewell
        if any(other.system is system for other in self._calls.values()):  # it called in anew
            return
        if farewell == "replaced":
            system.taken(now)
        elif farewell is not None:
            system.left()
        elif call.reason == BYE:
            await self.leave(bridged.meeting, bridged.member)
            system.left()
        else:
            await self._lost(bridged, now)
        self._changed(bridged.meeting)

    async def _let_go(self, bridged: BridgedCall, outcome: Outcome, now: datetime) -> None:
        del self._calls[bridged.member.id]
        await self._lost(bridged, now)
        if bridged.member.call is not None:
            await bridged.member.call.hang_up(outcome)

    async def _lost(self, bridged: BridgedCall, now: datetime) -> None:
        bridged.meeting.discard(bridged.member)
        await bridged.meeting.apply(bridged.meeting.state.lost(bridged.member.id, now))
        bridged.system.lost(now)
