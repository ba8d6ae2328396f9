"""Measures cost, quality and bitrate of each rendition: `python -m loadtest.bench.encoder_cost`.

A film that moves everywhere (FFmpeg's zoom into the Mandelbrot set) is encoded as for viewers and decoded again.
"""

import json
from collections.abc import Iterator
from fractions import Fraction
from time import process_time

import av
import numpy as np
from av import VideoFrame

from mediaserver.video.codecs import VideoDecoder, VideoEncoder
from mediaserver.video.quality import QUALITIES, RENDITIONS

SECONDS = 3
WIDTH, HEIGHT, FPS = 1280, 720, 25
"""Size and pictures a second of the composed picture."""


def main() -> None:
    """Print one JSON object for each rendition."""
    for codec, step in RENDITIONS:
        for high in (False, True) if codec == "H264" else (False,):
            name = f"{codec} High" if high else codec
            print(json.dumps({"codec": name, **measure(codec, step, high=high)}), flush=True)


def measure(codec: str, step: int, *, high: bool = False) -> dict[str, object]:
    """Return CPU in ms for a picture and in percent of a core, PSNR of luma in dB, and Mbit/s; H.264 is `high` or
    baseline."""
    quality = QUALITIES[step]
    width, height = (round(side * quality.share) & ~1 for side in (WIDTH, HEIGHT))
    fps = Fraction(quality.fps or FPS, quality.every)
    encoder = VideoEncoder(codec, width, height, fps, quality.bitrate, high=high)
    decoder = VideoDecoder(codec.partition("/")[0])
    spent, octets, errors = 0.0, 0, []
    for number, picture in enumerate(film(width, height, fps)):
        started_at = process_time()
        data, _ = encoder.encode(picture, keyframe=number == 0)
        spent += process_time() - started_at
        octets += len(data)
        if (seen := decoder.decode(data)) is not None:
            errors.append(float(np.mean((luma(seen) - luma(picture)) ** 2)))
    pictures = number + 1
    return {
        "size": f"{width}x{height}",
        "fps": float(fps),
        "ms": round(1000 * spent / pictures, 1),
        "core_pct": round(100 * spent / pictures * float(fps), 1),
        "db": round(10 * float(np.log10(255**2 / np.mean(errors))), 1),
        "mbps": round(8 * octets / pictures * float(fps) / 1e6, 2),
    }


def film(width: int, height: int, fps: Fraction) -> Iterator[VideoFrame]:
    """Yield the pictures of a few seconds of film."""
    with av.open(f"mandelbrot=size={width}x{height}:rate={fps}", format="lavfi") as source:
        for number, picture in enumerate(source.decode(video=0)):
            if number == round(SECONDS * fps):
                return
            yield picture.reformat(format="yuv420p")


def luma(picture: VideoFrame) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    """Return the brightness of each pixel."""
    return picture.to_ndarray(format="gray").astype(np.float32)


if __name__ == "__main__":
    main()
