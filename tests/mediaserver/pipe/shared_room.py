"""A room that is open on several media workers in one process, with real pipes between them."""

import asyncio
import secrets
from collections.abc import Callable
from itertools import combinations

from loadtest.endpoint.sdp_offer import OfferOptions
from mediaserver.api import EVERYONE, Layout, PipeEnd, SeatOptions
from mediaserver.pipe.pipe import Pipe
from mediaserver.room.room import Room
from mediaserver.worker.engine import LocalEngine
from tests.mediaserver.meeting import PATIENCE_S, ROOM, Guest, Meeting


class LossyPath:
    """A path between two workers with an end at each, which loses each n-th datagram: what one end gets leaves from the
    other one."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._count = self.lost = 0
        self._ends: list[PathEnd] = []

    def end(self, target: tuple[str, int]) -> "PathEnd":
        """Return an end, next to the worker that receives at `target`."""
        self._ends.append(PathEnd(self, target))
        return self._ends[-1]

    def pass_on(self, end: "PathEnd", data: bytes) -> None:
        self._count += 1
        if self._count % self._every == 0:
            self.lost += 1
            return
        for other in self._ends:
            if other is not end and other.transport is not None:
                other.transport.sendto(data, other.target)

    def close(self) -> None:
        for end in self._ends:
            if end.transport is not None:
                end.transport.close()


class PathEnd(asyncio.DatagramProtocol):
    """One end of a lossy path."""

    def __init__(self, path: LossyPath, target: tuple[str, int]) -> None:
        self._path = path
        self.target = target
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._path.pass_on(self, data)


class SharedRoom:
    """A room that is open on media workers named by letters, each with its guests; "a" is its home at first."""

    def __init__(self, workers: str = "ab") -> None:
        self.meetings = {name: Meeting(LocalEngine(["127.0.0.1"], 0)) for name in workers}
        self._lossy: list[LossyPath] = []

    async def open(self) -> None:
        """Open the room on all, and the pipes between them."""
        for meeting in self.meetings.values():
            assert isinstance(meeting.engine, LocalEngine)
            meeting.engine.start()
            await meeting.open()
        await self.open_pipes()
        await self.share("a")

    async def open_pipes(self) -> None:
        """Open both ends of each pipe, with keys of their own."""
        ports = {name: (await meeting.engine.pipes()).addresses[0][1] for name, meeting in self.meetings.items()}
        for one, another in combinations(self.meetings, 2):
            keys = secrets.token_hex(28), secrets.token_hex(28)
            for name, other, (sent, received) in ((one, another, keys), (another, one, keys[::-1])):
                end = PipeEnd("127.0.0.1", "127.0.0.1", ports[other], sent, received)
                await self.meetings[name].engine.open_pipe(other, end)

    async def share(self, home: str) -> None:
        """Make a worker the home of the room: it is told first."""
        for name in sorted(self.meetings, key=lambda name: name != home):
            others = [other for other in self.meetings if other != name]
            await self.meetings[name].engine.share_room(ROOM, others, "" if name == home else home)

    async def open_lossy_pipe(self, every: int) -> LossyPath:
        """Open the pipe over a path that loses each n-th datagram."""
        loop, lossy = asyncio.get_running_loop(), LossyPath(every)
        keys = secrets.token_hex(28), secrets.token_hex(28)
        for name, other, sent, received in (("a", "b", *keys), ("b", "a", *keys[::-1])):
            end = lossy.end((await self.meetings[name].engine.pipes()).addresses[0])
            transport, _ = await loop.create_datagram_endpoint(lambda end=end: end, ("127.0.0.1", 0))  # type: ignore[misc]
            port = transport.get_extra_info("sockname")[1]
            await self.meetings[name].engine.open_pipe(other, PipeEnd("127.0.0.1", "127.0.0.1", port, sent, received))
        self._lossy.append(lossy)
        return lossy

    async def join(
        self,
        worker: str,
        seat: str,
        colour: str,
        hertz: int,
        *,
        audience: str = EVERYONE,
        floor: bool = False,
        offered: OfferOptions | None = None,
    ) -> Guest:
        """Seat a guest at one worker, and tell the others of it."""
        others = [meeting for name, meeting in self.meetings.items() if name != worker]
        for other in others:
            await other.engine.add_seat(
                ROOM, SeatOptions(seat, f"Điểm cầu {seat}", audience=audience, floor=floor, worker=worker)
            )
            other.seats.append(seat)
        guest = await self.meetings[worker].join(seat, colour, hertz, audience=audience, floor=floor, offered=offered)
        for other in others:
            other.guests[seat] = guest
        return guest

    async def set_layout(self, layout: Layout | None, audience: str = EVERYONE) -> None:
        """Set a layout at all workers, at home last."""
        for name in reversed(self.meetings):
            await self.meetings[name].engine.set_layout(ROOM, layout, audience)

    def engine(self, worker: str) -> LocalEngine:
        """Return a worker."""
        engine = self.meetings[worker].engine
        assert isinstance(engine, LocalEngine)
        return engine

    def pipe(self, worker: str, other: str = "") -> Pipe:
        """Return a worker's end of the pipe to another one, or of its only pipe."""
        pipes = self.engine(worker)._pipes
        return pipes[other] if other else next(iter(pipes.values()))

    def encoded(self, worker: str) -> int:
        """Return the number of composed pictures that a worker encoded."""
        return self.engine(worker)._picture_work.pictures

    def room(self, worker: str) -> Room:
        """Return a worker's copy of the room."""
        return self.engine(worker)._rooms[ROOM]

    async def close(self) -> None:
        await asyncio.gather(*(meeting.close() for meeting in self.meetings.values()))
        for lossy in self._lossy:
            lossy.close()


async def wait_until(so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not so():
            await asyncio.sleep(0.02)
