"""A served server for tests: sign in, call endpoints, open sockets, send messages and wait for others."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import ClientResponse, ClientSession, ClientWebSocketResponse, WSMessage, WSMsgType
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher
from redis.asyncio import Redis

from scheduler.core.model import Interval, Request, Session
from scheduler.units.seed import khanh_hoa_2023
from signaling.accounts.store import AccountStore
from signaling.app.application import application
from signaling.app.lifecycle import running
from signaling.app.server import Server
from signaling.app.services import Services, open_services
from signaling.app.settings import Settings
from signaling.audit.hash_chain import COVER
from signaling.audit.log import EntryFilter
from signaling.core.account import Account
from signaling.core.audit_entry import AuditEntry
from signaling.core.redis_keys import failures
from signaling.meeting.connected_devices import ConnectedDevices
from signaling.recording.store import RecordingStore
from signaling.workers.pool import WorkerPool
from tests.fakes import FakeClock, FakeDisk, FakeEngine

NOW = datetime(2026, 4, 6, 1, 0, tzinfo=UTC)
PASSWORD = "mot mat khau rat dai"
PATIENCE_S = 30.0
"""What is waited for comes at once, but on a busy machine: this only bounds a failure."""
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Nobody attacks these accounts, and every test signs in; what the product makes costs 19 MiB and two passes."""
DIEN_AN, CAU_BA = "dk.dienan", "kv.cauba"
HOST, NHA_TRANG, CAM_RANH, DIEN_KHANH = "ubnd.khanh-hoa", "ubnd.nha-trang", "ubnd.cam-ranh", "ubnd.dien-khanh"

ACCOUNTS: dict[str, tuple[tuple[str, ...], str | None]] = {
    "admin": (("administrator",), None),
    "central": (("technician",), None),
    "host": (("site", "registrant"), HOST),
    "nhatrang": (("site",), NHA_TRANG),
    "camranh": (("site",), CAM_RANH),
    "dienkhanh": (("site",), DIEN_KHANH),
    "nobody": (("site",), None),
    "office": (("supervisor",), None),
    "focal": (("site", "registrant"), DIEN_KHANH),
    "dienan": (("site", "registrant"), DIEN_AN),
    "agriculture": (("registrant",), "so.nnptnt"),
    "cauba": (("site",), CAU_BA),
    "vanninh": (("site",), "ubnd.van-ninh"),
}
"""Accounts of every role, by name: roles and point."""


def make_settings(data: Path, redis_url: str | None) -> Settings:
    """Return settings under a temporary directory."""
    return Settings(
        data=data,
        host="127.0.0.1",
        port=0,
        http_port=0,
        database_url=f"sqlite:///{data / 'diemcau.sqlite3'}",
        redis_url=redis_url,
        workers=1,
        media_port=0,
        media_addresses=("127.0.0.1",),
        max_sessions=20,
        max_points=255,
    )


def prepare_record(settings: Settings) -> None:
    """Fill the database that all tests start from: units and accounts."""

    async def prepare() -> None:
        async with open_services(settings) as services:
            await services.scheduler.import_units(khanh_hoa_2023())
            points = {point.id: point for point in await services.scheduler.points()}
            hashed = CHEAP.hash(PASSWORD)
            for name, (roles, point) in ACCOUNTS.items():
                unit = points[point].unit if point else None
                account = Account(name, name.title(), roles, unit, point)  # type: ignore[arg-type]
                await services.accounts.add_account(account, hashed, NOW)

    with ThreadPoolExecutor(1) as thread:  # where browsers are driven the main thread has a loop
        thread.submit(asyncio.run, prepare()).result()


def _without(kind: str, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for message in messages if message["type"] != kind]


