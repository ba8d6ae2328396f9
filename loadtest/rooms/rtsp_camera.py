"""An RTSP camera of a room: GStreamer's server (`rtsp_server.py`), which the centre's server fetches."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from loadtest.media.perception import Rgb
from loadtest.rooms.room import RoomFailed

HOST = "127.0.0.1"
PATH = "/live"
SERVER = Path(__file__).with_name("rtsp_server.py")
PYTHON = "/usr/bin/python3"
"""Debian's, which has GStreamer's bindings."""


class RtspCamera:
    """A camera that is fetched, again and again. It sees and hears nothing."""

    def __init__(self, port: int) -> None:
        self.address = HOST, port
        """Where it is fetched."""
        self.said = ""
        """Nothing: GStreamer keeps no messages."""

    async def dial(self, uri: str) -> None:
        """Do nothing: it is fetched."""

    async def expect(self) -> None:
        """Do nothing: it waits all the time."""

    async def established(self) -> None:
        """Do nothing: the server alone knows when it has fetched it."""

    async def picture(self) -> Rgb | None:
        """Return nothing: it sees nothing."""
        return None

    def hears(self, hertz: int) -> bool:
        """Return that it hears nothing."""
        return False

    async def hang_up(self) -> None:
        """Do nothing: the server ends its session with it."""


@asynccontextmanager
async def gstreamer_camera(
    account: tuple[str, str], method: str, transport: str, colour: str, tone_hz: int
) -> AsyncIterator[tuple[int, Process]]:
    """Run a camera with a picture of one colour and a tone, which asks for a password; yield its port and process.

    Raises RoomFailed.
    """
    words = (*account, method, transport, colour, str(tone_hz))
    process = await asyncio.create_subprocess_exec(PYTHON, str(SERVER), *words, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        if not (line := await process.stdout.readline()):
            raise RoomFailed("GStreamer has no RTSP server: make packages")
        yield int(line), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def rtsp_camera(account: tuple[str, str], colour: str, tone_hz: int) -> AsyncIterator[RtspCamera]:
    """Run a camera that asks for its user and password by digest, and sends by UDP. Raises RoomFailed."""
    async with gstreamer_camera(account, "digest", "UDP", colour, tone_hz) as (port, _):
        yield RtspCamera(port)
