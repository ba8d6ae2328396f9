"""Debian's whip-client (GStreamer, VP8 and Opus) as a room's camera, which publishes by WHIP.

Its ICE leaves out loopback: it needs a network card with an address.
"""

import asyncio
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from loadtest.media.perception import Rgb
from loadtest.rooms.room import RoomFailed

CONNECT_S, END_S = 15.0, 5.0
POLL_S = 0.02
CONNECTED = "PeerConnection connected"
CAMERA = (
    "videotestsrc is-live=true pattern={} ! video/x-raw,width=320,height=180,framerate=15/1 ! vp8enc deadline=1"
    " ! rtpvp8pay pt=96 ! application/x-rtp,media=video,encoding-name=VP8,payload=96"
)
MICROPHONE = (
    "audiotestsrc is-live=true freq={} ! audioconvert ! audioresample ! opusenc"
    " ! rtpopuspay pt=100 ! application/x-rtp,media=audio,encoding-name=OPUS,payload=100"
)


class WhipCamera:
    """An encoder, one process for each session. It sees and hears nothing."""

    def __init__(self, folder: Path, token: str, colour: str, tone_hz: int) -> None:
        self.address = "", 0
        """None: it calls from any address, and takes no calls."""
        self._log = folder / "log"
        self._words = "-t", token, "-V", CAMERA.format(colour), "-A", MICROPHONE.format(tone_hz), "-n", "-o"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def said(self) -> str:
        """Its words in this session."""
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    async def dial(self, uri: str) -> None:
        """Begin to publish to the address of an HTTP resource. Raises RoomFailed."""
        if shutil.which("whip-client") is None:
            raise RoomFailed("whip-client is not installed: make packages")
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *("whip-client", "-u", uri, *self._words), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )

    async def expect(self) -> None:
        """Refuse: it is never called. Raises RoomFailed."""
        raise RoomFailed("an encoder takes no calls")

    async def established(self) -> None:
        """Wait until it is connected. Raises RoomFailed."""
        assert self._process is not None
        until = time.monotonic() + CONNECT_S
        while CONNECTED not in self.said:
            if time.monotonic() > until or self._process.returncode is not None:
                raise RoomFailed(f"whip-client is not connected:\n{self.said}")
            await asyncio.sleep(POLL_S)

    async def picture(self) -> Rgb | None:
        """Return nothing: it sees nothing."""
        return None

    def hears(self, hertz: int) -> bool:
        """Return that it hears nothing."""
        return False

    async def hang_up(self) -> None:
        """End the session, and wait until its program has ended."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            async with asyncio.timeout(END_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def whip_camera(folder: Path, token: str, colour: str, tone_hz: int) -> AsyncIterator[WhipCamera]:
    """Give an encoder that publishes a picture of one colour, by GStreamer's name, and a tone."""
    camera = WhipCamera(Path(tempfile.mkdtemp(prefix="whip-", dir=folder)), token, colour, tone_hz)
    try:
        yield camera
    finally:
        await camera.hang_up()
