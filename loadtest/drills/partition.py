"""The drill `partition`: cuts the server that leads off from the database, both ways or one way, while sessions are
registered at the limit of what may be held at once.

A ledger of its own notes what was acknowledged; in the end it is compared with what the database holds.
"""

import asyncio
import itertools
import time
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from loadtest.drills.drill import Drill
from loadtest.drills.leader import SeveralServers, several_servers
from loadtest.server import accounts
from loadtest.server.postgresql import postgresql
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
CHUNK = 65_536
TO, FROM = "to", "from"
WAYS: tuple[Collection[str], ...] = ((TO, FROM), (TO,), (FROM,))


class DatabaseLink:
    """Carries connections of one server to PostgreSQL. What a direction that is cut would carry is held back, as TCP
    does, and comes when it is mended."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._open = {TO: asyncio.Event(), FROM: asyncio.Event()}
        self._carrying: set[asyncio.Task[None]] = set()
        self.url = ""
        self.mend()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Yield the URL of the database by this way."""
        server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.url = f"postgresql://postgres@127.0.0.1:{server.sockets[0].getsockname()[1]}/diemcau"
        try:
            yield self.url
        finally:
            server.close()
            for task in self._carrying:
                task.cancel()
            await asyncio.gather(*self._carrying, return_exceptions=True)

    def cut(self, directions: Collection[str]) -> None:
        """Carry nothing any more in these directions."""
        for each in directions:
            self._open[each].clear()

    def mend(self) -> None:
        """Carry everything again."""
        for each in self._open.values():
            each.set()

    async def _accepted(self, reader: StreamReader, writer: StreamWriter) -> None:
        inner, outer = await asyncio.open_unix_connection(self._socket)
        for way, source, sink in ((TO, reader, outer), (FROM, inner, writer)):
            task = asyncio.create_task(self._carry(self._open[way], source, sink))
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)

    async def _carry(self, gate: asyncio.Event, source: StreamReader, sink: StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(CHUNK):
                await gate.wait()
                sink.write(data)
                await sink.drain()
        await gate.wait()
        sink.close()


class PartitionedServers(SeveralServers):
    """Servers of which each reaches the database by a link of its own."""

    def __init__(self, servers: SeveralServers, links: Sequence[DatabaseLink]) -> None:
        super().__init__(servers.url, servers.servers)
        self.media = servers.media
        self._links = links
        self.ways = itertools.cycle(WAYS)
        self.hours = itertools.count(24 * 8)
        """Hours from now at which sessions begin that are registered next."""

    @property
    def link(self) -> DatabaseLink:
        """The link of the server that leads."""
        return next(each for each in self._links if each.url == self.leading.environ["DIEMCAU_DATABASE_URL"])

    @property
    def urls(self) -> list[str]:
        """The addresses at which sessions are registered: that of all, and each server's own."""
        return [self.url, *(f"https://127.0.0.1:{each.environ['DIEMCAU_PORT']}" for each in self.servers)]


@asynccontextmanager
async def partitioned_servers(workers: int, points: int, **settings: str) -> AsyncIterator[PartitionedServers]:
    """Yield two servers that can be cut off from their database, and that admit few sessions at once."""
    links: list[DatabaseLink] = []

    @asynccontextmanager
    async def reach(database: str) -> AsyncIterator[str]:
        links.append(DatabaseLink(Path(database.partition("host=")[2]) / ".s.PGSQL.5432"))
        async with links[-1].listening() as url:
            yield url

    settings |= {"DIEMCAU_MAX_SESSIONS": str(MAX_SESSIONS)}
    async with several_servers(workers, points, reach, postgresql, **settings) as servers:
        yield PartitionedServers(servers, links)


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
    """Cut the server that leads off from the database; the other one succeeds it. It ends, and stands by again
    once it is started after the cut."""
    servers = drill.server
    cut_off, link, ledger = servers.leading, servers.link, Ledger()
    async with AsyncExitStack() as stack:
        registering = await _registering(drill, ledger, stack)
        began = time.monotonic()
        link.cut(next(servers.ways))
        leads = await servers.succeed()
        status = await cut_off.ended()  # by the word of the media workers alone
        ended = time.monotonic()
        obeys = await drill.obeyed(began)
        await asyncio.sleep(max(0.0, began + CUT_S - time.monotonic()))
        link.mend()
        await cut_off.start()
        await cut_off.until(b"Standing by")
        registering.set()
    async with open_services(read(servers.leading.environ), migrating=False) as services:
        begin = datetime.now(UTC) + timedelta(days=7)
        sessions = await services.scheduler.sessions(begin, begin + timedelta(days=60))
    held = [(each.id, str(each.code), each.official.start) for each in sessions if each.state == State.ISSUED]
    figures = {
        "leads_s": [leads - began],
        "ended_s": [ended - began],
        "obeys_s": obeys,
        "answers": ledger.answers,
        "ended_with_1": status == 1,
    }
    return figures | ledger.compare(held)


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
