"""A participant that, like the meeting page, opens another WebSocket when one is lost, and keeps its media."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from typing import Any

import aiohttp

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.participant import Participant, Rejected
from loadtest.server.rest_client import Client
from loadtest.time_limit import within

FIRST_RETRY_S, RETRY_S, LATE_RETRY_S = 0.25, 0.5, 2.0
"""Seconds before the first, next and late attempts to connect again, plus or minus half, as in the page's script."""
EARLY_RETRIES = 20
OPEN_S, LATE_OPEN_S = 3.0, 8.0
"""Seconds until a socket that does not open is given up: so many times the number of the attempt, and at most."""
TEMPORARY = frozenset({"unavailable", "media-restarting", "shutting-down"})


class PageParticipant(Participant):
    """Joins, and connects again with its resume token until it leaves."""

    def __init__(self, client: Client, make_endpoint: Callable[[], Endpoint]) -> None:
        super().__init__(client, make_endpoint)
        self.back = asyncio.Event()
        """Set while it is in the meeting."""
        self.returned = 0.0
        """Time of its last return, by the monotonic clock."""
        self.unrequested_renewals = 0
        """Count of renewals of media that the server did not request."""
        self.clock_ahead = 0
        """By how many seconds the clock of the media worker is ahead, as a host is told."""
        self.hindrance = "its socket is lost"
        """The latest reason for which it is not in the meeting."""
        self.layout: dict[str, Any] = {}
        """The layout of the meeting when it joined."""
        self._code = ""
        self._token = ""
        self._changed = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    async def join(self, code: str, resume: str = "") -> None:
        """Take a seat and connect media, then follow the socket."""
        await super().join(code)
        self._code = code
        self.back.set()
        self._following = asyncio.ensure_future(self._follow())

    async def ask(self, kind: str, /, **fields: Any) -> dict[str, Any]:
        """Send a message and return the reply to it; keep the token that takes the seat again."""
        reply = await super().ask(kind, **fields)
        if kind == "join":
            self._token, self.layout = reply["resume"], reply["layout"]
        return reply

    async def wait_for_state(self, seat: str, **facts: Any) -> None:
        """Wait until a seat has the values of `facts` in the list of seats."""
        while any(self.seats[seat][name] != value for name, value in facts.items()):
            self._changed.clear()
            await self._changed.wait()

    def _take(self, message: dict[str, Any]) -> None:
        super()._take(message)
        if message["type"] == "clock":
            self.clock_ahead = message["ahead"]

    def _take_seats(self, changed: list[dict[str, Any]], gone: list[str]) -> None:
        super()._take_seats(changed, gone)
        self._changed.set()

    async def leave(self) -> None:
        """Leave for good."""
        if self._following is not None:
            self._following.cancel()
        await super().leave()

    async def _follow(self) -> None:
        while True:
            assert self._reader is not None
            await asyncio.wait([self._reader])
            if self.ended not in ("lost", "shutdown"):
                return
            self.back.clear()
            await self._return()
            self.returned = time.monotonic()
            self.back.set()

    async def _return(self) -> None:
        for failed in itertools.count():
            wait = FIRST_RETRY_S if not failed else RETRY_S if failed < EARLY_RETRIES else LATE_RETRY_S
            await asyncio.sleep(wait * random.uniform(0.5, 1.5))
            try:
                await self._rejoin(min(LATE_OPEN_S, OPEN_S * (failed + 1)))
                return
            except Rejected as refusal:
                self.hindrance = str(refusal)
                if refusal.word not in TEMPORARY:
                    raise
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                self.hindrance = repr(error)

    async def _rejoin(self, open_s: float) -> None:
        await self._close_socket()  # that of an attempt that was refused
        async with within(open_s, "a socket that opens"):
            self._ws = await self._client.http.ws_connect("/ws", max_msg_size=1 << 20)
        self.ended = None
        self._reader = asyncio.ensure_future(self._read(self._ws))
        joined = await self.ask("join", code=self._code, accepted=True, resume=self._token)
        self.seat = joined["seat"]
        self.seats.clear()
        self._take_seats(joined["seats"], [])
        self._recording(joined["recording"])
        self._moved.set()  # a server that leads on does not say so of a room that moved before
        if self.endpoint is None or self.seats[self.seat]["media"] != "connected":
            self.unrequested_renewals += 1
            self._renew({})
        if self.endpoint is not None:
            await self.send("media", mic=self.endpoint.sending.mic, camera=self.endpoint.sending.camera)