@dataclass
class Socket:
    """One WebSocket of a test."""

    socket: ClientWebSocketResponse
    seen: list[dict[str, Any]] = field(default_factory=list)
    patience: float = PATIENCE_S
    """Seconds that a message is waited for."""
    _ref: int = 0

    async def send(self, **message: Any) -> None:
        """Send a message."""
        await self.socket.send_str(json.dumps(message))

    async def ask(self, **message: Any) -> dict[str, Any]:
        """Send a message and return its direct answer."""
        self._ref += 1
        ref = f"r{self._ref}"
        await self.send(**message, ref=ref)
        response = await self.until(lambda got: got.get("ref") == ref)
        self.seen.clear()
        return {name: value for name, value in response.items() if name != "ref"}

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the next message that is wanted, or one seen already; those of its type before it are forgotten.

        Those of other types are not: on a busy machine what changed of the seats is told before or after the picture.
        """
        for place, message in enumerate(self.seen):
            if wanted(message):
                later = self.seen[place + 1 :]
                self.seen = _without(message["type"], self.seen[:place]) + later
                return message
        async with asyncio.timeout(self.patience):
            while True:
                got = await self._receive()
                if got.type is not WSMsgType.TEXT:
                    raise AssertionError(f"socket ended with {got}; saw {self.seen}")
                came: dict[str, Any] = json.loads(got.data)
                if wanted(came):
                    self.seen = _without(came["type"], self.seen)
                    return came
                self.seen.append(came)

    async def type(self, kind: str) -> dict[str, Any]:
        """Return the next message of a type."""
        return await self.until(lambda message: message["type"] == kind)

    async def seat(self, seat: str, **facts: Any) -> dict[str, Any]:
        """Return the next state of a seat that has these facts."""

        def found(message: dict[str, Any]) -> bool:
            rows = message["changed"] if message["type"] == "seats" else []
            return any(row["seat"] == seat and facts.items() <= row.items() for row in rows)

        message = await self.until(found)
        return next(row for row in message["changed"] if row["seat"] == seat)

    async def closed(self) -> int | None:
        """Wait for the end; return the close code."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self._receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
                pass
        return self.socket.close_code

    async def _receive(self) -> WSMessage:
        """Return the next frame that is no ping; pings are answered, unless the connection has ended meanwhile."""
        while (got := await self.socket.receive()).type is WSMsgType.PING:
            with suppress(ConnectionResetError):
                await self.socket.pong(got.data)
        return got


@dataclass
class World:
    """A served server, with the fakes that a test controls."""

    services: Services
    server: Server
    engine: FakeEngine
    clock: FakeClock
    disk: FakeDisk
    http: TestServer
    _clients: list[ClientSession] = field(default_factory=list)
    _upgraded: list[ClientResponse] = field(default_factory=list)
    """Responses that hold the connections of WebSockets, which tests leave open."""

    @property
    def accounts(self) -> AccountStore:
        """The accounts."""
        return self.services.accounts

    @property
    def recording_store(self) -> RecordingStore:
        """The recordings."""
        return self.services.recording_store

    async def audited(self, limit: int) -> list[AuditEntry]:
        """Return the newest entries of the audit log, newest first, without those of the periodic jobs."""
        rows = await self.services.audit.newest(EntryFilter(), limit + 2)
        return [row.entry for row in rows if row.entry.action != COVER][:limit]

    def client(self) -> ClientSession:
        """Return a browser without a sign-in."""
        jar = aiohttp.CookieJar(unsafe=True)
        options: dict[str, Any] = {"ws_response_class": self._make_socket}
        client = ClientSession(self.http.make_url("/"), cookie_jar=jar, **options)
        self._clients.append(client)
        return client

    def _make_socket(
        self, reader: Any, writer: Any, protocol: str | None, response: ClientResponse, *more: Any, **options: Any
    ) -> ClientWebSocketResponse:
        """Return the WebSocket of a response that accepted an upgrade."""
        self._upgraded.append(response)
        return ClientWebSocketResponse(reader, writer, protocol, response, *more, **options)

    async def signed_in(self, account: str) -> ClientSession:
        """Return a browser in which an account is signed in."""
        client = self.client()
        async with client.post("/api/v1/login", json={"account": account, "password": PASSWORD}) as response:
            assert response.status == 200, await response.text()
        return client

    async def session(
        self,
        *points: str,
        start: timedelta = timedelta(0),
        recording: bool = False,
        voices: bool = False,
        host: str = HOST,
    ) -> Session:
        """Register a session of two hours, hosted by the province unless said otherwise."""
        begin = NOW + start
        request = Request(
            host_point=host,
            points=points or (NHA_TRANG, CAM_RANH),
            rehearsal=None,
            official=Interval(begin, begin + timedelta(hours=2)),
            title="Họp giao ban <b>tháng 4</b>",
            contact_name="Nguyễn Văn A",
            contact_phone="0905123456",
            recording=recording,
            submitted_by="host",
            klass="khan_cap",
            ground="chi_dao_ubnd_tinh",
            reason="CĐ 05/CĐ-UBND",
            purpose="tinh_den_xa",
            kind="giao_ban",
            form="truc_tuyen",
            secret=False,
            voices=voices,
        )
        return await self.services.scheduler.submit(request, NOW - timedelta(hours=1))

    async def socket(self, account: str) -> Socket:
        """Open a socket."""
        client = await self.signed_in(account)
        return Socket(await client.ws_connect("/ws", max_msg_size=0, autoping=False))

    async def join(self, account: str, session: Session, **fields: Any) -> tuple[Socket, dict[str, Any]]:
        """Open a socket and join."""
        socket = await self.socket(account)
        joined = await socket.ask(type="join", code=session.code, **{"accepted": True, **fields})
        assert joined["type"] == "joined", joined
        return socket, joined

    def drop(self, account: str) -> None:
        """Cut the sockets of an account."""
        for client in self.server.meetings.clients:
            if client.account.account == account:
                client.drop()

    async def tick(self, seconds: float) -> None:
        """Advance the clock and tick all meetings."""
        await self.server.meetings.tick(self.clock.advance(seconds))

    async def close(self) -> None:
        """Close all browsers, and connections that a test left open: a lost one warns in whatever test follows."""
        for response in self._upgraded:
            response.close()
        for client in self._clients:
            await client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


