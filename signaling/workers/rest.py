"""Endpoints of the machines with media workers and their load (I-07), and of whether their media are reached."""

from collections.abc import Mapping

from signaling.http.route import ApiRequest, Model, Route
from signaling.workers.context import WORKERS


class Worker(Model):
    """A worker that answers; `records`: it sees the folder of recordings.

    `caption_pct` is what recognizing the speech of one speaker for captions has taken of a core, null where none was.
    """

    name: str
    rooms: int
    seats: int
    records: bool
    caption_pct: float | None


class Machine(Model):
    """A machine by the name of its key, null for the server's own; without workers it is not connected."""

    name: str | None
    workers: list[Worker]


class MediaAddress(Model):
    """Address and UDP port of media."""

    host: str
    port: int


class MediaProbe(Model):
    """Addresses at which connectivity checks (RFC 8445) are answered for ten seconds, and their ICE credentials."""

    fragment: str
    password: str
    addresses: list[MediaAddress]


async def workers(request: ApiRequest) -> list[Machine]:
    """Return the server's own machine, then others that have a key, or are still connected without one."""
    context = request.context(WORKERS)
    request.only(request.account.sees_all)
    by_machine: dict[str | None, list[Worker]] = {None: []}
    by_machine |= {name: [] for name in await context.keys.names()}
    for name, counters in (await context.engine.stats()).items():
        machine, _, _ = name.rpartition("/")
        if isinstance(counters, Mapping):
            by_machine.setdefault(machine or None, []).append(_worker(name, counters))
    return [Machine(name=name, workers=workers_there) for name, workers_there in by_machine.items()]


def _worker(name: str, counters: Mapping[str, float]) -> Worker:
    rooms, seats = (int(counters.get(counter, 0)) for counter in ("rooms", "seats"))
    cpu, sound = (counters.get(counter, 0) for counter in ("caption_cpu_s", "caption_sound_s"))
    caption_pct = round(100 * cpu / sound, 1) if sound else None
    records = bool(counters.get("records", True))
    return Worker(name=name, rooms=rooms, seats=seats, records=records, caption_pct=caption_pct)


async def probe(request: ApiRequest) -> MediaProbe:
    """Have a media worker answer the connectivity checks of a page that tests its network."""
    target = await request.context(WORKERS).engine.probe()
    addresses = [MediaAddress(host=host, port=port) for host, port in target.addresses]
    return MediaProbe(fragment=target.fragment, password=target.password, addresses=addresses)


ROUTES = [
    Route("GET", "/capacity/workers", workers, "Machines that move media", list[Machine], problems=(403,)),
    Route("GET", "/media-probe", probe, "Check whether UDP passes to the media", MediaProbe, access="open"),
]
"""The first path is below `/capacity`, because the media workers make up the capacity."""
