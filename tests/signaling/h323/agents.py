"""Helpers for tests of the H.323 agent: a call handler that records, agents on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from signaling.h323.agent.agent import Agent
from signaling.h323.agent.call import Call
from signaling.h323.agent.context import H323Settings
from signaling.h323.agent.incoming_call import IncomingCall
from signaling.sip.agent.context import Target
from signaling.sip.protocol.errors import CallFailed
from tests.signaling.sip.agents import OFFER

OURS = OFFER
THEIRS = OFFER.replace("40000", "50000").replace("40002", "50002")
CAMERA = "m=application 40004 RTP/AVP 100\r\na=rtpmap:100 H224/4800\r\na=sendrecv\r\n"
"""What an offer says of camera control, where that is allowed."""
SLIDES = """m=application 9 H.239 *\r
m=video 40006 RTP/AVP 98 97\r
b=TIAS:1500000\r
a=rtpmap:98 H264/90000\r
a=fmtp:98 profile-level-id=42e028;packetization-mode=1\r
a=rtpmap:97 H264/90000\r
a=fmtp:97 profile-level-id=42e028;packetization-mode=0\r
a=content:slides\r
a=sendrecv\r
"""
"""What an offer says of slides under the token of H.239."""


async def accept(incoming: IncomingCall) -> Call:
    """Answer with the same offer each time."""
    return await incoming.accept(THEIRS)


class RecordingHandler:
    """Handles every call by the function `take`, and queues calls, failures, changes, digits and key frame requests."""

    def __init__(self, take: Callable[[IncomingCall], Awaitable[Call]] = accept) -> None:
        self.take = take
        self.incoming: asyncio.Queue[IncomingCall] = asyncio.Queue()
        self.calls: asyncio.Queue[Call] = asyncio.Queue()
        self.failed: asyncio.Queue[CallFailed] = asyncio.Queue()
        self.offers: asyncio.Queue[str] = asyncio.Queue()
        self.digits: asyncio.Queue[str] = asyncio.Queue()
        self.pictures: asyncio.Queue[str] = asyncio.Queue()
        self.wishes: asyncio.Queue[bool] = asyncio.Queue()

    async def called(self, incoming: IncomingCall) -> None:
        """Take a call."""
        self.incoming.put_nowait(incoming)
        try:
            self.calls.put_nowait(await self.take(incoming))
        except CallFailed as failure:
            self.failed.put_nowait(failure)

    async def reoffered(self, call: Call, offer: str) -> str:
        """Queue what the channels of a call say."""
        self.offers.put_nowait(offer)
        return ""

    def digit_pressed(self, call: Call, digit: str) -> None:
        """Queue the digit."""
        self.digits.put_nowait(digit)

    def keyframe_requested(self, call: Call, *, slides: bool = False) -> None:
        """Queue what is asked for."""
        self.pictures.put_nowait("slides" if slides else "picture")

    def share_asked(self, call: Call, on: bool) -> None:
        """Queue the wish."""
        self.wishes.put_nowait(on)


@asynccontextmanager
async def agent(
    handler: RecordingHandler | None = None, host: str = "127.0.0.1", **settings: Any
) -> AsyncIterator[Agent]:
    """Run an agent on any free port of an address of loopback."""
    running = Agent(H323Settings(host, 0, **settings), handler or RecordingHandler())
    await running.start()
    try:
        yield running
    finally:
        await running.close()


def target(running: Agent, user: str = "") -> Target:
    """Return the target at which an agent is called."""
    return Target(*running.address, transport="h323", user=user)
