"""`python -m loadtest`: endpoints join one session through the public signaling, send and receive, and leave."""

import asyncio
import itertools
import os
import platform
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from loadtest.endpoint.decoder import Decoder
from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.participant_group import ParticipantGroup
from loadtest.endpoint.receive_counters import Tally
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.load import procfs
from loadtest.media.clip import Codec
from loadtest.media.library import MediaLibrary
from loadtest.progress import PrintLine
from loadtest.report.json_report import Conditions, Outcome, PointResult
from loadtest.server.accounts import Login
from loadtest.server.booking import book, cancel
from loadtest.server.rest_client import Client
from mediaserver.transport.dtls import make_certificate

SETTLE_S = 2.0
"""Seconds from the last join to the start of measuring: key frames, floors, first mixes."""
PROGRESS_S = 5.0
TIMER_S = 0.002
"""Resolution of uvloop's timers in seconds: a shorter wait cannot be slept."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Size of a run: `speakers` points hold the floor, `senders` have a camera; the host is the first of both."""

    points: int
    seconds: float
    speakers: int
    senders: int
    codecs: tuple[Codec, ...]
    layers: int
    picture: bool
    decode: bool

    def offered(self, index: int) -> OfferOptions:
        """Return the offer of the endpoint of this index."""
        return OfferOptions(self.codecs, self.layers, camera=index < self.senders, picture=self.picture)


@dataclass(frozen=True, slots=True)
class TargetServer:
    """A running server and the accounts that join, the host first.

    With fewer accounts than points the `administrator` registers more devices for their points. Without a `code` the
    host registers a session and cancels it at the end.
    """

    base: str
    accounts: tuple[Login, ...]
    administrator: Login | None = None
    code: str | None = None
    insecure: bool = False
    server_pid: int | None = None

    def devices_and_accounts(self, points: int) -> tuple[int, tuple[Login, ...]]:
        """Return how many devices each point needs for so many endpoints, and the accounts needed then."""
        devices = -(-points // len(self.accounts))
        return devices, self.accounts[: -(-points // devices)]


class SingleSession:
    """Joins all participants of a run to one session, and counts what they receive."""

    def __init__(self, plan: RunPlan, target: TargetServer, library: MediaLibrary, progress: PrintLine) -> None:
        self._plan = plan
        self._target = target
        self._library = library
        self._progress = progress
        self._certificate = make_certificate()
        self._clients: list[Client] = []
        self._session: dict[str, Any] | None = None
        self.group = ParticipantGroup(self._watcher, self._endpoint)

    async def join(self) -> None:
        """Sign everyone in, register a session, and join it, the host first and alone. Raises Refused."""
        devices, logins = self._target.devices_and_accounts(self._plan.points)
        points = [(await self._sign_in(login))["point"] for login in logins]
        self._progress(f"{len(self._clients)} accounts signed in")
        code = self._target.code or await self._register([point["id"] for point in points if point], devices)
        await self.group.join(itertools.islice(itertools.cycle(self._clients), self._plan.points), code)
        self._progress(f"{len(self.group.seated)} of {self._plan.points} joined")
        await self.group.give_floors(self._plan.speakers)

    async def _sign_in(self, login: Login) -> dict[str, Any]:
        client = Client(self._target.base, insecure=self._target.insecure)
        self._clients.append(client)
        return await client.login(*login)

    async def _register(self, points: list[str], devices: int) -> str:
        if devices > 1 and self._target.administrator is not None:
            await self._provide_devices(points, devices, self._target.administrator)
        host, *others = dict.fromkeys(points)
        self._session = await book(self._clients[0], host, others, f"Kiểm tra tải {self._plan.points} điểm cầu")
        return str(self._session["code"])

    async def _provide_devices(self, points: list[str], devices: int, login: Login) -> None:
        async with Client(self._target.base, insecure=self._target.insecure) as administrator:
            await administrator.login(*login)
            for point in points:
                await administrator.post(f"/api/v1/points/{point}/devices", {"devices": devices})

    def _watcher(self) -> Decoder | None:
        return Decoder() if self._plan.decode else None

    def _endpoint(self, index: int, decode: Decoder | None) -> Endpoint:
        return Endpoint(self._certificate, self._library.shared_material(index), self._plan.offered(index), decode)

    async def leave(self) -> None:
        """Let everyone leave, and cancel the session that was registered for the run."""
        await self.group.leave()
        if self._session is not None:
            await cancel(self._clients[0], self._session["id"])
        await asyncio.gather(*(client.close() for client in self._clients))

    def tallies(self) -> list[tuple[Tally, Tally]]:
        """Return the counters of sound and picture of each participant so far."""
        return [participant.tally() for participant in self.group.participants]

    def results(self, before: Sequence[tuple[Tally, Tally]]) -> tuple[PointResult, ...]:
        """Return what each participant received since `before`."""
        rows = zip(self.group.seated, before, self.tallies(), strict=True)
        return tuple(
            PointResult(
                name=seated.participant.name,
                role=seated.participant.role,
                connected=seated.participant.connected,
                audio=after[0] - earlier[0],
                picture=after[1] - earlier[1],
                ended=seated.participant.ended,
                decoded=seated.watcher.summary() if seated.watcher else None,
            )
            for seated, earlier, after in rows
        )


@asynccontextmanager
async def joined_session(plan: RunPlan, target: TargetServer, progress: PrintLine) -> AsyncIterator[SingleSession]:
    """Yield the session with all participants in it; they leave at the end."""
    library = MediaLibrary()
    await library.prepare_shared(plan.codecs[:1], plan.layers)
    everybody = SingleSession(plan, target, library, progress)
    try:
        await everybody.join()
        yield everybody
    finally:
        await everybody.leave()


async def run(plan: RunPlan, target: TargetServer, progress: PrintLine) -> Outcome:
    """Join, settle, measure, leave."""
    async with joined_session(plan, target, progress) as everybody:
        await asyncio.sleep(SETTLE_S)
        before, used, began = everybody.tallies(), _usage(target), time.monotonic()
        await _wait(plan.seconds, everybody, progress)
        now = _usage(target)
        server = procfs.Usage(now.cpu_s - used.cpu_s, now.rss_bytes) if used and now else None
        return Outcome(
            expected=plan.points,
            seconds=time.monotonic() - began,
            points=everybody.results(before),
            server=server,
            conditions=_conditions(plan),
            failures=tuple(everybody.group.failures),
        )


async def _wait(seconds: float, everybody: SingleSession, progress: PrintLine) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > TIMER_S:
        connected = sum(p.connected for p in everybody.group.participants)
        progress(f"{connected} connected, {left:.0f} s left")
        await asyncio.sleep(min(PROGRESS_S, left))


def _usage(target: TargetServer) -> procfs.Usage | None:
    return procfs.usage(target.server_pid) if target.server_pid else None


def _conditions(plan: RunPlan) -> Conditions:
    return Conditions(
        points=plan.points,
        speakers=plan.speakers,
        senders=plan.senders,
        codec="+".join(plan.codecs),
        layers=plan.layers,
        picture=plan.picture,
        cores=os.cpu_count() or 1,
        machine=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
    )
