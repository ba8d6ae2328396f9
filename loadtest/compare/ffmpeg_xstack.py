"""Measures FFmpeg at the work of the compositor: decodes, scales, stacks and encodes sixteen films."""

import asyncio
import tempfile
from math import ceil
from pathlib import Path

from loadtest.bench.compose_minimum import BITRATE, CARDS, HEIGHT, SENDERS, TILES_PER_SIDE, WIDTH
from loadtest.compare.ab_compare import WINDOW_S
from loadtest.load import procfs
from loadtest.media.clip import FPS
from loadtest.media.picture import Card, cache_directory, coded
from mediaserver.video.codecs import X264

AFTER_S = 2.0
"""Seconds after the start that are not measured."""
SPARE_S = 10.0
"""Seconds by which the films are longer than the measurement."""


async def windows(ffmpeg: Path, seconds: float) -> list[float]:
    """Return CPU seconds for each second of film, measured in each half second. Raises RuntimeError when FFmpeg
    ends."""
    with tempfile.TemporaryDirectory(prefix="diemcau-xstack-") as directory:
        films = [_film(card, Path(directory), AFTER_S + seconds + SPARE_S) for card in CARDS]
        process = await asyncio.create_subprocess_exec(
            str(ffmpeg), *_arguments(films), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
        )
        try:
            await _progress(process, round(AFTER_S / WINDOW_S))
            return await _progress(process, max(2, round(seconds / WINDOW_S)))
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def _film(card: Card, directory: Path, seconds: float) -> Path:
    """Write the loop as often as needed, because raw H.264 cannot be rewound."""
    pictures = coded(card, "H264", 1, cache_directory())
    path = directory / f"{card.hue}.h264"
    path.write_bytes(b"".join(picture.data for picture in pictures) * ceil(seconds * FPS / len(pictures)))
    return path


def _arguments(films: list[Path]) -> list[str]:
    """Return FFmpeg's arguments: in real time, one thread for each codec, encoded as
    :class:`mediaserver.video.codecs.VideoEncoder`."""
    width, height = WIDTH // TILES_PER_SIDE, HEIGHT // TILES_PER_SIDE
    words = ["-v", "error", "-nostats", "-stats_period", str(WINDOW_S), "-progress", "pipe:1", "-filter_threads", "1"]
    for index in range(SENDERS):
        words += ["-threads", "1", "-re", "-framerate", str(FPS), "-f", "h264"]
        words += ["-i", str(films[index % len(films)])]
    scaled = [f"[{n}:v]scale={width}:{height}:flags=fast_bilinear[t{n}]" for n in range(SENDERS)]
    places = "|".join(f"{n % TILES_PER_SIDE * width}_{n // TILES_PER_SIDE * height}" for n in range(SENDERS))
    tiles = "".join(f"[t{n}]" for n in range(SENDERS))
    words += ["-filter_complex", ";".join([*scaled, f"{tiles}xstack=inputs={SENDERS}:layout={places}[grid]"])]
    words += ["-map", "[grid]", "-r", str(FPS), "-c:v", "libx264", "-g", str(10 * FPS), "-threads", "1"]
    for name, value in X264.items():
        words += [f"-{name}:v", value]
    words += ["-b:v", str(BITRATE), "-maxrate", str(BITRATE), "-bufsize", str(BITRATE // 2)]
    return [*words, "-f", "null", "-"]


async def _progress(process: asyncio.subprocess.Process, count: int) -> list[float]:
    assert process.stdout is not None
    costs: list[float] = []
    before: tuple[float, int] | None = None
    async for line in process.stdout:
        name, _, value = line.decode().strip().partition("=")
        if name != "frame":
            continue
        now = procfs.running_seconds(process.pid), int(value)
        if before is not None and now[1] > before[1]:
            costs.append((now[0] - before[0]) * FPS / (now[1] - before[1]))
        before = now
        if len(costs) == count:
            return costs
    raise RuntimeError(f"FFmpeg ended with {await process.wait()}")
