"""PostgreSQL is away for half a minute, under a server that leads and one that stands by, while sessions are booked."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import aiohttp

from loadtest.drills.drill import POLL_S, Drill
from loadtest.drills.meeting_record import Telling
from loadtest.drills.several_servers import SeveralServers
from loadtest.server.booking import book
from loadtest.server.postgresql import PostgreSql
from loadtest.server.rest_client import Client, Refused
from loadtest.time_limit import within

AWAY_S = 30.0
BOOKING_S = 0.5
"""Seconds between two bookings."""
BOOKED_S = 60.0
FIRST_DAY = 2
"""Days until the first session that is booked; each begins a day after the one before."""


class Ledger:
    """Books sessions one after the other, and keeps the ids of those that the server has acknowledged."""

    def __init__(self, client: Client, points: tuple[str, str]) -> None:
        self._client = client
        self._points = points
        self.acknowledged: list[str] = []
        self.refused = 0
        self._refusal = "none was refused"
        """The latest one."""

    async def book_forever(self) -> None:
        """Book until cancelled; a refusal, also one of a lost connection, acknowledges nothing."""
        host, other = self._points
        tried = 0
        while True:
            try:
                starts_in = timedelta(days=FIRST_DAY + tried)
                session = await book(self._client, host, [other], "Thử mất cơ sở dữ liệu", starts_in=starts_in)
                self.acknowledged.append(session["id"])
            except (Refused, aiohttp.ClientError, OSError) as refusal:
                self.refused += 1
                self._refusal = repr(refusal)
            tried += 1
            await asyncio.sleep(BOOKING_S)

    async def grows(self) -> None:
        """Wait until one more is acknowledged. Raises TimeoutError."""
        before = len(self.acknowledged)
        async with within(BOOKED_S, lambda: f"a booking that is acknowledged; {self._refusal}"):
            while len(self.acknowledged) == before:  # noqa: ASYNC110 - the ledger sets no event
                await asyncio.sleep(POLL_S)

    async def lost(self) -> int:
        """Return how many that were acknowledged the server does not know."""
        known = 0
        for each in self.acknowledged:
            known += (await self._client.get(f"/api/v1/sessions/{each}"))["id"] == each
        return len(self.acknowledged) - known


async def hang(drill: Drill[SeveralServers[PostgreSql]]) -> dict[str, Any]:
    """Stop all processes of PostgreSQL (SIGSTOP), so that connections stay and nothing is answered."""
    stopped: list[int] = []

    async def go() -> None:
        stopped.extend(drill.server.database.processes())
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)

    async def come_back() -> None:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)

    return await lose(drill, go, come_back)


async def end(drill: Drill[SeveralServers[PostgreSql]]) -> dict[str, Any]:
    """End PostgreSQL at once, and start it again."""
    return await lose(drill, drill.server.database.stop, drill.server.database.start)


async def lose(
    drill: Drill[Any],
    go: Callable[[], Awaitable[None]],
    come_back: Callable[[], Awaitable[None]],
    away_s: float = AWAY_S,
) -> dict[str, Any]:
    """Book sessions, and command meetings, while PostgreSQL goes, is away for `away_s` or more, and comes back; return
    what people noticed."""
    meeting, telling = drill.meetings[0], Telling(drill)
    host, other = meeting.session["host"]["point"], meeting.session["points"][-1]["id"]
    ledger = Ledger(meeting.client, (host, other))
    booking = asyncio.create_task(ledger.book_forever())
    returned = [participant.returned for participant in drill.participants]
    try:
        await ledger.grows()
        async with telling.throughout():
            began = time.monotonic()
            await go()
            try:
                await asyncio.sleep(max(0.0, away_s - (time.monotonic() - began)))
            finally:
                await come_back()
            back = time.monotonic()
            await ledger.grows()
            books = time.monotonic() - back
        kept = await telling.kept()
    finally:
        booking.cancel()
        await asyncio.gather(booking, return_exceptions=True)
    return {
        "obeys_s": telling.obeys,
        "recovers_s": [books],
        **kept,
        "bookings": len(ledger.acknowledged),
        "bookings_lost": await ledger.lost(),
        "pages_lost": sum(now.returned != then for now, then in zip(drill.participants, returned, strict=True)),
    }
