"""An H.323 room system of our own agent, since no stack of others is to be had as a package.

What both ends get wrong alike, no call with it finds.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from loadtest.media.perception import Colour, Rgb
from loadtest.rooms.descriptions import with_slides_by_h239
from loadtest.rooms.plain_media import PERIOD, PlainMedia
from loadtest.rooms.room import RoomFailed
from mediaserver.peer.sip import KEYFRAMES_S
from signaling.h323.agent.agent import Agent
from signaling.h323.agent.call import Call
from signaling.h323.agent.context import H323Settings
from signaling.h323.agent.incoming_call import IncomingCall
from signaling.sip.agent.context import Target
from signaling.sip.protocol.errors import CallFailed

ANSWER_S = 15.0
TICK_S = 0.5
"""Most seconds by which the server is late with a key frame that is due."""


class H323Room:
    """A room system that is called and calls by H.323, in one call at a time."""

    keyframe_period = PERIOD

    def __init__(self, media: PlainMedia, name: str, *, separate: bool) -> None:
        self.media = media
        self.dialled = ""
        """The number under which it is called."""
        self._call: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        self._settled_at = 0.0
        settings = H323Settings(media.host, 0, name=name, tunnelling=not separate, fast_connect=not separate)
        self._agent = Agent(settings, self)

    @property
    def address(self) -> tuple[str, int]:
        """The IP address it calls from, and the port on which it takes calls."""
        return self._agent.address

    @property
    def said(self) -> str:
        """Nothing: its agent keeps no messages."""
        return ""

    async def start(self) -> None:
        """Begin to take calls. Raises OSError."""
        await self._agent.start()

    async def dial(self, uri: str) -> None:
        """Begin to call the number and the address of a URI."""
        user, _, host = uri.partition(":")[2].partition(";")[0].partition("@")
        address, _, port = host.partition(":")
        target = Target(address, int(port), "h323", user)
        self._call = asyncio.ensure_future(self._agent.invite(target, self._description, name="Phong hop"))

    async def expect(self) -> None:
        """Be ready to take one call."""
        self.dialled = self.media.pressed = ""
        self._call = asyncio.get_running_loop().create_future()

    async def established(self) -> None:
        """Wait until the call is set up. Raises RoomFailed."""
        try:
            async with asyncio.timeout(ANSWER_S):
                call = await self._call
        except (CallFailed, TimeoutError) as error:
            raise RoomFailed(f"no call by H.323: {error!r}") from None
        self.media.send_to(call.sdp)
        self._settled_at = time.monotonic() + KEYFRAMES_S[-1] + TICK_S

    async def settle(self) -> None:
        """Wait until the server sends no key frames by itself any more: in the beginning it does, as to all who name no
        way to request them."""
        await asyncio.sleep(self._settled_at - time.monotonic())

    @property
    def _description(self) -> str:
        """Return what it offers: sound, picture, and slides by H.239."""
        return with_slides_by_h239(self.media.host, self.media.ports)

    async def ask_for_floor(self) -> None:
        """Ask for the token of slides, which are sent once it is had."""
        self._call.result().decide_floor("other")

    @property
    def pressed(self) -> str:
        """Keys that came."""
        return self.media.pressed

    async def picture(self) -> Rgb | None:
        """Return the newest picture that came."""
        return self.media.seen()

    async def show(self, colour: Colour) -> None:
        """Send another colour."""
        self.media.show(colour)

    def hears(self, hertz: int) -> bool:
        """Return whether a tone is in the newest sound."""
        return self.media.hears(hertz)

    async def hang_up(self) -> None:
        """End the call, and wait until it has ended. Raises TimeoutError."""
        call = self._call.result()
        await call.hang_up()
        async with asyncio.timeout(ANSWER_S):
            await call.ended.wait()
        self.media.stop()

    async def close(self) -> None:
        """End the call, and take no more."""
        self._call.cancel()
        await self._agent.close()

    async def called(self, incoming: IncomingCall) -> None:
        """Answer a call."""
        self.dialled = incoming.user
        with contextlib.suppress(CallFailed):  # the caller gave up
            self._call.set_result(await incoming.accept(self._description))

    async def reoffered(self, call: Call, offer: str) -> str:
        """Send to where the channels of a call lead now."""
        self.media.send_to(offer)
        return ""

    def digit_pressed(self, call: Call, digit: str) -> None:
        """Keep a key."""
        self.media.pressed += digit

    def keyframe_requested(self, call: Call, *, slides: bool = False) -> None:
        """Send a key frame."""
        self.media.restart()

    def share_asked(self, call: Call, on: bool) -> None:
        """Take the slides of others."""
        call.decide_floor("granted" if on else "nobody")


@asynccontextmanager
async def h323_room(media: PlainMedia, name: str = "", *, separate: bool = False) -> AsyncIterator[H323Room]:
    """Give a room system at the address of its media, which announces a name where it is called. `separate`: its H.245
    has a connection of its own, and it knows no fast connect."""
    await media.open()
    room = H323Room(media, name, separate=separate)
    await room.start()
    try:
        yield room
    finally:
        await room.close()
        await media.close()
