"""Plain pictures and tones for tests, and functions that recognise them after a codec."""

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

from loadtest.endpoint.decoder import loudest_hz
from mediaserver.audio.mix_minus import FRAME_SAMPLES, SAMPLE_RATE, Samples
from mediaserver.rtp.frame_assembler import Frame
from mediaserver.video.codecs import VideoEncoder
from mediaserver.video.planes import planes

Colour = tuple[int, int, int]
"""Y, U, V."""

RED, GREEN, BLUE = (82, 90, 240), (145, 54, 34), (41, 240, 110)


def plain(width: int, height: int, colour: Colour) -> VideoFrame:
    """Return a picture of one colour."""
    frame = VideoFrame(width, height, "yuv420p")
    for plane, value in zip(planes(frame), colour, strict=True):
        plane[:] = value
    return frame


def colour_at(picture: VideoFrame, x: int, y: int) -> Colour:
    """Return the mean colour of the 8 × 8 pixels around a point."""
    luma, u, v = planes(picture)
    half = (slice(y // 2 - 2, y // 2 + 2), slice(x // 2 - 2, x // 2 + 2))
    parts = (luma[y - 4 : y + 4, x - 4 : x + 4], u[half], v[half])
    a, b, c = (round(float(part.mean())) for part in parts)
    return a, b, c


def alike(one: Colour, other: Colour) -> bool:
    """Return whether two colours are the same but for the loss of a codec."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 8


def coded(
    codec: str, colour: Colour, count: int = 1, size: tuple[int, int] = (320, 180), stream: int = 1
) -> list[Frame]:
    """Return encoded pictures of one colour as a camera sends them, the first a key frame."""
    encoder = VideoEncoder(codec, *size, 25, 500_000)
    frames = []
    for tick in range(count):
        data, keyframe = encoder.encode(plain(*size, colour), keyframe=tick == 0)
        frames.append(Frame(codec, data, keyframe, tick * 3600, stream))
    return frames


def tone(hertz: float, tick: int, amplitude: float = 0.25) -> Samples:
    """Return 20 ms of a sine that goes on from tick to tick."""
    moments = (np.arange(FRAME_SAMPLES) + tick * FRAME_SAMPLES) / SAMPLE_RATE
    return (np.sin(2 * np.pi * hertz * moments) * amplitude * 32767).astype(np.int16)


def pitch(samples: NDArray[np.int16]) -> int | None:
    """Return the strongest frequency in Hz; None in silence."""
    return loudest_hz(samples)


def huge_keyframe() -> bytes:
    """Return a VP8 key frame that claims 8192 × 8192 pixels (RFC 6386 §9.1): 150 bytes that decode to 100 MB."""
    data = coded("VP8", RED)[0].data
    return data[:6] + (8192).to_bytes(2, "little") * 2 + data[10:]
