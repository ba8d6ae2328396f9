"""One connected WebSocket: a rate limit for what it sends, a bounded queue for what it gets."""

import asyncio
import secrets
import time
from datetime import datetime
from typing import Protocol

from aiohttp import web

from scheduler.directory.model import Device
from signaling.accounts.passwords import Login
from signaling.core import tracing
from signaling.core.account import Account, Source
from signaling.messages.joining import Bye
from signaling.messages.server import ServerMessage, dump
from signaling.messages.words import Farewell

QUEUE = 256
"""Messages that may wait for a slow socket. A socket with a full queue is dropped: the client comes back by its resume
token and gets the whole state anew, which is cheaper than every change it missed."""
RATE = 20.0
"""Messages per second in the long run."""
BURST = 60.0
OFFER_COSTS = 10.0
"""An offer makes keys and sockets; it counts as ten messages."""


class Member(Protocol):
    """The holder of a seat in a meeting: a browser's socket, or the call of a room system."""

    id: str
    session: str | None
    account: Account
    source: Source

    def send(self, message: ServerMessage, ref: str | None = None) -> None:
        """Send a message."""

    def send_text(self, text: str) -> None:
        """Send a message that is encoded already."""

    def hang_up(self, reason: Farewell, ref: str | None = None, text: str | None = None) -> None:
        """Say bye; nothing is sent after it."""


class DeviceMember(Member, Protocol):
    """A registered device without a page that has a seat."""

    device: Device


class Client:
    """A browser's socket, which may join one meeting at a time."""

    def __init__(
        self, socket: web.WebSocketResponse, login: Login, source: Source, now: datetime, agent: str = ""
    ) -> None:
        self.socket = socket
        self.login = login
        self.account = login.account
        self.source = source
        self.agent = agent
        self.id = secrets.token_hex(8)
        self.session: str | None = None
        self.heard = now
        self.alive = True
        self.busy = False
        self.joining = tracing.NOTHING
        """The span of its joining, from its socket until its media are connected."""
        self._queue: asyncio.Queue[str | None] = asyncio.Queue(QUEUE)
        self._dropped = asyncio.Event()
        # counters
        self._tokens = BURST
        self._refilled = time.monotonic()

    def begin_joining(self) -> None:
        """Begin to trace how it joins, unless that goes on already."""
        if self.joining is tracing.NOTHING:
            self.joining = tracing.begin("join", {}, "server")

    def end_joining(self, outcome: str = "") -> None:
        """Note that its media are connected, or with another outcome that it goes."""
        self.joining.set({"diemcau.outcome": outcome} if outcome else {})
        self.joining.end()
        self.joining = tracing.NOTHING

    def send(self, message: ServerMessage, ref: str | None = None) -> None:
        """Queue a message."""
        self.send_text(dump(message, ref))

    def send_text(self, text: str) -> None:
        """Queue a message that is encoded already, as one for everyone is; drop a client too slow to take it."""
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self.drop()

    def hang_up(self, reason: Farewell, ref: str | None = None, text: str | None = None) -> None:
        """Say bye; nothing is written after it."""
        self.session = None
        self.send(Bye(reason=reason, text=text), ref)
        try:
            self._queue.put_nowait(None)
        except asyncio.QueueFull:
            self.drop()

    def drop(self) -> None:
        """Close the socket without waiting for the other side."""
        self._dropped.set()

    def allow(self, cost: float) -> bool:
        """Take `cost` tokens from the bucket; return False if it holds fewer."""
        now = time.monotonic()
        self._tokens = min(BURST, self._tokens + (now - self._refilled) * RATE)
        self._refilled = now
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True

    async def write(self) -> None:
        """Send queued messages until a bye is out or the client is dropped."""
        dropped = asyncio.ensure_future(self._dropped.wait())
        sending = asyncio.ensure_future(self._send_queued())
        try:
            await asyncio.wait({dropped, sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (dropped, sending):
                task.cancel()
            await asyncio.gather(dropped, sending, return_exceptions=True)

    async def _send_queued(self) -> None:
        while (text := await self._queue.get()) is not None:
            await self.socket.send_str(text)
