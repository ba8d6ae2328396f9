"""Decodes the picture and the mix that an endpoint receives; tests use it, load tests only with `--decode`."""

import math
from collections import deque
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from loadtest.media.tone import RATE_HZ
from mediaserver.rtp.frame_assembler import FrameAssembler
from mediaserver.rtp.packet import Packet, parse
from mediaserver.rtp.payload import is_keyframe

KEPT_SAMPLES = RATE_HZ
"""Samples of sound that are kept: one second."""
_DECODERS = {"VP8": "vp8", "H264": "h264", "opus": "libopus"}

Samples = npt.NDArray[np.int16]
Rgb = npt.NDArray[np.uint8]


class Decoder:
    """Decodes the media of one endpoint; keeps the newest picture and the last second of sound."""

    def __init__(self) -> None:
        self._picture: Rgb | None = None
        self._newest: av.VideoFrame | None = None
        self._decoders: dict[str, av.CodecContext] = {}
        self._stream = "", 0
        """Codec and SSRC of the stream whose pictures are decoded."""
        self._frames = FrameAssembler("")
        self._sound: deque[Samples] = deque()
        self.pictures = 0
        self.faults = 0
        """Packets of sound and pictures that could not be decoded."""

    def packet(self, codec: str, data: memoryview, length: int, received_at: float) -> bool:
        """Take one plain RTP packet; return True if a key frame is needed before a picture can be decoded."""
        packet, _ = parse(data, length)
        if codec == "opus":
            self._add_audio(packet)
            return False
        if codec in _DECODERS:
            self._add_video(codec, packet, received_at)
        return self._frames.lost

    @property
    def picture(self) -> Rgb | None:
        """The newest picture."""
        if self._newest is not None:
            self._picture = self._newest.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
            self._newest = None
        return self._picture

    def forget(self) -> None:
        """Drop the picture and the sound so far: what is seen and heard from now on came later."""
        self._picture = self._newest = None
        self._sound.clear()

    def sound(self) -> Samples:
        """Return the sound of the last second, mono at 48 kHz."""
        return np.concatenate(self._sound)[-KEPT_SAMPLES:] if self._sound else np.zeros(0, np.int16)

    def summary(self) -> dict[str, Any]:
        """Return figures of picture and sound for a report."""
        sound, picture = self.sound().astype(np.float64), self.picture
        return {
            "pictures": self.pictures,
            "faults": self.faults,
            "size": list(picture.shape[1::-1]) if picture is not None else None,
            "mean_rgb": [round(float(v)) for v in picture.mean(axis=(0, 1))] if picture is not None else None,
            "level_dbfs": round(20 * math.log10(max(1.0, float(np.sqrt((sound**2).mean()))) / 32768), 1)
            if len(sound)
            else None,
            "tone_hz": loudest_hz(self.sound()),
        }

    def _add_audio(self, packet: Packet) -> None:
        for frame in self._decode("opus", packet.payload):
            assert isinstance(frame, av.AudioFrame)
            self._sound.append(mono(frame))
        while sum(map(len, self._sound)) > KEPT_SAMPLES + 960:
            self._sound.popleft()

    def _add_video(self, codec: str, packet: Packet, received_at: float) -> None:
        if self._stream != (codec, packet.ssrc):  # numbers its packets anew (RFC 3550 §5.1), as each call does
            self._stream, self._frames = (codec, packet.ssrc), FrameAssembler(codec)
        packet.keyframe = is_keyframe(codec, packet.payload)
        for whole in self._frames.add(packet, received_at):
            for frame in self._decode(codec, whole.data):
                assert isinstance(frame, av.VideoFrame)
                self.pictures += 1
                self._newest = frame

    def _decode(self, codec: str, data: bytes) -> list[Any]:
        decoder = self._decoders.get(codec)
        if decoder is None:
            decoder = self._decoders[codec] = av.CodecContext.create(_DECODERS[codec], "r")
            if isinstance(decoder, av.AudioCodecContext):
                decoder.sample_rate, decoder.layout = RATE_HZ, "mono"
        try:
            return list(decoder.decode(av.Packet(data)))  # type: ignore[attr-defined]
        except av.FFmpegError:
            self.faults += 1
            return []


def mono(frame: av.AudioFrame) -> Samples:
    """Return a frame's samples as one 16-bit channel."""
    channels = len(frame.layout.channels)
    raw = frame.to_ndarray()
    samples = raw.astype(np.float64) * (32767 if raw.dtype.kind == "f" else 1)
    if not frame.format.is_planar:
        samples = samples.reshape(-1, channels).T
    mixed: Samples = np.clip(samples.mean(axis=0), -32768, 32767).astype(np.int16)
    return mixed


def loudest_hz(samples: Samples) -> int | None:
    """Return the strongest frequency in Hz, to the resolution the samples allow; None in silence."""
    if len(samples) < RATE_HZ // 10 or np.abs(samples).max() < 300:
        return None
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return round(int(spectrum.argmax()) * RATE_HZ / len(samples))
