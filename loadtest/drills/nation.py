"""The drill `nation`: a session of the Government that goes down by systems of provinces to points of communes.

Each system is a real server with one media worker, on this machine: that of the Government, and a few of provinces,
joined by SIP calls. Communes are simulated endpoints. One speaks at the Government, whose picture fills the stage
there; the picture of the system above fills the stage of each province. What is measured on this scale is reckoned to
34 provinces and 3,321 communes.

All endpoints are in one process and read one clock. A packet that a system only forwards has the same payload before
and after it, so the time that it takes is known for each packet: from its arrival at a point of the Government to that
at a commune. What the Government's system composes is timed by a flash in the speaker's picture.
"""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from itertools import islice
from math import ceil
from typing import Any

import numpy as np

from loadtest.drills.cascade import ABOVE, BELOW, LINKED_S, LOOPBACK, TwoSystems
from loadtest.drills.drill import DrillSize, percentiles, until
from loadtest.drills.page_endpoint import PageParticipant
from loadtest.drills.payload_times import NEAR_S, Arrivals, Hop, PayloadTimes
from loadtest.drills.server import RestartedServer, restarted_server
from loadtest.endpoint.decoder import Decoder
from loadtest.endpoint.endpoint import Counts, Endpoint, Watcher
from loadtest.endpoint.receive_counters import Tally
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.endpoint.sender import PTIME_MS
from loadtest.load import procfs
from loadtest.media.clip import FPS, Clip, Codec, Material, make_clip
from loadtest.media.picture import RENDITIONS, Card, Plane, draw, encode
from loadtest.media.tone import AMPLITUDE, LOOP_PACKETS, PACKET_SAMPLES, RATE_HZ, encode_sound
from loadtest.progress import PrintLine
from loadtest.server import accounts
from loadtest.server.booking import book
from loadtest.server.ports import free_port
from loadtest.server.rest_client import Client
from mediaserver.transport.dtls import make_certificate
from scheduler.core.model import Point
from signaling.app.admin_cli import NewAccount
from signaling.app.services import open_services
from signaling.app.settings import read

PROVINCES, COMMUNES = 34, 3321
"""Those of the country since 01/07/2025."""
USUAL = DrillSize(points=24, sessions=2, workers=1)
"""The communes and provinces of a run on this machine."""
STEADY_S = 40.0
"""Seconds after the last join in which jitter buffers give up the delay that many joins at once made them learn."""
TIMED_IN_EACH = 2
"""Communes of each province whose packets are timed; those of the others are counted."""
HOP_MS = 40.0
"""Longest delay that a hop which forwards may add, p95."""
LOST_SHARE = 0.001
"""Largest share of packets that may be lost on the whole way."""
UNTOUCHED_SHARE = 0.99
"""Least share of packets at a commune that are those of the Government, byte by byte."""
RATED_SHARE = 0.8
"""Share of its cores up to which a system is loaded (Điều 12.4)."""
MEASURED_S = 20.0
LOOP_S = 2
"""Seconds of the speaker's picture, which turns white once."""
BEGINS_IN = timedelta(seconds=45)
"""So long the systems below have to accept, and to invite their communes; nobody is dialled before the session."""
GOVERNMENT = "government"
HEADERS_BYTES = 28
"""Headers of IPv4 and UDP."""
SPEAKS = OfferOptions(("H264",), layers=1)
WATCHES = OfferOptions(("H264",), camera=False)
DRAWS = OfferOptions(("H264",), camera=False, tiles=4)
_SIZE, _LIT, _UNLIT, MIDDLE = 1, 235, 16, 128
_TONE_HZ, _SWING = 440, 50
TECHNICIAN = NewAccount("drill-technician", "Kỹ thuật trung tâm", ("technician",))


@cache
def material() -> Material:
    """Return the loops of the speaker: a tone that rises and falls, so that no two packets are the same, and a moving
    card of which a quarter turns white each two seconds."""
    moments = np.arange((LOOP_PACKETS + 1) * PACKET_SAMPLES) / RATE_HZ
    tone = np.sin(2 * np.pi * (_TONE_HZ * moments + _SWING * np.sin(2 * np.pi * moments / LOOP_S)))
    packets = encode_sound((tone * AMPLITUDE * 32767).astype(np.int16))
    return Material(packets[1:], _cameras)  # the first packet holds the encoder's look-ahead


