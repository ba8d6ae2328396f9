"""Runs one media worker without signaling, for benchmarks that measure the worker alone."""

import asyncio
import signal
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiortc.rtcdtlstransport import RTCCertificate

from loadtest.endpoint.endpoint import Endpoint, Watcher
from loadtest.endpoint.network_emulator import NetworkEmulator
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.clip import Material
from mediaserver.api import RoomOptions, SeatOptions
from mediaserver.rpc.client import RemoteEngine
from mediaserver.transport.dtls import make_certificate

ROOM = "bench"
START_S = 20.0


@dataclass
class BenchRoom(ABC):
    """A room in a process of its own, with the endpoints that joined it; `pid` is the process that is measured."""

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
    ) -> Endpoint:
        """Seat and connect one more endpoint, behind a network emulator if there is one.

        Its seat is its index in `endpoints`. It has no tile unless `visible`.
        """
        seat = str(len(self.endpoints))
        endpoint = Endpoint(self.certificate, material, offered, watcher)
        self.endpoints.append(endpoint)
        options = SeatOptions(seat, f"Point {seat}", visible=visible, floor=floor, view=view)
        answer = await self.answer(options, endpoint.offer())
        await endpoint.connect(answer if emulator is None else emulator.redirect(answer))
        return endpoint

    @abstractmethod
    async def answer(self, options: SeatOptions, offer: str) -> str:
        """Seat a peer; return the answer to its offer."""


@dataclass
class WorkerRoom(BenchRoom):
    """A room in a media worker."""

    engine: RemoteEngine = field(kw_only=True)

    async def answer(self, options: SeatOptions, offer: str) -> str:
        """Seat a peer; return the answer to its offer."""
        await self.engine.add_seat(ROOM, options)
        return await self.engine.connect(ROOM, options.seat, offer)


@asynccontextmanager
async def bench_room(
    worker: tuple[str, ...] = ("mediaserver",), checkout: Path | None = None
) -> AsyncIterator[WorkerRoom]:
    """Yield a worker on loopback with one empty room; stop it at the end.

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
            await engine.open_room(ROOM, RoomOptions())
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
