"""Screens with text for room systems: drawn, sent by ffmpeg, and recognised in pictures that came."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from mediaserver.transport.socket_buffer import RECEIVE, widen
from mediaserver.video.labels import FONT
from tests.mediaserver.meeting import WatchingDecoder
from tests.mediaserver.slides_system import SlidesSystem

SIZE = (1920, 1080)
TEXT_BOX = (100, 100, 1820, 800)
"""Left, top, right and bottom of the text: above the name that the composition writes below."""
LINES = 12
READ = 0.9
"""Least correlation of a picture with the text in it; another text has a third."""
ENCODER = (
    *("-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"),
    *("-profile:v", "baseline", "-g", "5", "-b:v", "1500k"),
)
"""A key frame a second, which ffmpeg sends at once: more than a hundred packets."""

Rgb = npt.NDArray[np.uint8]
Luma = npt.NDArray[np.float64]


def draw(words: str) -> Image.Image:
    """Return a screen full of small text, black on white, each line with its number."""
    image = Image.new("RGB", SIZE, "white")
    font = ImageFont.truetype(str(FONT), 36)
    for line in range(LINES):
        place = TEXT_BOX[0] + 20, TEXT_BOX[1] + 58 * line
        ImageDraw.Draw(image).text(place, f"{line}. {words} ({line * 7919 % 1000})", fill="black", font=font)
    return image


def likeness(picture: Rgb | None, screen: Image.Image) -> float:
    """Return the correlation of the pixels of the text in a picture with those that were drawn; 0 for another size."""
    if picture is None or picture.shape[1::-1] != SIZE:
        return 0.0
    there, drawn = (_text(np.asarray(each)) for each in (picture, screen))
    energy = np.sqrt((there**2).sum() * (drawn**2).sum())
    return float((there * drawn).sum() / energy) if energy else 0.0


async def read(watch: WatchingDecoder, screen: Image.Image) -> None:
    """Wait until a decoder sees the text of a screen; each picture is looked at once, for that takes its time."""
    looked_at = -1

    def reads() -> bool:
        nonlocal looked_at
        if looked_at == watch.pictures:
            return False
        looked_at = watch.pictures
        return likeness(watch.picture, screen) > READ

    await watch.until(reads)


def _text(picture: Rgb) -> Luma:
    left, top, right, bottom = TEXT_BOX
    luma: Luma = picture[top:bottom, left:right].mean(axis=2)
    luma -= luma.mean()
    return luma


@asynccontextmanager
async def shown_by_ffmpeg(folder: Path, screen: Image.Image, system: SlidesSystem) -> AsyncIterator[None]:
    """Show a screen as the slides of a room system during the block: encoded by x264, five pictures a second, cut into
    packets by ffmpeg, and sent from its own port."""
    path = folder / "screen.png"
    screen.save(path)
    slides, destination = system.sockets["slides"].transport, system.destinations["slides"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as relay:
        relay.setblocking(False)
        relay.bind(("127.0.0.1", 0))
        widen(relay, RECEIVE, 1 << 20)

        def pass_on() -> None:
            with contextlib.suppress(BlockingIOError):
                while True:
                    slides.sendto(relay.recv(2000), destination)

        process = await asyncio.create_subprocess_exec(
            *("ffmpeg", "-v", "error", "-re", "-loop", "1", "-framerate", "5", "-i", str(path), *ENCODER),
            *("-f", "rtp", "-payload_type", str(system.number), f"rtp://127.0.0.1:{relay.getsockname()[1]}"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )
        loop = asyncio.get_running_loop()
        loop.add_reader(relay, pass_on)
        try:
            yield
        finally:
            loop.remove_reader(relay)
            process.kill()
            await process.wait()
