"""The drill `cascade`: a session that is held with a system below, whose machine dies in its midst and comes back.

Both systems run on this machine, with a SIP call between them. The meetings of the system above go on meanwhile. The
system below stands for a machine of its own: it starts again on what the others leave of this one's cores, so that the
four seconds of CPU that this takes are not measured as if it cost those above something. How long it took, and how many
pictures were missing meanwhile, is told beside; they count as any others.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from loadtest.drills.drill import Drill, until
from loadtest.drills.page_endpoint import PageParticipant
from loadtest.drills.server import RestartedServer, restarted_server
from loadtest.endpoint.decoder import Decoder
from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.library import HUE_STEP, MediaLibrary
from loadtest.media.perception import hears, sees
from loadtest.media.picture import colour
from loadtest.media.tone import RATE_HZ, tone_hz
from loadtest.server import accounts
from loadtest.server.booking import book, cancel
from loadtest.server.ports import free_port
from loadtest.server.rest_client import Client
from loadtest.time_limit import within
from mediaserver.transport.dtls import make_certificate
from scheduler.core.model import Point
from signaling.app.admin_cli import NewAccount
from signaling.app.services import Services, open_services, utc_now
from signaling.app.settings import read
from signaling.cascade.model import Neighbour

LOOPBACK = "127.0.0.1"
ABOVE, BELOW = "system-above", "system-below"
OFFERED = OfferOptions(("H264",), layers=1)
ACCEPTED_S = 45.0
"""Longest wait until the system below has accepted: the one above asks every 20 s."""
LINKED_S = 60.0
"""Longest wait until the link is there; a call that was lost is dialled again 10 s later, then 20 s."""
SEEN_S = 20.0
"""Longest wait until one side sees, hears and knows of the other."""
POLL_S = 0.1
LOWER_S = 0.5
"""Interval at which new processes of the system below are looked for."""
IDLE = ("chrt", "--idle", "0")
"""Starts a process that computes while no other one wants to, and so do its children: SCHED_IDLE, sched(7)."""
LOWEST_NICE = 19
"""Niceness of a session of processes, where the kernel shares out by sessions."""
HOST, SITTER = 0, 1
"""Which of the shared pictures and tones the host above sends, and somebody at the point below."""


class LinkedParticipant(PageParticipant):
    """One who decodes what is sent to them, and is told of the meeting of the neighbouring system."""

    def __init__(self, client: Client, library: MediaLibrary, sends: int) -> None:
        self.watch = Decoder()
        self.neighbours: dict[str, dict[str, Any]] = {}
        certificate, material = make_certificate(), library.shared_material(sends)
        super().__init__(client, lambda: Endpoint(certificate, material, OFFERED, self.watch))

    def _take(self, message: dict[str, Any]) -> None:
        super()._take(message)
        if message["type"] == "neighbours":
            self.neighbours = message["meetings"]

    def linked_seat(self, point: str) -> str | None:
        """Return the seat of a neighbouring system whose media are connected, by the point that stands for it."""
        found = (name for name, seat in self.seats.items() if seat["point"] == point and seat["media"] == "connected")
        return next(found, None)

    def meets(self, sends: int, point: str) -> bool:
        """Return whether one who sends this picture is seen, and their system told who is there."""
        there = any(seat["here"] for seat in self.neighbours.get(point, {"seats": []})["seats"])
        return there and sees(self.watch.picture, colour(sends * HUE_STEP))

    def hears(self, sends: int) -> bool:
        """Return whether one who sends this tone is heard."""
        return hears(self.watch.sound()[-RATE_HZ // 2 :], RATE_HZ, tone_hz(sends))


@dataclass
class TwoSystems:
    """A system above, where the meetings of the drill are held, and one below."""

    above: RestartedServer
    below: RestartedServer
    stands_for_below: Point
    """The point of the system above that stands for the one below."""
    stands_for_above: Point
    sits: Point
    """The point of the system below that sits in sessions of the one above."""
    name: str = BELOW
    """The name of the system below at the one above."""
    host: str = LOOPBACK
    """The IP address of the system below."""
    url: str = field(init=False)
    environ: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.url, self.environ = self.above.url, self.above.environ

    async def point_accounts(self, count: int) -> list[accounts.Login]:
        """Create the accounts of so many points of the system above."""
        return await self.above.point_accounts(count)

    def workers(self) -> list[int]:
        """Return the process ids of the media workers above."""
        return self.above.workers()

    async def know_each_other(self, port_below: int) -> None:
        """Register each system at the other, as administrators do, with the device that it calls or is called by."""
        async with open_services(read(self.below.environ)) as below, open_services(read(self.above.environ)) as above:
            neighbour = Neighbour(ABOVE, self.stands_for_above.id, our_point=self.sits.id)
            key = await below.neighbours.add_above(neighbour, utc_now())
            neighbour = Neighbour(self.name, self.stands_for_below.id, url=self.below.url)
            await above.neighbours.add_below(neighbour, key, utc_now())
            await _register_device(above, self.stands_for_below, self.host, port_below)
            await _register_device(below, self.stands_for_above, LOOPBACK, None)

    async def accepted(self, session: str) -> str:
        """Wait until the system below has accepted a session; return its code there. Raises TimeoutError."""
        awaited = "the code of a session that the system below accepts"
        async with open_services(read(self.environ)) as services, within(ACCEPTED_S, awaited):
            while True:
                known = await services.reservations.one(self.name, session)
                if known is not None and known.code:
                    return known.code
                await asyncio.sleep(POLL_S)

    async def kill_below(self) -> None:
        """Kill the server below and its media workers, as its machine does that dies."""
        workers = self.below.workers()
        await self.below.kill()
        for worker in workers:
            os.kill(worker, signal.SIGKILL)

    async def start_below(self) -> float:
        """Start the server below on what others leave of the cores; return when it listens, by the monotonic clock."""
        start = asyncio.create_task(self.below.start(under=IDLE))
        while not start.done():
            for pid in (self.below.pid, *self.below.workers()):
                _lower(pid)
            await asyncio.sleep(LOWER_S)
        return await start


def _lower(pid: int) -> None:
    """Give the session that a process leads a low priority, where the kernel shares out by sessions."""
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(LOWEST_NICE))


async def _register_device(services: Services, point: Point, host: str, port: int | None) -> None:
    """Register the gateway of a neighbouring system at the point that stands for it; without a port it only calls."""
    (device, *_) = await services.equipment.devices(point.id)
    link = replace(device, kind="LINK", protocol="SIP", sip_profile="diemcau", address=host, transport="TCP")
    await services.equipment.describe(replace(link, port=port, dial_out=port is not None), utc_now(), {})


@asynccontextmanager
async def two_systems(workers: int, points: int, **settings: str) -> AsyncIterator[TwoSystems]:
    """Yield a system above that knows one below, which has one media worker."""
    ports = [free_port() for _ in range(2)]
    gateways = [{"DIEMCAU_SIP_HOST": LOOPBACK, "DIEMCAU_SIP_PORT": str(port)} for port in ports]
    async with (
        restarted_server(workers, points, **settings, **gateways[0]) as above,
        restarted_server(1, points, **settings, **gateways[1]) as below,
    ):
        registered = await accounts.points(above.environ)
        systems = TwoSystems(above, below, registered[points + 1], registered[1], registered[0])
        await systems.know_each_other(ports[1])
        yield systems


async def lose_below(drill: Drill[TwoSystems]) -> dict[str, Any]:
    """Hold a session with the system below; kill that with its media workers, and start it again."""
    systems, library = drill.server, MediaLibrary()
    await library.prepare_shared(("H264",), 1)
    async with AsyncExitStack() as stack:
        upper = await _signed_in(stack, systems.url, drill.visitor)
        account = NewAccount("drill-below", systems.sits.label, accounts.ROLES, point=systems.sits.id)
        (login,) = await accounts.create_accounts(systems.below.environ, [account])
        lower = await _signed_in(stack, systems.below.url, login)
        began, neighbour = time.monotonic(), systems.stands_for_below.id
        host_point = (await upper.get("/api/v1/me"))["point"]["id"]
        session = await book(upper, host_point, [neighbour], "Họp với hệ thống cấp dưới")
        code = await systems.accepted(session["id"])
        accepted = time.monotonic()
        host = await _joined(stack, LinkedParticipant(upper, library, HOST), session["code"])
        sitter = await _joined(stack, LinkedParticipant(lower, library, SITTER), code)
        await until(lambda: host.linked_seat(neighbour) is not None, LINKED_S, "the link")
        linked = time.monotonic()
        met = await _meet(host, sitter, systems)
        await systems.kill_below()
        killed = time.monotonic()
        obeys = await drill.obeyed(killed)
        await until(lambda: host.linked_seat(neighbour) is None, LINKED_S, "the loss of the link")
        starts, missing = time.monotonic(), drill.noticed()["packets_lost"]["picture"]
        listens = await systems.start_below()
        missing = drill.noticed()["packets_lost"]["picture"] - missing
        await until(lambda: host.linked_seat(neighbour) is not None, LINKED_S, "the link after the fault")
        linked_again = time.monotonic()
        met_again = await _meet(host, sitter, systems)
        await cancel(upper, session["id"])
    return {
        "accepted_s": [accepted - began],
        "linked_s": [linked - accepted],
        "start_s": [listens - starts],
        "pictures_lost_meanwhile": missing,
        "linked_again_s": [linked_again - listens],
        "systems_meet": met and met_again,
        "obeys_s": obeys,
    }


async def _signed_in(stack: AsyncExitStack, url: str, login: accounts.Login) -> Client:
    client = await stack.enter_async_context(Client(url))
    await client.login(*login)
    return client


async def _joined(stack: AsyncExitStack, participant: LinkedParticipant, code: str) -> LinkedParticipant:
    await participant.join(code)
    stack.push_async_callback(participant.leave)
    return participant


async def _meet(host: LinkedParticipant, sitter: LinkedParticipant, systems: TwoSystems) -> bool:
    """Return whether each sees the other and knows of them, and the one below, where nobody has the floor, hears."""
    async with within(LINKED_S, lambda: f"somebody below who is back; {sitter.hindrance}"):
        await sitter.back.wait()
    above, below = systems.stands_for_above.id, systems.stands_for_below.id
    for participant in (host, sitter):
        participant.watch.forget()
    return await _comes_true(lambda: host.meets(SITTER, below) and sitter.meets(HOST, above) and sitter.hears(HOST))


async def _comes_true(condition: Callable[[], bool]) -> bool:
    """Return whether a condition is true within the time in which people would wait for it."""
    try:
        await until(condition, SEEN_S, "two systems that see, hear and know each other")
    except TimeoutError:
        return False
    return True