@cache
def _cameras(codec: Codec, _layers: int) -> tuple[Clip, ...]:
    width, height, _ = RENDITIONS[_SIZE]
    pictures = islice(draw(Card("Chính phủ", 0), width, height), LOOP_S * FPS)
    lit = (_lighten(picture, height, width, at < FPS) for at, picture in enumerate(pictures))
    return (make_clip(codec, width, height, encode(codec, _SIZE, lit, key_every=LOOP_S * FPS)),)


def _lighten(picture: Plane, height: int, width: int, on: bool) -> Plane:
    picture[: height // 2, : width // 2] = _LIT if on else _UNLIT
    return picture


class SpeakerLoops:
    """Notes when the speaker's loops begin; the `on_loop_start` of :class:`~loadtest.endpoint.endpoint.Sending`."""

    def __init__(self) -> None:
        self.begun: dict[str, list[float]] = {"sound": [], "picture": []}

    def loop_started(self, kind: str) -> None:
        """Note that a loop begins now."""
        self.begun[kind].append(time.monotonic())

    def sent(self, packets: Sequence[bytes], began: float, ended: float) -> Arrivals:
        """Return time and hash of each payload of sound that was sent between two times."""
        sent = (
            (begun + number * PTIME_MS / 1000, hash(payload))
            for begun in self.begun["sound"]
            for number, payload in enumerate(packets)
        )
        return [(at, payload) for at, payload in sent if began <= at < ended]


class FlashTimes:
    """Decodes the composed picture at one endpoint; notes when its upper left quarter turns white."""

    def __init__(self) -> None:
        self._decoder = Decoder()
        self._lit = False
        self.flashes: list[float] = []

    def packet(self, codec: str, data: memoryview, length: int, received_at: float) -> bool:
        """Take one plain RTP packet; return whether a key frame is needed."""
        if codec == "opus":
            return False
        pictures = self._decoder.pictures
        needed = self._decoder.packet(codec, data, length, received_at)
        if self._decoder.pictures > pictures and (picture := self._decoder.picture) is not None:
            self.light(int(picture[picture.shape[0] // 4, picture.shape[1] // 4].mean()), received_at)
        return needed

    def light(self, brightness: int, now: float) -> None:
        """Take the brightness of a picture, 0 to 255."""
        before, self._lit = self._lit, brightness > MIDDLE
        if self._lit and not before:
            self.flashes.append(now)

    def after(self, sent: Sequence[float]) -> list[float]:
        """Return the seconds from each flash that was sent to that which was seen, if it was."""
        found = (next((at - begun for at in self.flashes if 0 <= at - begun < NEAR_S), None) for begun in sent)
        return [each for each in found if each is not None]


@dataclass
class Cpu:
    """CPU seconds of servers with their media workers, read again and again."""

    servers: Mapping[str, RestartedServer]

    async def measure(self, seconds: float) -> dict[str, float]:
        """Return the CPU of each in percent of a core, within so many seconds."""
        before, began = self._read(), time.monotonic()
        await asyncio.sleep(seconds)
        after_, passed = self._read(), time.monotonic() - began
        return {name: 100 * (after_[name] - before[name]) / passed for name in self.servers}

    def _read(self) -> dict[str, float]:
        return {name: procfs.usage(server.pid).cpu_s for name, server in self.servers.items()}


@dataclass
class Province:
    """A system below with its communes."""

    systems: TwoSystems
    communes: int
    code: str = ""
    technician: Client | None = None
    participants: list[PageParticipant] = field(default_factory=list)
    timed: list[PayloadTimes] = field(default_factory=list)


@dataclass
class Nation:
    """The system of the Government, those of provinces, and who is in the session."""

    progress: PrintLine
    above: RestartedServer
    provinces: list[Province]
    stack: AsyncExitStack
    loops: SpeakerLoops = field(default_factory=SpeakerLoops)
    flashes: FlashTimes = field(default_factory=FlashTimes)
    viewer: PayloadTimes = field(init=False)
    speaker: PageParticipant = field(init=False)

    def __post_init__(self) -> None:
        self.viewer = PayloadTimes(self.flashes)
        self._certificate = make_certificate()

    async def hold(self) -> None:
        """Book the session, join it at all systems, and wait until the picture fills every stage."""
        (login, other) = await self.above.point_accounts(2)
        upper, watching = await self._signed_in(self.above.url, login), await self._signed_in(self.above.url, other)
        points = [(await client.get("/api/v1/me"))["point"]["id"] for client in (upper, watching)]
        links = [province.systems.stands_for_below.id for province in self.provinces]
        session = await book(upper, points[0], [points[1], *links], "Họp toàn quốc", starts_in=BEGINS_IN)
        for province in self.provinces:
            await self._invite(province, session["id"])
        self.speaker = await self._joined(upper, session["code"], SPEAKS)
        assert self.speaker.endpoint is not None
        self.speaker.endpoint.sending.on_loop_start = self.loops.loop_started
        await self.speaker.send("layout", kind="single", focus=self.speaker.seat)
        await self._joined(watching, session["code"], WATCHES, self.viewer, speaks=False)
        began = time.monotonic()
        await until(
            lambda: all(_linked(self.speaker, point) for point in links), LINKED_S, "the links to all provinces"
        )
        self.progress(f"{len(links)} provinces linked after {time.monotonic() - began:.1f} s")
        for province in self.provinces:
            await self._fill(province)

    async def _signed_in(self, url: str, login: accounts.Login) -> Client:
        client = await self.stack.enter_async_context(Client(url))
        await client.login(*login)
        return client

    async def _joined(
        self,
        client: Client,
        code: str,
        offered: OfferOptions,
        watcher: Watcher | None = None,
        *,
        counts: Counts = "nothing",
        speaks: bool = True,
    ) -> PageParticipant:
        participant = PageParticipant(
            client, lambda: Endpoint(self._certificate, material(), offered, watcher, counts=counts)
        )
        await participant.join(code)
        self.stack.push_async_callback(participant.leave)
        assert participant.endpoint is not None
        participant.endpoint.sending.mic = speaks
        return participant

    async def _invite(self, province: Province, session: str) -> None:
        """Have a technician of a province add its communes to the session that the system above reserved there."""
        below = province.systems.below
        province.code = await province.systems.accepted(session)
        (login,) = await accounts.create_accounts(below.environ, [TECHNICIAN])
        province.technician = await self._signed_in(below.url, login)
        points = [province.systems.sits, *await _communes(province)]
        path = f"/api/v1/sessions/{await _ours(below, session)}/amend"
        await province.technician.post(path, {"points": [point.id for point in points]})

    async def _fill(self, province: Province) -> None:
        """Let the link fill the stage of a province, and seat its communes."""
        assert province.technician is not None
        point, below = province.systems.stands_for_above.id, province.systems.below
        technician = await self._joined(province.technician, province.code, WATCHES, speaks=False)
        await until(lambda: _linked(technician, point) is not None, LINKED_S, "the link at a province")
        await technician.send("layout", kind="single", focus=_linked(technician, point))
        await technician.leave()
        points = await _communes(province)
        new = [NewAccount(f"drill-{each.id}", each.label, accounts.ROLES, point=each.id) for each in points]
        for number, login in enumerate(await accounts.create_accounts(below.environ, new)):
            watcher = PayloadTimes() if number < TIMED_IN_EACH else None
            province.timed += [watcher] if watcher is not None else []
            counts: Counts = "nothing" if watcher is not None else "all"
            client = await self._signed_in(below.url, login)
            joined = await self._joined(client, province.code, DRAWS, watcher, counts=counts, speaks=False)
            province.participants.append(joined)
        self.progress(f"{province.systems.name}: {len(province.participants)} communes joined")

    async def measure(self, cpu: Cpu, found: "Measured") -> None:
        """Measure once: delays of each hop, losses, bytes and CPU."""
        timed = [each for province in self.provinces for each in province.timed]
        for watcher in (self.viewer, *timed):
            watcher.reset()
        began, before = time.monotonic(), self._tallies()
        found.cpu.append(await cpu.measure(MEASURED_S))
        ended = time.monotonic()
        found.received += [new - old for new, old in zip(self._tallies(), before, strict=True)]
        found.seconds += ended - began
        flashes = [at for at in self.loops.begun["picture"] if began <= at < ended - NEAR_S]
        found.composed += self.flashes.after(flashes)
        found.spoken.add(self.loops.sent(material().voice, began, ended), self.viewer.sound)
        for each in timed:
            found.sound.add(self.viewer.sound, each.sound)
            found.picture.add(self.viewer.picture, each.picture)

    async def empty(self) -> None:
        """Let all communes leave."""
        everyone = [each for province in self.provinces for each in province.participants]
        await asyncio.gather(*(each.leave() for each in everyone))

    def _tallies(self) -> list[Tally]:
        found = (each.tally() for province in self.provinces for each in province.participants)
        return [sound + picture for sound, picture in found]


@dataclass
class Measured:
    """The outcome of all measurements."""

    seconds: float = 0.0
    composed: list[float] = field(default_factory=list)
    """Seconds from a flash at the speaker to that in the composed picture, at a point of the Government."""
    spoken: Hop = field(default_factory=Hop)
    """The voice from the speaker to a point of the Government."""
    sound: Hop = field(default_factory=Hop)
    """The mix from a point of the Government to communes."""
    picture: Hop = field(default_factory=Hop)
    received: list[Tally] = field(default_factory=list)
    """By each commune, in each measurement."""
    cpu: list[dict[str, float]] = field(default_factory=list)


def _linked(participant: PageParticipant, point: str) -> str | None:
    """Return the seat of a neighbouring system whose media are connected, by the point that stands for it."""
    seats = participant.seats.items()
    return next((name for name, seat in seats if seat["point"] == point and seat["media"] == "connected"), None)


async def _communes(province: Province) -> list[Point]:
    """Return the points of a province that stand for communes: all but the two of the link."""
    systems = province.systems
    points = await accounts.points(systems.below.environ)
    return [each for each in points if each not in (systems.sits, systems.stands_for_above)][: province.communes]


async def _ours(below: RestartedServer, session: str) -> str:
    """Return the session of a system below that it holds for one of the system above."""
    async with open_services(read(below.environ)) as services:
        known = await services.reservations.one(ABOVE, session)
        assert known is not None
        return known.ours


@asynccontextmanager
async def linked_systems(count: int, communes: int) -> AsyncIterator[list[TwoSystems]]:
    """Yield the system of the Government with each of those of so many provinces, for so many communes each."""
    async with AsyncExitStack() as stack:
        above = await stack.enter_async_context(restarted_server(1, count + 2, **_gateway(LOOPBACK)))
        registered, found = await accounts.points(above.environ), []
        for number in range(count):
            host = f"127.0.0.{2 + number}"  # the register takes an address once
            below = await stack.enter_async_context(restarted_server(1, communes + 2, **_gateway(host)))
            sits, stands, *_ = await accounts.points(below.environ)
            pair = TwoSystems(above, below, registered[2 + number], stands, sits, f"{BELOW}-{number + 1}", host)
            await pair.know_each_other(int(below.environ["DIEMCAU_SIP_PORT"]))
            found.append(pair)
        yield found


def _gateway(host: str) -> dict[str, str]:
    port = str(free_port(host))
    return {"DIEMCAU_SIP_HOST": host, "DIEMCAU_SIP_PORT": port, "DIEMCAU_MEDIA_ADDRESS": host}


async def run(size: DrillSize, progress: PrintLine) -> dict[str, Any]:
    """Hold the session, measure it, and return the figures of this scale and of the whole."""
    communes = size.points // size.sessions
    progress(f"starting the systems of the Government and of {size.sessions} provinces")
    async with linked_systems(size.sessions, communes) as systems, AsyncExitStack() as stack:
        above = systems[0].above
        nation = Nation(progress, above, [Province(each, communes) for each in systems], stack)
        await nation.hold()
        await asyncio.sleep(STEADY_S)
        cpu, found = Cpu({GOVERNMENT: above} | {each.name: each.below for each in systems}), Measured()
        for number in range(size.times):
            await nation.measure(cpu, found)
            progress(f"measured {number + 1} of {size.times}")
        await nation.empty()
        await asyncio.sleep(size.settle_s)
        linked = await cpu.measure(MEASURED_S)
        for each in systems:
            await each.below.stop()
        await asyncio.sleep(size.settle_s)
        alone = await Cpu({GOVERNMENT: above}).measure(MEASURED_S)
    costs = costs_of(found, linked, alone[GOVERNMENT], communes)
    return {
        "times": size.times,
        "provinces": size.sessions,
        "communes": size.sessions * communes,
        **hops(found),
        "costs": costs,
        "whole": whole(costs),
        "cores": os.cpu_count() or 1,
        "load_average": round(os.getloadavg()[0], 2),
    }


def hops(found: Measured) -> dict[str, Any]:
    """Return the delays that each hop added, in ms, what the hops below left as it was, and what they lost.

    `counted` is lost by the numbers of packets to communes, `picture` by what the Government's viewers were sent.
    """
    packets, lost = sum(each.packets for each in found.received), sum(each.lost for each in found.received)
    return {
        "government_ms": {"picture_composed": _ms(found.composed), "sound": _ms(found.spoken.delays)},
        "province_ms": {"picture": _ms(found.picture.delays), "sound": _ms(found.sound.delays)},
        "untouched": {"picture": round(found.picture.untouched, 4), "sound": round(found.sound.untouched, 4)},
        "lost": {
            "counted": round(lost / (packets + lost), 5) if packets else 1.0,
            "picture": round(found.picture.lost, 5),
        },
    }


def _ms(seconds: Sequence[float]) -> dict[str, float] | None:
    """Return percentiles in ms; None where nothing came through as it was."""
    return percentiles(sorted(1000 * each for each in seconds)) if seconds else None


def costs_of(found: Measured, linked: Mapping[str, float], alone: float, communes: int) -> dict[str, float]:
    """Return CPU in percent of a core: of each system, for each link and for each commune; and the bit/s of a commune.

    `linked` is that of systems with their links and without communes, `alone` that of the Government's without links.
    """
    full = {name: statistics.mean(each[name] for each in found.cpu) for name in linked}
    below = [name for name in linked if name != GOVERNMENT]
    bits = sum(8 * (each.bytes + HEADERS_BYTES * each.packets) for each in found.received)
    costs = {
        "government_pct": alone,
        "link_pct": (full[GOVERNMENT] - alone) / len(below),
        "province_pct": statistics.mean(linked[name] for name in below),
        "commune_pct": statistics.mean((full[name] - linked[name]) / communes for name in below),
        "commune_bps": bits * len(found.cpu) / found.seconds / len(found.received) if found.received else 0.0,
    }
    return {name: round(value, 2) for name, value in costs.items()}


def whole(costs: Mapping[str, float]) -> dict[str, float]:
    """Reckon a run to all provinces and communes: cores, loaded to 80 % at most, and Mbit/s that go out."""
    each = ceil(COMMUNES / PROVINCES)
    government = costs["government_pct"] + PROVINCES * max(0.0, costs["link_pct"])
    province = costs["province_pct"] + each * max(0.0, costs["commune_pct"])
    return {
        "provinces": PROVINCES,
        "communes": COMMUNES,
        "communes_of_a_province": each,
        "government_pct": round(government, 1),
        "government_cores": ceil(government / 100 / RATED_SHARE),
        "government_mbps": round(PROVINCES * costs["commune_bps"] / 1e6, 1),
        "province_pct": round(province, 1),
        "province_cores": ceil(province / 100 / RATED_SHARE),
        "province_mbps": round(each * costs["commune_bps"] / 1e6, 1),
    }


def holds(found: Mapping[str, Any]) -> bool:
    """Return whether picture and mix went down untouched, in time and without loss.

    The time counts where they are forwarded: the Government's system makes both.
    """
    in_time = all(each is not None and each["p95"] <= HOP_MS for each in found["province_ms"].values())
    untouched = all(share >= UNTOUCHED_SHARE for share in found["untouched"].values())
    return bool(in_time and untouched and max(found["lost"].values()) <= LOST_SHARE)
