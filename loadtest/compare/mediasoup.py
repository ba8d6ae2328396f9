"""Runs a mediasoup worker, whose rooms the same endpoints join, to measure it at the work of ours.

It is not among our dependencies: Node and an installed `mediasoup` package are needed (docs/performance.md).
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loadtest.bench.worker_harness import BenchRoom
from mediaserver.api import SeatOptions

SCRIPT = Path(__file__).with_suffix(".mjs")
REPLY_S = 20.0


@dataclass
class MediasoupRoom(BenchRoom):
    """A mediasoup worker with a router for each room; `pid` is the worker's, so that Node is not measured."""

    node: asyncio.subprocess.Process = field(kw_only=True)

    async def answer(self, room: str, options: SeatOptions, offer: str) -> str:
        """Seat a peer: one that offers a camera publishes it and its voice, all others receive both.

        One that offers m-lines for tiles, too, receives the cameras of all others.
        """
        assert self.node.stdin is not None
        self.node.stdin.write(json.dumps({"offer": offer, "room": room}).encode() + b"\n")
        return str((await _read_json(self.node))["answer"])


@asynccontextmanager
async def mediasoup_room(modules: Path) -> AsyncIterator[MediasoupRoom]:
    """Yield a worker of the mediasoup under `modules`. Raises RuntimeError when there is none."""
    pipe = asyncio.subprocess.PIPE
    node = await asyncio.create_subprocess_exec("node", str(SCRIPT), str(modules.absolute()), stdin=pipe, stdout=pipe)  # noqa: ASYNC240 - no I/O
    try:
        room = MediasoupRoom((await _read_json(node))["pid"], node=node)
        try:
            yield room
        finally:
            await asyncio.gather(*(endpoint.close() for endpoint in room.endpoints))
    finally:
        assert node.stdin is not None
        node.stdin.close()
        await node.wait()


async def _read_json(node: asyncio.subprocess.Process) -> dict[str, Any]:
    assert node.stdout is not None
    async with asyncio.timeout(REPLY_S):
        line = await node.stdout.readline()
    if not line:
        raise RuntimeError(f"mediasoup ended with {await node.wait()}")
    return dict(json.loads(line))
