"""The drill `shared-room-cost`: one session on one media worker, and the same on four that share its room.

All points send a camera. Each fourth draws the layout itself, as pages do; the others get the composed picture, as
everyone does in a session of a thousand points (:data:`mediaserver.room.tile_forwarding.MAX_STREAMS`).

What each worker says of itself (`/metrics`) tells whether a camera or a rendition goes more than once to a worker, and
which parts of its CPU grow with the points. These are reckoned to a session of 1,000 points.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from loadtest.drills.drill import DrillSize
from loadtest.drills.server import RestartedServer
from loadtest.drills.shared_room import shared_server
from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.participant_group import ParticipantGroup
from loadtest.endpoint.receive_counters import Tally
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.clip import FPS
from loadtest.media.library import MediaLibrary
from loadtest.progress import PrintLine
from loadtest.server.booking import book
from loadtest.server.rest_client import Client
from mediaserver.transport.dtls import make_certificate

USUAL = DrillSize(points=40, sessions=1, workers=4, rest_s=15.0, settle_s=8.0)
LAYOUT, TILES = "3x3", 9
DRAWS_EACH = 4
SPEAKERS = 2
SPARE_WORKERS = 1
"""Workers that are started besides: a session may have 80 % of what all carry (Điều 12.4), and leaves one empty."""
WHOLE = 1000
"""Points of the session to which is reckoned."""
LOST_SHARE = 0.001
"""Largest share of packets that points may lose."""
COST_RATIO = 1.1
"""The most CPU a point may cost on several workers, over that on one."""
ENCODED_RATIO = 1.1
"""The most pictures that may be encoded on several workers, over those on one, or of one rendition in full."""
COMPOSED = OfferOptions(("H264",), layers=1)
DRAWN = OfferOptions(("H264",), layers=1, tiles=TILES)
COUNTERS = {
    "cpu_s": "diemcau_media_cpu_seconds_total",
    "compose_s": "diemcau_media_compose_cpu_seconds_total",
    "encode_s": "diemcau_media_encode_cpu_seconds_total",
    "mix_s": "diemcau_media_mix_cpu_seconds_total",
    "pictures": "diemcau_media_composed_pictures_total",
}
GAUGES = {
    "peers": "diemcau_media_peers",
    "cameras": "diemcau_media_pipe_streams",
    "renditions": "diemcau_media_pipe_renditions",
}

Reading = Mapping[str, Mapping[str, float]]
"""Values by name, and by worker."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A session on some workers: what each of them did in so many seconds, and what all points received and lost."""

    seconds: float
    points: int
    counted: Reading
    gauges: Reading
    received: int
    lost: int

    def pct(self, name: str) -> float:
        """Return the CPU of all workers for something, in percent of a core."""
        return 100 * sum(self.counted[name].values()) / self.seconds

    @property
    def fixed_pct(self) -> float:
        """Return the CPU of what does not grow with the points: composing, encoding, mixing."""
        return self.pct("compose_s") + self.pct("encode_s") + self.pct("mix_s")

    @property
    def workers(self) -> int:
        """Return how many workers have points."""
        return sum(each > 0 for each in self.gauges["peers"].values())

    @property
    def encoded_per_s(self) -> float:
        """Return the composed pictures encoded in a second, at all workers."""
        return sum(self.counted["pictures"].values()) / self.seconds

    @property
    def figures(self) -> dict[str, Any]:
        """Return the figures for the report."""
        return {
            "workers": self.workers,
            "points_at_each": sorted(map(int, self.gauges["peers"].values()), reverse=True),
            "cpu_pct": round(self.pct("cpu_s"), 1),
            "cpu_pct_at_each": sorted(round(100 * each / self.seconds, 1) for each in self.counted["cpu_s"].values()),
            "cpu_pct_a_point": round(self.pct("cpu_s") / self.points, 3),
            "compose_pct": round(self.pct("compose_s"), 1),
            "encode_pct": round(self.pct("encode_s"), 1),
            "mix_pct": round(self.pct("mix_s"), 1),
            "encoded_per_s": round(self.encoded_per_s, 1),
            "composing_workers": sum(each > 0 for each in self.counted["pictures"].values()),
            "cameras_piped": int(sum(self.gauges["cameras"].values())),
            "renditions_piped": int(sum(self.gauges["renditions"].values())),
            "received": self.received,
            "lost_share": round(self.lost / max(1, self.received + self.lost), 6),
        }


async def run(size: DrillSize, progress: PrintLine) -> dict[str, Any]:
    """Hold the session on one worker, then on several, as often as wanted; return the figures of each round."""
    library, rounds = MediaLibrary(), []
    await library.prepare_shared(("H264",), 1)
    for _ in range(size.times):
        measured = [await _hold(size, workers, library, progress) for workers in (1, size.workers + SPARE_WORKERS)]
        rounds.append(report(*measured) | {"load_average": round(os.getloadavg()[0], 2)})
    return {"points": size.points, "cores": os.cpu_count() or 1, "rounds": rounds}


