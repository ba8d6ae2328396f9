"""Measures the least CPU of a composed picture, in a process of its own: decode 16 streams, scale them, encode one.

`python -m loadtest.bench.compose_minimum` prints percent of a core as JSON, without pauses and 25 times a second;
`python -m loadtest bench` compares the media worker with it.
"""

import json
import sys
import time
from itertools import islice

import numpy as np
import numpy.typing as npt
from av import VideoFrame

from loadtest.bench.pacing import paced
from loadtest.media.clip import FPS
from loadtest.media.picture import LOOP_FRAMES, Card, cache_directory, coded
from mediaserver.video.codecs import VideoDecoder, VideoEncoder
from mediaserver.video.planes import planes
from mediaserver.video.quality import QUALITIES, USUAL
from mediaserver.video.scaler import Scaler, halve, halves

SENDERS = 16
CARDS = tuple(Card(f"Point {hue}", hue) for hue in range(0, 12, 3))
"""Pictures of the senders, each shown by four of them."""
TILES_PER_SIDE = 4
WIDTH, HEIGHT = 1280, 720
BITRATE = QUALITIES[USUAL].bitrate

Plane = npt.NDArray[np.uint8]


def measure(seconds: int, every_s: float = 0.0) -> float:
    """Return percent of a core for so many seconds of media, one picture `every_s` seconds, or without pauses for 0."""
    streams = [coded(CARDS[i % len(CARDS)], "H264", 1, cache_directory()) for i in range(SENDERS)]
    composed = _composed()
    width, height = WIDTH // TILES_PER_SIDE, HEIGHT // TILES_PER_SIDE
    decoders = [(VideoDecoder("H264"), Scaler(), planes(VideoFrame(width, height, "yuv420p"))) for _ in streams]
    encoder = VideoEncoder("H264", WIDTH, HEIGHT, FPS, BITRATE)
    began = time.process_time()
    for tick in paced(seconds * FPS, every_s):
        at = tick % LOOP_FRAMES
        for (decoder, scaler, tile), stream in zip(decoders, streams, strict=True):
            picture = decoder.decode(stream[at].data)
            if picture is not None and halves(picture, width, height):
                halve(picture, tile)
            elif picture is not None:
                scaler.scale(picture, width, height)
        encoder.encode(composed[at], keyframe=at == 0)
    return 100 * (time.process_time() - began) / seconds


def _composed() -> list[VideoFrame]:
    """Return the composed pictures, a 4x4 grid of the loops, which are made before measuring."""
    decoders = [VideoDecoder("H264") for _ in CARDS]
    streams = [coded(card, "H264", 1, cache_directory()) for card in CARDS]
    frames = []
    for pictures in islice(zip(*streams, strict=True), LOOP_FRAMES):
        tiles = [_tile(decoder, picture.data) for decoder, picture in zip(decoders, pictures, strict=True)]
        frames.append(VideoFrame.from_ndarray(_grid(tiles), format="yuv420p"))
    return frames


def _tile(decoder: VideoDecoder, data: bytes) -> Plane:
    frame = decoder.decode(data)
    assert frame is not None
    width, height = WIDTH // TILES_PER_SIDE, HEIGHT // TILES_PER_SIDE
    return frame.reformat(width=width, height=height, format="yuv420p").to_ndarray().astype(np.uint8)


def _grid(tiles: list[Plane]) -> Plane:
    width, height = WIDTH // TILES_PER_SIDE, HEIGHT // TILES_PER_SIDE
    planes = [np.empty((HEIGHT, WIDTH), np.uint8), *(np.empty((HEIGHT // 2, WIDTH // 2), np.uint8) for _ in "uv")]
    for index in range(SENDERS):
        row, column = divmod(index, TILES_PER_SIDE)
        tile = tiles[index % len(tiles)].reshape(-1)
        at = 0
        for plane, (h, w) in zip(planes, [(height, width), *[(height // 2, width // 2)] * 2], strict=True):
            plane[row * h : (row + 1) * h, column * w : (column + 1) * w] = tile[at : at + h * w].reshape(h, w)
            at += h * w
    return np.concatenate([plane.reshape(-1, WIDTH) for plane in planes])


if __name__ == "__main__":
    seconds = int(sys.argv[1])
    print(json.dumps({"core_pct": measure(seconds), "paced_core_pct": measure(seconds, 1 / FPS)}))
