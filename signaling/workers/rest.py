"""Endpoints of the machines with media workers and their load (I-07), and of whether their media are reached."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import StringConstraints

from signaling.core.errors import NotFound
from signaling.http.route import ApiRequest, Model, Route
from signaling.workers.context import WORKERS
from signaling.workers.pool import WorkerPool
from signaling.workers.turn import credentials


class Worker(Model):
    """A worker that answers; `records`: it sees the folder of recordings; `drained`: it takes no more rooms.

    `caption_pct` is what recognizing the speech of one speaker for captions has taken of a core, null where none was.
    """

    name: str
    rooms: int
    seats: int
    records: bool
    drained: bool
    caption_pct: float | None


class Machine(Model):
    """A machine by the name of its key, null for the server's own; without workers it is not connected.

    `without_place`: how many seats reserved there would have no place elsewhere if it was lost, null where no other
    machine takes rooms.
    """

    name: str | None
    workers: list[Worker]
    without_place: int | None


class DrainedWorker(Model):
    """A media worker by its name, or all of a machine by the machine's name."""

    worker: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{1,32}(/[0-9]{1,4})?$")]


class MediaAddress(Model):
    """Address and port of media."""

    host: str
    port: int


class MediaProbe(Model):
    """Addresses at which connectivity checks (RFC 8445) are answered for ten seconds, by UDP and by TCP, and their ICE
    credentials."""

    fragment: str
    password: str
    addresses: list[MediaAddress]
    tcp: list[MediaAddress]


class IceServer(Model):
    """A TURN server (RFC 8656) as browsers take it (`RTCIceServer`): its credentials end by themselves."""

    urls: list[str]
    username: str
    credential: str


async def workers(request: ApiRequest) -> list[Machine]:
    """Return the server's own machine, then others that have a key, or are still connected without one."""
    request.only(request.account.sees_all)
    return await _machines(request)


async def drain(request: ApiRequest) -> list[Machine]:
    """Let a media worker take no more rooms, so that its rooms move; return what it holds, which shows the progress."""
    request.only(request.account.central)
    pool = _pool(request)
    async with pool.deciding:
        pool.drain(request.body.worker)
        await request.context(WORKERS).drains.ask(request.body.worker)
    await request.note("drain", request.body.worker)
    return await _machines(request)


async def undrain(request: ApiRequest) -> list[Machine]:
    """Let a drained media worker take rooms again."""
    request.only(request.account.central)
    pool = _pool(request)
    async with pool.deciding:
        if not await request.context(WORKERS).drains.end(request.body.worker):
            raise NotFound
        await pool.undrain(request.body.worker)
    await request.note("undrain", request.body.worker)
    return await _machines(request)


def _pool(request: ApiRequest) -> WorkerPool:
    """Return the media workers. Raises NotFound."""
    pool = request.context(WORKERS).pool
    if pool is None:
        raise NotFound
    return pool


async def _machines(request: ApiRequest) -> list[Machine]:
    context = request.context(WORKERS)
    by_machine: dict[str | None, list[Worker]] = {None: []}
    by_machine |= {name: [] for name in await context.keys.names()}
    for name, counters in (await context.engine.stats()).items():
        machine, _, _ = name.rpartition("/")
        if isinstance(counters, Mapping):
            by_machine.setdefault(machine or None, []).append(_worker(name, counters))
    most = (await context.capacity_limit()).at(request.now).points
    return [
        Machine(
            name=name,
            workers=workers_there,
            without_place=None if context.pool is None else context.pool.without_place(name or "", most),
        )
        for name, workers_there in by_machine.items()
    ]


def _worker(name: str, counters: Mapping[str, float]) -> Worker:
    rooms, seats = (int(counters.get(counter, 0)) for counter in ("rooms", "seats"))
    cpu, sound = (counters.get(counter, 0) for counter in ("caption_cpu_s", "caption_sound_s"))
    caption_pct = round(100 * cpu / sound, 1) if sound else None
    records, drained = bool(counters.get("records", True)), bool(counters.get("drained", False))
    return Worker(name=name, rooms=rooms, seats=seats, records=records, drained=drained, caption_pct=caption_pct)


async def probe(request: ApiRequest) -> MediaProbe:
    """Have a media worker answer the connectivity checks of a page that tests its network."""
    target = await request.context(WORKERS).engine.probe()
    udp, tcp = ([MediaAddress(host=host, port=port) for host, port in way] for way in (target.addresses, target.tcp))
    return MediaProbe(fragment=target.fragment, password=target.password, addresses=udp, tcp=tcp)


async def ice_servers(request: ApiRequest) -> list[IceServer]:
    """Return the TURN server with new credentials, if there is one."""
    turn = request.context(WORKERS).turn
    if turn is None:
        return []
    username, password = credentials(turn.secret, request.account.account, request.now)
    return [IceServer(urls=list(turn.urls), username=username, credential=password)]


ROUTES = [
    Route("GET", "/capacity/workers", workers, "Machines that move media", list[Machine], problems=(403,)),
    Route(
        "POST",
        "/capacity/workers/drain",
        drain,
        "Move the rooms of a media worker elsewhere",
        list[Machine],
        body=DrainedWorker,
        problems=(403, 404, 409),
    ),
    Route(
        "POST",
        "/capacity/workers/undrain",
        undrain,
        "Let a media worker take rooms again",
        list[Machine],
        body=DrainedWorker,
        problems=(403, 404),
    ),
    Route("GET", "/media-probe", probe, "Check whether UDP or TCP passes to the media", MediaProbe, access="open"),
    Route("GET", "/ice-servers", ice_servers, "The TURN server, with credentials", list[IceServer]),
]
"""The first path is below `/capacity`, because the media workers make up the capacity."""
