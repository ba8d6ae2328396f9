"""Helpers for tests of the SIP agent: a call handler that records, agents on loopback, session descriptions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from signaling.sip.agent.agent import Agent, Call, CallFailed, IncomingCall, Registration, SipSettings, Target
from signaling.sip.protocol.errors import OfferRefused

OFFER = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 9 8 0 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"
    "m=video 40002 RTP/AVP 97 96\r\na=rtpmap:97 H264/90000\r\n"
    "a=fmtp:97 profile-level-id=42e01f;packetization-mode=1\r\n"
    "a=rtpmap:96 H264/90000\r\na=fmtp:96 profile-level-id=42e01f;packetization-mode=0\r\na=rtcp-fb:* nack pli\r\n"
    "a=sendrecv\r\n"
)
ANSWER = (
    "v=0\r\no=- 2 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 9\r\na=rtpmap:9 G722/8000\r\na=sendrecv\r\n"
    "m=video 40002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\na=fmtp:97 profile-level-id=42e01f;packetization-mode=1\r\n"
    "a=sendrecv\r\n"
)

T = TypeVar("T")


async def accept(incoming: IncomingCall) -> Call:
    """Answer with the same description each time."""
    return await incoming.accept(ANSWER)


class RecordingHandler:
    """Handles every call by the function `take`, and queues calls, failures, offers and key frame requests."""

    def __init__(self, take: Callable[[IncomingCall], Awaitable[Call]] = accept) -> None:
        self.take = take
        self.incoming: asyncio.Queue[IncomingCall] = asyncio.Queue()
        self.calls: asyncio.Queue[Call] = asyncio.Queue()
        self.failed: asyncio.Queue[CallFailed] = asyncio.Queue()
        self.pictures: asyncio.Queue[Call] = asyncio.Queue()
        self.without_certificate: list[tuple[str, str]] = []
        """Addresses that showed no certificate that is accepted, and why not."""
        self.digits: asyncio.Queue[str] = asyncio.Queue()
        self.offers: asyncio.Queue[str] = asyncio.Queue()
        """Offers within calls."""
        self.answers: asyncio.Queue[str] = asyncio.Queue()
        """Answers to our offers within calls."""
        self.ready = asyncio.Event()
        """Offers within calls are answered once it is set."""
        self.ready.set()
        self.refusal = 0
        """The status by which offers within calls are refused; 0 for none."""
        self.names: set[str] = set()
        """Numbers and user names of registered devices."""
        self.proving: set[str] = set()
        """Those of them that prove by a password who they are."""
        self.addresses = {"127.0.0.1", "::1"}
        """Addresses of registered devices."""

    async def called(self, incoming: IncomingCall) -> None:
        """Take a call."""
        self.incoming.put_nowait(incoming)
        try:
            self.calls.put_nowait(await self.take(incoming))
        except CallFailed as failure:
            self.failed.put_nowait(failure)

    async def registering(self, registration: Registration) -> None:
        """Let every device register whose Contact can be read."""
        if registration.malformed:
            registration.refuse(400)
        else:
            registration.accept(registration.contact, registration.seconds)

    def names_device(self, user: str) -> bool:
        """Return whether a registered device is called so."""
        return user in self.names

    def proves_itself(self, user: str) -> bool:
        """Return whether a registered device that is called so has a password."""
        return user in self.proving

    def has_address(self, host: str) -> bool:
        """Return whether a registered device is there."""
        return host in self.addresses

    async def reoffered(self, call: Call, offer: str) -> str:
        """Queue the offer, and answer as on hold where it is one."""
        self.offers.put_nowait(offer)
        await self.ready.wait()
        if self.refusal:
            raise OfferRefused(self.refusal)
        return ANSWER.replace("sendrecv", "inactive") if "sendrecv" not in offer else ANSWER

    async def reoffer(self, call: Call) -> str:
        """Offer what is always offered."""
        if self.refusal:
            raise OfferRefused(self.refusal)
        return OFFER

    async def reanswered(self, call: Call, answer: str) -> None:
        """Queue the answer."""
        self.answers.put_nowait(answer)

    def digit_pressed(self, call: Call, digit: str) -> None:
        """Queue the digit."""
        self.digits.put_nowait(digit)

    def certificate_refused(self, host: str, why: str) -> None:
        """Keep both."""
        self.without_certificate.append((host, why))

    def keyframe_requested(self, call: Call) -> None:
        """Queue the call."""
        self.pictures.put_nowait(call)


@asynccontextmanager
async def agent(handler: RecordingHandler | None = None, **settings: Any) -> AsyncIterator[Agent]:
    """Run an agent on any free port of loopback."""
    running = Agent(SipSettings("127.0.0.1", 0, **settings), handler or RecordingHandler())
    await running.start()
    try:
        yield running
    finally:
        await running.close()


def target(running: Agent, transport: str = "udp", user: str = "") -> Target:
    """Return the target at which an agent is called."""
    return Target(*running.address, transport=transport, user=user)


async def soon(what: Awaitable[T], seconds: float = 30) -> T:
    """Return the result of an awaitable; raise TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        return await what


@asynccontextmanager
async def started(work: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """Run a coroutine beside the block, and no longer."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
