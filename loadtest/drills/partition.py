"""The drill `partition`: cuts the machine of the server that leads off from PostgreSQL's, both ways and one way, and
from all others, while sessions are registered at the limit of what may be held at once.

A ledger of its own notes what was acknowledged; in the end it is compared with what the database holds.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from loadtest.drills.drill import OBEY_S, Drill, until
from loadtest.drills.several_servers import PORT, OneOfSeveral, SeveralServers, several_servers
from loadtest.server import accounts
from loadtest.server.machines import FROM, TO
from loadtest.server.postgresql import PostgreSql
from loadtest.server.rest_client import Client, Refused
from scheduler.core.model import ONLINE, ORDINARY, OTHER, Point, State
from signaling.app.admin_cli import NewAccount
from signaling.app.services import open_services
from signaling.app.settings import read

CENTRE = NewAccount("loadtest-centre", "Kỹ thuật viên trung tâm", ("technician",))
MAX_SESSIONS = 5
FIT = 4
"""Sessions at once: 80 % of those."""
HOSTS = 8
"""Hosts that register for the same hour: more than fit, even while those that ask one server get no answer."""
ANSWER_S = 5.0
"""Longest seconds that one waits for an answer."""
CUT_S = 10.0
"""Seconds for which the server is cut off."""
WAYS: tuple[tuple[bool, Collection[str]], ...] = (
    (False, (TO, FROM)),
    (False, (TO,)),
    (False, (FROM,)),
    (True, (TO, FROM)),
)
"""Whether it is cut off from all machines or from PostgreSQL's alone, and in which directions."""


class PartitionedServers(SeveralServers[PostgreSql]):
    """Servers that are cut off from their database, one way or both."""

    def __init__(self, servers: SeveralServers[PostgreSql]) -> None:
        super().__init__(servers.front, servers.database, servers.servers, servers.folder)
        self.media = servers.media
        self.ways = itertools.cycle(WAYS)
        self.hours = itertools.count(24 * 8)
        """Hours from now at which sessions begin that are registered next."""

    @property
    def urls(self) -> list[str]:
        """The addresses at which sessions are registered: that of all, and each server's own."""
        return [self.url, *(f"https://{each.machine.address}:{PORT}" for each in self.servers)]


@asynccontextmanager
async def partitioned_servers(workers: int, points: int, **settings: str) -> AsyncIterator[PartitionedServers]:
    """Yield two servers that admit few sessions at once."""
    settings |= {"DIEMCAU_MAX_SESSIONS": str(MAX_SESSIONS)}
    async with several_servers(workers, points, **settings) as servers:
        yield PartitionedServers(servers)


@dataclass
class Ledger:
    """The answers to registrations of sessions that begin at the same hour, hour by hour."""

    issued: dict[str, str] = field(default_factory=dict)
    """Codes by session."""
    answers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("issued", "full", "refused", "none"), 0))

    async def register(self, client: Client, host: Point, guest: Point, start: datetime) -> None:
        """Register a session of two points; note the answer."""
        try:
            async with asyncio.timeout(ANSWER_S):
                session = await client.post("/api/v1/registrations", _registration(host, guest, start))
        except Refused as refused:
            self.answers["full" if refused.word == "capacity" else "refused"] += 1
        except (aiohttp.ClientError, TimeoutError, OSError):
            self.answers["none"] += 1
        else:
            self.answers[session["state"]] += 1
            self.issued[session["id"]] = session["code"]

    def compare(self, held: Collection[tuple[str, str, datetime]]) -> dict[str, bool]:
        """Compare with the sessions that hold capacity, by id, code and start: none lost, never more than fit, no code
        twice."""
        codes = {session: code for session, code, _ in held}
        hours = Counter(start for *_, start in held)
        return {
            "bookings_kept": self.issued.items() <= codes.items(),
            "within_limit": max(hours.values(), default=0) <= FIT,
            "codes_unique": len(set(codes.values())) == len(codes),
        }


def _registration(host: Point, guest: Point, start: datetime) -> dict[str, Any]:
    return {
        "host_point": host.id,
        "points": [guest.id],
        "rehearsal": None,
        "official": {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()},
        "title": "Thử chia cắt",
        "contact_name": "Kiểm tra tải",
        "contact_phone": "0258 382 2229",
        "recording": False,
        "class": ORDINARY,
        "ground": "",
        "reason": "",
        "purpose": OTHER,
        "kind": OTHER,
        "form": ONLINE,
        "secret": False,
    }


async def cut(drill: Drill[PartitionedServers]) -> dict[str, Any]:
    """Cut the server that leads off; the other one succeeds it. Return how long after it could know that it takes to
    end; it stands by again once it is started after the cut."""
    servers = drill.server
    cut_off, ledger = servers.leading, Ledger()
    async with AsyncExitStack() as stack:
        registering = await _registering(drill, ledger, stack)
        began = time.monotonic()
        from_all, directions = next(servers.ways)
        cut_off.machine.cut(None if from_all else servers.database.machine, directions)
        try:
            leads = await servers.succeed()
            ending = asyncio.create_task(_end(cut_off))
            came = "all points at the next server"  # the one that was cut off obeys them until then
            await until(lambda: all(each.returned > began for each in drill.participants), OBEY_S, came)
            obeys = await drill.obeyed(began)
            await asyncio.sleep(max(0.0, began + CUT_S - time.monotonic()))
        finally:
            cut_off.machine.mend()
        told = time.monotonic() if from_all else leads  # media workers tell it, unless it is cut off from them, too
        status, ended = await ending
        await cut_off.start()
        await cut_off.until(b"Standing by")
        registering.set()
    async with open_services(read(servers.leading.environ), migrating=False) as services:
        begin = datetime.now(UTC) + timedelta(days=7)
        sessions = await services.scheduler.sessions(begin, begin + timedelta(days=60))
    held = [(each.id, str(each.code), each.official.start) for each in sessions if each.state == State.ISSUED]
    figures = {
        "leads_s": [leads - began],
        "ended_s": [ended - told],
        "obeys_s": obeys,
        "answers": ledger.answers,
        "ended_with_1": status == 1,
    }
    return figures | ledger.compare(held)


async def _end(server: OneOfSeveral) -> tuple[int, float]:
    """Wait for the end of a server; return the exit status and the monotonic time."""
    return await server.ended(), time.monotonic()


async def _registering(drill: Drill[PartitionedServers], ledger: Ledger, stack: AsyncExitStack) -> asyncio.Event:
    """Register sessions from now on until the event that is returned is set; the stack waits for the last answers."""
    servers, ended = drill.server, asyncio.Event()
    (login,) = await accounts.create_accounts(servers.environ, [CENTRE])
    first = drill.size.points + 1
    points = (await accounts.points(servers.environ))[first : first + 2 * HOSTS]
    clients = [await stack.enter_async_context(Client(url)) for url in servers.urls]
    for client in clients:
        await client.login(*login)

    async def register() -> None:
        while not ended.is_set():
            start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=next(servers.hours))
            asked = zip(itertools.cycle(clients), points[:HOSTS], points[HOSTS:], strict=False)
            await asyncio.gather(*(ledger.register(client, host, guest, start) for client, host, guest in asked))

    task = asyncio.create_task(register())

    async def end() -> None:
        ended.set()
        await task

    stack.push_async_callback(end)
    return ended