@asynccontextmanager
async def open_world(
    settings: Settings, workers: WorkerPool | None = None, held: FakeEngine | None = None
) -> AsyncIterator[World]:
    """Serve a server over an engine of its own, one that an earlier server left (`held`), or workers."""
    engine, clock, disk = held or FakeEngine(), FakeClock(NOW), FakeDisk()
    async with (
        open_services(settings) as services,
        running(settings, services, workers or engine, clock, disk) as server,
    ):
        test_server = TestServer(application(server))
        await test_server.start_server()
        try:
            await server.periodic_jobs.settled()  # what it does at the start is not to mix with what a test does
            async with World(services, server, engine, clock, disk, test_server) as world:
                yield world
                await server.meetings.stop()
        finally:
            await test_server.close()


async def counted_elsewhere(world: World, session: Session, legs: Collection[str]) -> ConnectedDevices:
    """Connect legs of a session to another server; return its counter."""
    presence = ConnectedDevices(world.server.redis)
    presence.hold({session.id: legs})
    await presence.write()
    return presence


_OLDER = """
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do redis.call('ZINCRBY', key, -ARGV[2], member) end
end
"""


async def older(redis: Redis, seconds: float) -> None:
    """Let time pass for failures that are counted: they are older, since Valkey's clock cannot be turned."""
    await redis.register_script(_OLDER)(args=[failures("*", "*"), seconds])


async def problem_of(response: ClientResponse) -> tuple[int, str]:
    """Return status and word of a problem."""
    body = await response.json(content_type="application/problem+json")
    assert body["status"] == response.status
    assert {"title", "detail"} <= body.keys()
    return response.status, body["type"].removeprefix("urn:diemcau:")


async def wait_until(so: Callable[[], object]) -> None:
    """Wait until `so` returns a true value."""
    async with asyncio.timeout(PATIENCE_S):
        while not so():
            await asyncio.sleep(0.01)


async def wait_for_reconnects(world: World, session_id: str, kinds: Sequence[str], point: str = NHA_TRANG) -> None:
    """Wait until these kinds of attempts of a point to reconnect are stored, which is after others were told."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            stored = await world.services.attendance.reconnects(session_id)
            if [each.kind for each in stored if each.point == point] == [*kinds]:
                return
            await asyncio.sleep(0.01)
