"""Simulates one participant of a meeting: the WebSocket of docs/protocol.md, and an endpoint for the media."""

import asyncio
import itertools
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.receive_counters import Tally
from loadtest.media.picture import RENDITIONS
from loadtest.server.rest_client import Client
from loadtest.time_limit import within

logger = logging.getLogger(__name__)

REPLY_S = 20.0
RENEWALS = 5
RENEWAL_S = 1.0
"""Seconds between two attempts to renew media."""
GRACE_S = 2.0
"""Seconds after the end of media in which the server may send the reason, or a request to renew media."""


class Rejected(Exception):
    """The server replied to a message with an error: its stable `word` of docs/protocol.md, and the text."""

    def __init__(self, word: str, text: str) -> None:
        self.word = word
        super().__init__(f"{word}: {text}")


class Participant:
    """Joins with an account and a code; `make_endpoint` makes the media endpoint, again after a `renew`."""

    def __init__(self, client: Client, make_endpoint: Callable[[], Endpoint]) -> None:
        self._client = client
        self._make_endpoint = make_endpoint
        self.seat = ""
        self.resume = ""
        """The token that takes the seat again after the socket was lost."""
        self.name = ""
        self.role = ""
        self.controller = False
        self.seats: dict[str, dict[str, Any]] = {}
        self.calls: dict[str, dict[str, Any]] = {}
        """States of the calls of room systems, by device; for hosts and controllers."""
        self.recorded = asyncio.Event()
        """Set while the session is being recorded."""
        self.ended: str | None = None
        """The reason of the server's ``bye``."""
        self.tiles: list[dict[str, Any]] = []
        """The tiles of the layout that its page would draw, as in the message ``tiles``; empty for one picture."""
        self.renewals = 0
        """Count of renewals of media that the server requested."""
        self.endpoint: Endpoint | None = None
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        """The newest renewal of media."""
        self._renewals: set[asyncio.Task[None]] = set()
        """Those that have not ended."""
        self._seated = asyncio.Event()
        """Set once the first endpoint of a seat is connected: a renewal that is requested before waits for it."""
        self._moved = asyncio.Event()
        """Set when everybody who could is where the room moved to."""
        self._refs = itertools.count(1)
        self._pending: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._earlier = (Tally(), Tally())
        self._layers = len(RENDITIONS)
        """Simulcast layers of the camera that are needed."""

    async def join(self, code: str, resume: str = "") -> None:
        """Take a seat and connect media; with `resume` the seat of an earlier participant whose socket was lost.

        Raises Rejected, aiohttp.ClientError, OSError, TimeoutError, and the errors of Endpoint.connect.
        """
        self._earlier, self.endpoint = self.tally(), None
        self._seated.clear()
        self._ws = await self._client.http.ws_connect("/ws", max_msg_size=1 << 20)
        self.ended = None
        self._reader = asyncio.ensure_future(self._read(self._ws))
        joined = await self.ask("join", code=code, accepted=True, **({"resume": resume} if resume else {}))
        self.resume = joined["resume"]
        self.seat, self.role, self.controller = joined["seat"], joined["role"], joined["controller"]
        self._recording(joined["recording"])
        self._take_seats(joined["seats"], [])
        self.name = self.seats[self.seat]["name"]
        await self._connect()
        self._seated.set()
        assert self.endpoint is not None
        await self.send("media", mic=self.endpoint.sending.mic, camera=self.endpoint.sending.camera)

    async def _connect(self, *, watched: bool = True) -> None:
        endpoint, self._layers, self.tiles = self._make_endpoint(), len(RENDITIONS), []
        endpoint.watched = watched
        try:
            await endpoint.connect((await self.ask("offer", sdp=endpoint.offer()))["sdp"])
        except BaseException:
            await endpoint.close()
            raise
        self.endpoint = endpoint
        endpoint.sending.wanted = self._layers

    @property
    def connected(self) -> bool:
        """True if both signaling and media are connected."""
        return self.ended is None and self.endpoint is not None and self.endpoint.connected

    def tally(self) -> tuple[Tally, Tally]:
        """Return the sound and picture received so far, over all endpoints of this participant."""
        if self.endpoint is None:
            return self._earlier
        counters = self.endpoint.counters
        return self._earlier[0] + counters.audio(), self._earlier[1] + counters.picture()

    async def send(self, kind: str, /, **fields: Any) -> None:
        """Send a message without waiting for a reply. Raises ConnectionError after the server's ``bye``."""
        assert self._ws is not None
        if self.ended is not None:
            raise ConnectionError(f"the server let {self.name or 'this point'} go ({self.ended})")
        await self._ws.send_str(json.dumps({"type": kind, **fields}))

    async def ask(self, kind: str, /, **fields: Any) -> dict[str, Any]:
        """Send a message and return the reply to it. Raises Rejected, TimeoutError, ConnectionError."""
        ref = str(next(self._refs))
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._pending[ref] = reply
        try:
            await self.send(kind, ref=ref, **fields)
            async with within(REPLY_S, f"the reply to {kind!r}"):
                return await reply
        finally:
            self._pending.pop(ref, None)

    async def wait_until_lost(self) -> str:
        """Wait, once joined, until socket or media is lost for good; return the reason.

        The reason is that of the server's ``bye``, ``lost`` for a socket that ended without one, or ``media``.
        """
        assert self._reader is not None
        while not self._reader.done():
            if self._renewing is not None and not self._renewing.done():
                await asyncio.wait({self._reader, self._renewing}, return_when=asyncio.FIRST_COMPLETED)
            elif self.endpoint is not None and not self.endpoint.closed.is_set():
                await _wait_for_either(self._reader, self.endpoint.closed)
            elif await self._media_is_gone(self._reader):
                return self.ended or "media"
        return self.ended or "lost"

    async def _media_is_gone(self, reader: "asyncio.Task[None]") -> bool:
        """Wait a moment for the server to send the reason; return True if media is not being renewed."""
        renewals = self.renewals
        await asyncio.wait({reader}, timeout=GRACE_S)
        return self.renewals == renewals

    async def leave(self) -> None:
        """Leave for good."""
        await self._close_media()
        if self._ws is not None and not self._ws.closed and self.ended is None:
            with suppress(Rejected, TimeoutError, ConnectionError):
                await self.ask("leave")
        await self._close_socket()
        await self._end_renewals()

    async def drop(self) -> None:
        """Close socket and media without a message; the server keeps the seat for a return with `resume`."""
        await self._close_media()
        await self._close_socket()
        await self._end_renewals()

    async def _close_media(self) -> None:
        """Close media; a renewal that is requested from now on waits, and is ended once the socket is closed."""
        self._seated.clear()
        await self._end_renewals()
        if self.endpoint is not None:
            await self.endpoint.close()

    async def _close_socket(self) -> None:
        if self._ws is not None and self._reader is not None:
            await self._ws.close()
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _end_renewals(self) -> None:
        for renewing in self._renewals:
            renewing.cancel()
        await asyncio.gather(*self._renewals, return_exceptions=True)

    async def _read(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        with suppress(ConnectionResetError):  # a ping was read, and the socket is closed before the pong
            async for message in ws:
                if message.type == aiohttp.WSMsgType.TEXT:
                    self._take(json.loads(message.data))
        self.ended = self.ended or "lost"
        for reply in self._pending.values():
            if not reply.done():
                reply.set_exception(ConnectionError(f"the socket closed ({self.ended}, {ws.close_code})"))

    def _take(self, message: dict[str, Any]) -> None:
        reply = self._pending.get(message.get("ref") or "")
        if reply is not None and not reply.done():
            if message["type"] == "error":
                reply.set_exception(Rejected(message["error"], message["text"]))
            else:
                reply.set_result(message)
        elif message["type"] == "error":
            logger.warning("< %s %s: %s", self.name, message["error"], message["text"])
        if (handler := _HANDLERS.get(message["type"])) is not None:
            handler(self, message)

    def _take_seats(self, changed: list[dict[str, Any]], gone: list[str]) -> None:
        self.seats.update((seat["seat"], seat) for seat in changed)
        for seat in gone:
            self.seats.pop(seat, None)

    def _renew(self, message: dict[str, Any]) -> None:
        self.renewals += 1
        self._moved.clear()
        self._renewing = asyncio.ensure_future(self._renewed(self._renewing, keep=bool(message.get("keep"))))
        self._renewals.add(self._renewing)
        self._renewing.add_done_callback(self._renewals.discard)

    async def _renewed(self, before: asyncio.Task[None] | None, *, keep: bool) -> None:
        """Renew media in place of the renewal before."""
        if before is not None and not before.done():
            before.cancel()
            await asyncio.wait({before})
        await self._seated.wait()
        if keep and self.endpoint is not None:
            await self._move(self.endpoint)
        else:
            await self._reconnect()

    async def _move(self, old: Endpoint) -> None:
        """Connect where the room moves to; show the endpoint before until everybody is there, as the page does."""
        connected = await self._connect_repeatedly(watched=False)
        try:
            await self._moved.wait()
        finally:
            if connected:
                assert self.endpoint is not None
                old.watched, self.endpoint.watched = False, True
                self._earlier = (self._earlier[0] + old.counters.audio(), self._earlier[1] + old.counters.picture())
                await old.close()
        if not connected:
            await self._reconnect()

    async def _reconnect(self) -> None:
        old = self.endpoint
        self._earlier, self.endpoint = self.tally(), None
        if old is not None:
            await old.close()
        if not await self._connect_repeatedly():
            logger.warning("x %s has lost its media for good", self.name)

    async def _connect_repeatedly(self, *, watched: bool = True) -> bool:
        for _ in range(RENEWALS):
            try:
                await self._connect(watched=watched)
                return True
            except Exception as exc:
                logger.info("x %s could not renew its media: %r", self.name, exc)
                await asyncio.sleep(RENEWAL_S)
        return False

    def _bye(self, message: dict[str, Any]) -> None:
        self.ended = message["reason"]

    def _wanted(self, message: dict[str, Any]) -> None:
        """Pause the layers above the smallest one that has the requested height, as the page does."""
        self._layers = 1 + sum(height < message["lines"] for _, height, _ in RENDITIONS)
        if self.endpoint is not None:
            self.endpoint.sending.wanted = self._layers

    def _tiles(self, message: dict[str, Any]) -> None:
        self.tiles = message["tiles"]

    @property
    def tile_ssrcs(self) -> list[int]:
        """Return the SSRC of each tile's camera that is forwarded; empty for one picture."""
        mids = self.endpoint.tile_ssrcs if self.endpoint is not None else {}
        return [mids[tile["mid"]] for tile in self.tiles if tile["mid"] in mids]

    @property
    def hears_others(self) -> bool:
        """Return True if a point other than its own has the floor."""
        return any(seat["floor"] and name != self.seat for name, seat in self.seats.items())

    @property
    def misses_tiles(self) -> bool:
        """Return True if a tile lacks its camera."""
        return any(tile["mid"] is None and tile["tile"] not in ("", self.seat) for tile in self.tiles)

    def _take_calls(self, message: dict[str, Any]) -> None:
        self.calls = {call["device"]: call for call in message["calls"]}

    def _recording(self, message: dict[str, Any]) -> None:
        if message["on"]:
            self.recorded.set()
        else:
            self.recorded.clear()


async def _wait_for_either(task: "asyncio.Task[None]", event: asyncio.Event) -> None:
    """Wait for the end of a task or for an event."""
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


_HANDLERS: dict[str, Callable[[Participant, dict[str, Any]], None]] = {
    "seats": lambda participant, message: participant._take_seats(message["changed"], message["gone"]),
    "renew": Participant._renew,
    "moved": lambda participant, _: participant._moved.set(),
    "wanted": Participant._wanted,
    "tiles": Participant._tiles,
    "bye": Participant._bye,
    "recording": Participant._recording,
    "calls": Participant._take_calls,
}
