"""The front door: a registered room system that dials no code hears and sees what to do, and enters it by its keys.

Its call sits in a media room of its own, so it uses no leg of any session (docs/admission.md); the number of callers
and their time there are bounded. With the right code of an open session the call moves into that session's room.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from mediaserver.api import MAX_OVERLAYS, Descriptions, MediaEngine, Prompt, RoomOptions, SeatOptions
from mediaserver.errors import BadOffer, MediaError
from signaling.sip.agent.agent import CallFailed
from signaling.sip.agent.room_call import IncomingRoomCall, RoomCall
from signaling.sip.bridge import call_media
from signaling.sip.bridge import front_door_texts as texts
from signaling.sip.bridge.inbound_auth import Caller, CallingDevice, NotOpen, Refused
from signaling.sip.bridge.keypad import Way

log = logging.getLogger(__name__)

ROOM: Final = "front-door"
"""The media room of all callers; each sees a picture of its own."""
FPS: Final = 5
"""Its pictures stand still but for the digits."""
MOST: Final = MAX_OVERLAYS
"""Callers at once; the next one is busy."""
MAX_DIGITS: Final = 16
"""Digits of one code; those behind are left out."""
TRIES: Final = 3
"""Wrong codes after which a caller is hung up."""
REPEAT: Final = timedelta(seconds=20)
IDLE: Final = timedelta(seconds=60)
"""The prompt is said again, and the call is hung up, so long after the last key."""
LONGEST: Final = timedelta(hours=1)
"""Whose session opens later is told when, and hung up after `REPEAT`."""
BUSY, NOT_ACCEPTABLE, UNAVAILABLE = 486, 488, 503


class Judge(Protocol):
    """Decides on callers and their codes, as :class:`InboundCallAuth` does."""

    async def recognize(self, incoming: IncomingRoomCall, now: datetime) -> CallingDevice:
        """Return the device that calls. Raises Refused unless it is registered."""

    async def judge_keyed(self, known: CallingDevice, code: str, now: datetime) -> Caller:
        """Identify the caller of a code. Raises Refused; NotOpen where its session opens later."""


@dataclass(slots=True)
class Visitor:
    """A caller at the front door. `since` is when it last pressed a key, `code` the right one that waits until
    `opens`."""

    incoming: IncomingRoomCall
    known: CallingDevice
    seat: str
    since: datetime
    call: RoomCall | None = None
    digits: str = ""
    wrong: int = 0
    repeated: int = 0
    code: str = ""
    opens: datetime | None = None
    way: Way | None = None
    judged: bool = False
    """Whether a code of its is being judged; the next one may be begun meanwhile."""


Join = Callable[[Caller, Visitor], Awaitable[None]]
"""Moves the call of a visitor into its session. Raises Refused, MediaError, CallFailed."""


class FrontDoor:
    """All callers that have not entered a code yet, or whose session is not open."""

    def __init__(self, engine: MediaEngine, judge: Judge, join: Join, zone: Callable[[datetime], ZoneInfo]) -> None:
        self._engine = engine
        self._judge = judge
        self._join = join
        self._zone = zone
        self.visitors: dict[str, Visitor] = {}
        """By seat."""
        self._numbered = 0
        self._order = asyncio.Lock()
        """Held while the room is opened or closed."""

    async def take(self, incoming: IncomingRoomCall, now: datetime) -> Visitor | None:
        """Take a call without a code; return None where the caller hung up before it was connected. Raises Refused."""
        known = await self._judge.recognize(incoming, now)
        if len(self.visitors) >= MOST:
            raise Refused(BUSY)
        incoming.proceed()
        self._numbered += 1
        visitor = Visitor(incoming, known, f"visitor-{self._numbered}", now)
        self.visitors[visitor.seat] = visitor
        try:
            await self._connect(visitor)
            await self._ask(visitor, "enter-code")
        except (CallFailed, OSError) as error:
            log.info("x %s called and hung up before it was connected: %s", incoming.peer.address, error)
            await self._leave(visitor)
            return None
        except MediaError as error:
            await self._leave(visitor)
            raise Refused(NOT_ACCEPTABLE if isinstance(error, BadOffer) else UNAVAILABLE) from None
        return visitor

    async def _connect(self, visitor: Visitor) -> None:
        incoming, engine = visitor.incoming, self._engine
        async with self._order:
            await engine.open_room(ROOM, RoomOptions(fps=FPS))
        await engine.add_seat(ROOM, SeatOptions(visitor.seat, visitor.seat, visible=False))
        visitor.call = await call_media.answer(engine, incoming, visitor.known.device, ROOM, visitor.seat)

    def of(self, call: RoomCall) -> Visitor | None:
        """Return the visitor of a call, if it is one."""
        return next((each for each in self.visitors.values() if each.call is call), None)

    async def descriptions(self, visitor: Visitor) -> Descriptions:
        """Return the descriptions of a visitor's call, to move it. Raises MediaError."""
        return await self._engine.descriptions(ROOM, visitor.seat)

    async def press(self, visitor: Visitor, digit: str, way: Way, now: datetime) -> None:
        """Take a digit: a hash ends the code, a star clears it. A device that sends both ways is heard in one."""
        visitor.way = visitor.way or way
        if visitor.way != way or visitor.code or digit not in "0123456789*#":
            return
        visitor.since, visitor.repeated = now, 0
        if digit == "#" and visitor.digits and not visitor.judged:
            await self._enter(visitor, visitor.digits, now)
        elif digit != "#":
            visitor.digits = "" if digit == "*" else (visitor.digits + digit)[:MAX_DIGITS]
            await self._guarded(visitor, self._show(visitor))

    async def _enter(self, visitor: Visitor, code: str, now: datetime) -> None:
        """Judge a code: with the right one the call moves on, or waits until its session opens."""
        visitor.judged, visitor.digits = True, ""
        try:
            await self._join(await self._judge.judge_keyed(visitor.known, code, now), visitor)
        except NotOpen as early:
            await self._guarded(visitor, self._wait(visitor, code, early.opens))
        except Refused as refused:
            log.info("> %s to the code of %s", refused.status, visitor.incoming.peer.address)
            await self._refuse(visitor)
        except (CallFailed, MediaError, OSError) as error:
            log.info("x %s could not be moved into its session: %s", visitor.incoming.peer.address, error)
            await self._hang_up(visitor)
        else:
            await self._leave(visitor)
        finally:
            visitor.judged = False

    async def _refuse(self, visitor: Visitor) -> None:
        """Ask again after a code that was refused, three times at most."""
        visitor.code, visitor.opens, visitor.wrong = "", None, visitor.wrong + 1
        if visitor.wrong >= TRIES:
            await self._hang_up(visitor)
        else:
            await self._guarded(visitor, self._ask(visitor, "wrong-code"))

    async def _wait(self, visitor: Visitor, code: str, opens: datetime) -> None:
        told, visitor.code, visitor.opens = visitor.opens, code, opens
        if opens != told:
            await self._ask(visitor, "not-open")

    async def _ask(self, visitor: Visitor, prompt: Prompt) -> None:
        await self._show(visitor)
        await self._engine.play_prompt(ROOM, visitor.seat, prompt)

    async def _show(self, visitor: Visitor) -> None:
        """Write on the visitor's picture what it is to do."""
        if visitor.opens is not None:
            text = texts.opens(visitor.opens.astimezone(self._zone(visitor.opens)))
        else:
            text = texts.enter(len(visitor.digits), TRIES - visitor.wrong if visitor.wrong else 0)
        await self._engine.show_overlay(ROOM, visitor.seat, text, LONGEST.total_seconds())

    async def tick(self, now: datetime) -> None:
        """Hang up who is idle or gone, say the prompt again, and let in whose session has opened."""
        if not self.visitors:
            return
        try:
            connected = await self._engine.lines(ROOM)
        except MediaError:
            connected = {}
        for visitor in list(self.visitors.values()):
            if visitor.call is None or visitor.judged:
                continue
            if visitor.call.ended.is_set():
                await self._leave(visitor)
            elif visitor.seat not in connected or self._is_over(visitor, now):
                await self._hang_up(visitor)
            elif visitor.opens is not None and now >= visitor.opens:
                await self._enter(visitor, visitor.code, now)
            elif visitor.opens is None and now - visitor.since >= REPEAT * (visitor.repeated + 1):
                visitor.repeated += 1
                await self._guarded(visitor, self._ask(visitor, "enter-code"))

    @staticmethod
    def _is_over(visitor: Visitor, now: datetime) -> bool:
        waited = now - visitor.since
        if visitor.opens is None:
            return waited >= IDLE
        return waited >= (REPEAT if visitor.opens - visitor.since > LONGEST else LONGEST + REPEAT)

    async def _guarded(self, visitor: Visitor, work: Awaitable[None]) -> None:
        """Await work on a visitor's media; without media the call is over."""
        try:
            await work
        except MediaError:
            await self._hang_up(visitor)

    async def close(self) -> None:
        """Hang up everyone: another process does not know them."""
        await asyncio.gather(*(self._hang_up(each) for each in list(self.visitors.values())))

    async def _hang_up(self, visitor: Visitor) -> None:
        await self._leave(visitor)
        if visitor.call is not None:
            await visitor.call.hang_up()

    async def _leave(self, visitor: Visitor) -> None:
        """Remove a visitor, and the room with the last one."""
        if self.visitors.pop(visitor.seat, None) is None:
            return
        async with self._order:
            with contextlib.suppress(MediaError):
                await self._engine.remove_seat(ROOM, visitor.seat)
                if not self.visitors:
                    await self._engine.close_room(ROOM)