async def _hold(size: DrillSize, workers: int, library: MediaLibrary, progress: PrintLine) -> Measured:
    certificate = make_certificate()

    def endpoint(index: int, _watcher: None) -> Endpoint:
        offered = COMPOSED if index % DRAWS_EACH else DRAWN
        return Endpoint(certificate, library.shared_material(index), offered, counts="tiles")

    progress(f"starting a server with {workers} media workers")
    async with shared_server(workers, size.points) as server, AsyncExitStack() as stack:
        group: ParticipantGroup[None] = ParticipantGroup(lambda: None, endpoint)
        stack.push_async_callback(group.leave)
        clients, code = await _booked(server, size.points, stack)
        await group.join(clients, code)
        if group.failures:
            raise ValueError(f"{len(group.failures)} of {size.points} points did not join: {group.failures[0]}")
        await group.participants[0].send("layout", kind=LAYOUT)
        await group.give_floors(SPEAKERS)
        await asyncio.sleep(size.settle_s)
        progress(f"{len(group.participants)} points joined")
        tallies, before, began = _tally(group), await _reading(server, COUNTERS), asyncio.get_running_loop().time()
        await asyncio.sleep(size.rest_s)
        after, gauges = await _reading(server, COUNTERS), await _reading(server, GAUGES)
        seconds, received = asyncio.get_running_loop().time() - began, _tally(group) - tallies
    return Measured(seconds, size.points, since(before, after), gauges, received.packets, received.lost)


async def _booked(server: RestartedServer, points: int, stack: AsyncExitStack) -> tuple[Sequence[Client], str]:
    """Sign everyone in and book the session; return the clients, the host's first, and the session's code.

    Raises ValueError where fewer points than wanted are registered.
    """
    clients, places = [], []
    for login in await server.point_accounts(points):
        client = await stack.enter_async_context(Client(server.url))
        places.append((await client.login(*login))["point"]["id"])
        clients.append(client)
    if len(clients) < points:
        raise ValueError(f"--points is {len(clients)} at most: no more are registered")
    session = await book(clients[0], places[0], places[1:], "Họp nhiều điểm cầu")
    return clients, session["code"]


def _tally(group: ParticipantGroup[None]) -> Tally:
    return sum((sound + picture for sound, picture in (each.tally() for each in group.participants)), Tally())


async def _reading(server: RestartedServer, names: Mapping[str, str]) -> Reading:
    async with Client(server.url) as client, client.http.get("/metrics") as response:
        return parse(await response.text(), names)


def parse(text: str, names: Mapping[str, str]) -> Reading:
    """Return the samples of these metrics, by our name and by worker."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {
        name: {each.labels["worker"]: each.value for each in samples if each.name == metric}
        for name, metric in names.items()
    }


def since(before: Reading, after: Reading) -> Reading:
    """Return the growth of counters."""
    return {
        name: {worker: value - before[name].get(worker, 0.0) for worker, value in values.items()}
        for name, values in after.items()
    }


def report(one: Measured, several: Measured) -> dict[str, Any]:
    """Return the figures of a session on one worker and on several, and those of 1,000 points.

    A point costs what is left on one worker without composing, encoding and mixing. What several workers cost beyond
    that is theirs and of their pipes, which carry each camera and each rendition once, however many points there are.
    """
    point = (one.pct("cpu_s") - one.fixed_pct) / one.points
    pipes = several.pct("cpu_s") - several.fixed_pct - point * several.points
    on_one, on_several = point * WHOLE + one.fixed_pct, point * WHOLE + several.fixed_pct + pipes
    return {
        "one": one.figures,
        "shared": several.figures,
        "cpu_ratio": round(several.pct("cpu_s") / one.pct("cpu_s"), 3),
        "encoded_ratio": round(several.encoded_per_s / max(FPS, one.encoded_per_s), 3),
        "cameras_most": TILES * (several.workers - 1),
        "reckoned": {
            "points": WHOLE,
            "workers": several.workers,
            "point_pct": round(point, 3),
            "pipes_pct": round(pipes, 1),
            "on_one_pct": round(on_one, 1),
            "on_all_pct": round(on_several, 1),
            "cpu_ratio": round(on_several / on_one, 3),
        },
    }


def holds(found: dict[str, Any]) -> bool:
    """Return whether each round held."""
    return all(map(holds_once, found["rounds"]))


def holds_once(found: dict[str, Any]) -> bool:
    """Return whether each camera and each rendition went once to each worker, and a point cost what it does on one."""
    shared = found["shared"]
    once = shared["composing_workers"] == 1 and shared["cameras_piped"] <= found["cameras_most"]
    encoded = found["encoded_ratio"] <= ENCODED_RATIO
    cheap = found["reckoned"]["cpu_ratio"] <= COST_RATIO
    return bool(once and shared["workers"] == USUAL.workers and encoded and cheap and shared["lost_share"] < LOST_SHARE)
