"""Calls and seats of room systems kept together: whichever ends first ends the other one."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mediaserver.errors import MediaError
from signaling.core.errors import MessageError
from signaling.meeting.manager import MeetingManager
from signaling.meeting.room_system import RoomSystem
from signaling.meeting.runner import MeetingRunner
from signaling.sip.agent.agent import Call
from signaling.sip.bridge.dial_schedule import DialledSystem

BYE = "bye"
"""Why a call ended that the room system itself hung up."""


@dataclass(frozen=True, slots=True)
class BridgedCall:
    """A room system in a meeting."""

    meeting: MeetingRunner
    system: DialledSystem
    member: RoomSystem


class CallRegistry:
    """All room systems that are in meetings."""

    def __init__(self, hub: MeetingManager, changed: Callable[[MeetingRunner], None]) -> None:
        # given
        self._hub = hub
        self._changed = changed
        # owned
        self._held: dict[str, BridgedCall] = {}
        """By member."""
        self._following: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Look after nobody any more."""
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)

    async def hold(self, held: BridgedCall, now: datetime) -> None:
        """A room system is in, with sound and picture."""
        meeting, system, member = held.meeting, held.system, held.member
        assert member.call is not None
        if system.away:
            await meeting.apply(meeting.state.reconnected(member.id, system.tried, now))
        system.connected()
        self._held[member.id] = held
        member.held = True
        self._spawn(self._follow(held, member.call))
        if member.said is not None:  # it lost its seat while sound and picture were connected
            await member.call.hang_up()
        self._changed(meeting)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    def refresh(self, call: Call) -> None:
        """Have a whole picture sent to who asked for one in its call (RFC 5168)."""
        for held in self._held.values():
            if held.member.call is call and (seat := held.meeting.state.roster.of(held.member.id)) is not None:
                self._spawn(self._refresh(held.meeting.id, seat.id))

    async def _refresh(self, meeting: str, seat: str) -> None:
        with contextlib.suppress(MediaError):  # it is gone, and with it whoever asked
            await self._hub.engine.refresh_picture(meeting, seat)

    async def watch(self, now: datetime) -> None:
        """Let go of those whose sound and picture are gone; they are called again. Refreshes of calls are kept."""
        for held in list(self._held.values()):
            held.meeting.changed()
            seat = held.meeting.state.roster.of(held.member.id)
            if seat is None:
                continue
            if seat.up:
                held.member.up = True
            elif held.member.up or not seat.offered:
                await self._let_go(held, now)

    async def let_go(self, system: DialledSystem, now: datetime) -> None:
        """End the call of a device, as one that is of no use any more."""
        for held in [each for each in self._held.values() if each.system is system]:
            await self._let_go(held, now)

    def elsewhere(self, meeting: str, device: str) -> bool:
        """Whether a device sits in another meeting."""
        return any(held.system.device.id == device and held.meeting.id != meeting for held in self._held.values())

    async def leave(self, meeting: MeetingRunner, member: RoomSystem) -> None:
        """Take the seat of a room system, and with it the call, if the meeting has not done so."""
        with contextlib.suppress(MessageError):
            await meeting.apply(meeting.state.leave(member.id))

    async def _follow(self, held: BridgedCall, call: Call) -> None:
        await call.ended.wait()
        if self._held.pop(held.member.id, None) is None:  # let go of already
            return
        now, system, said = self._hub.dependencies.clock(), held.system, held.member.said
        if any(other.system is system for other in self._held.values()):  # it called in anew
            return
        if said == "replaced":
            system.taken(now)
        elif said is not None:
            system.left()
        elif call.reason == BYE:
            await self.leave(held.meeting, held.member)
            system.left()
        else:
            await self._lost(held, now)
        self._changed(held.meeting)

    async def _let_go(self, held: BridgedCall, now: datetime) -> None:
        del self._held[held.member.id]
        await self._lost(held, now)
        if held.member.call is not None:
            await held.member.call.hang_up()

    async def _lost(self, held: BridgedCall, now: datetime) -> None:
        held.meeting.discard(held.member)
        await held.meeting.apply(held.meeting.state.lost(held.member.id, now))
        held.system.lost(now)
