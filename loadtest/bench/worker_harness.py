"""Runs one media worker without signaling, for benchmarks that measure the worker alone."""

import asyncio
import json
import signal
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiortc.rtcdtlstransport import RTCCertificate

from loadtest.endpoint.endpoint import Counts, Endpoint, Watcher
from loadtest.endpoint.network_emulator import NetworkEmulator
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.load import procfs
from loadtest.media.clip import Material
from mediaserver.api import RoomOptions, SeatOptions
from mediaserver.rpc.client import RemoteEngine
from mediaserver.transport.dtls import make_certificate

ROOM = "bench"
START_S = 20.0


@dataclass
class BenchRoom(ABC):
    """Rooms in a process of their own, with the endpoints that joined them; `pid` is the process that is measured."""

    pid: int
    certificate: RTCCertificate = field(default_factory=make_certificate)
    endpoints: list[Endpoint] = field(default_factory=list)

    async def seat(
        self,
        material: Material,
        offered: OfferOptions,
        *,
        view: str = "composed",
        floor: bool = False,
        visible: bool = True,
        watcher: Watcher | None = None,
        emulator: NetworkEmulator | None = None,
        counts: Counts = "nothing",
        room: str = ROOM,
    ) -> Endpoint:
        """Seat and connect one more endpoint, behind a network emulator if there is one.

        Its seat is its index in `endpoints`. It has no tile unless `visible`.
        """
        seat = str(len(self.endpoints))
        endpoint = Endpoint(self.certificate, material, offered, watcher, counts=counts)
        self.endpoints.append(endpoint)
        options = SeatOptions(seat, f"Point {seat}", visible=visible, floor=floor, view=view)
        answer = await self.answer(room, options, endpoint.offer())
        await endpoint.connect(answer if emulator is None else emulator.redirect(answer))
        return endpoint

    async def cpu_s(self, seconds: float) -> float:
        """Return the CPU seconds that the process takes in so many seconds."""
        before = procfs.running_seconds(self.pid)
        await asyncio.sleep(seconds)
        return procfs.running_seconds(self.pid) - before

    @abstractmethod
    async def answer(self, room: str, options: SeatOptions, offer: str) -> str:
        """Seat a peer in a room, which is opened for the first; return the answer to its offer."""


@dataclass
class WorkerRoom(BenchRoom):
    """Rooms in a media worker."""

    engine: RemoteEngine = field(kw_only=True)
    opened: set[str] = field(default_factory=set)

    async def answer(self, room: str, options: SeatOptions, offer: str) -> str:
        """Seat a peer in a room, which is opened for the first; return the answer to its offer."""
        if room not in self.opened:
            self.opened.add(room)
            await self.engine.open_room(room, RoomOptions())
        await self.engine.add_seat(room, options)
        return await self.engine.connect(room, options.seat, offer)


@asynccontextmanager
async def bench_room(
    worker: tuple[str, ...] = ("mediaserver",), checkout: Path | None = None
) -> AsyncIterator[WorkerRoom]:
    """Yield a worker on loopback without a room; stop it at the end.

    `worker` is the module that runs it. `checkout` is the directory of another version, whose worker and Python are
    taken; None for this one.
    """
    with tempfile.TemporaryDirectory(prefix="diemcau-bench-") as directory:
        path = Path(directory) / "media.sock"
        arguments = ["-m", *worker, "--socket", str(path), "--port", "0", "--address", "127.0.0.1"]
        python = sys.executable if checkout is None else str(checkout.absolute() / ".venv/bin/python")  # noqa: ASYNC240 - no I/O
        process = await asyncio.create_subprocess_exec(python, *arguments, cwd=checkout)
        try:
            engine = await _dial(path, process)
            room = WorkerRoom(process.pid, engine=engine)
            try:
                yield room
            finally:
                await asyncio.gather(*(endpoint.close() for endpoint in room.endpoints))
                await engine.close()
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()


async def _dial(path: Path, process: asyncio.subprocess.Process) -> RemoteEngine:
    async with asyncio.timeout(START_S):
        while not path.exists():  # noqa: ASYNC240 - local and rare
            if process.returncode is not None:
                raise RuntimeError(f"the media worker ended with {process.returncode}")
            await asyncio.sleep(0.02)
        return await RemoteEngine.dial(str(path))


async def run_module(module: str, *numbers: int) -> dict[str, float]:
    """Run a module in a process of its own; return the figures that it prints as JSON."""
    arguments = ["-m", module, *map(str, numbers)]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return dict(json.loads(output))
