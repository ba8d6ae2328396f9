"""Video encoder and decoder over PyAV: one frame in, one out."""

from fractions import Fraction
from typing import cast

import av
from av import Packet, VideoFrame
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from mediaserver.rtp.packet import MAX_PAYLOAD_BYTES
from mediaserver.rtp.payload import SINGLE_NAL

MAX_PIXELS = 1920 * 1088
"""The decoder refuses larger pictures before it allocates them (an 8192² key frame would cost 485 MB)."""

_FFMPEG_DECODERS = {"VP8": "vp8", "H264": "h264"}


class VideoDecoder:
    """Decodes one stream of one codec ("VP8" or "H264")."""

    def __init__(self, codec: str) -> None:
        context = cast("VideoCodecContext", av.CodecContext.create(_FFMPEG_DECODERS[codec], "r"))
        context.options = {"max_pixels": str(MAX_PIXELS)}
        context.thread_count = 1
        context.flags = context.flags | av.codec.context.Flags.low_delay
        self._context = context

    def decode(self, data: bytes) -> VideoFrame | None:
        """Return the newest picture in these bytes; None when there is none. Raises ValueError on undecodable bytes."""
        try:
            pictures = self._context.decode(Packet(data)) if data else []
        except av.FFmpegError as exc:
            raise ValueError(f"undecodable picture: {exc}") from exc
        return pictures[-1] if pictures else None


class VideoEncoder:
    """Encodes one rendition in real time: no lookahead, key frames only when requested or every ten seconds.

    `fps` pictures a second take at most `bitrate` bit/s. H.264 has the constrained baseline profile, or is `high`.
    """

    def __init__(
        self, codec: str, width: int, height: int, fps: int | Fraction, bitrate: int, *, high: bool = False
    ) -> None:
        self.high = high
        self._context = _video_encoder(codec, width, height, Fraction(fps), bitrate, high=high)
        self._count = 0

    def encode(self, picture: VideoFrame, *, keyframe: bool) -> tuple[bytes, bool]:
        """Encode the next picture; return its bytes, and whether it is a key frame.

        Pictures are numbered without the gaps that a busy machine leaves between them: libvpx would take a gap for a
        lower frame rate and give all later pictures twice their bits.
        """
        picture.pts, self._count = self._count, self._count + 1
        picture.time_base = self._context.time_base
        picture.pict_type = PictureType.I if keyframe else PictureType.NONE
        packets = self._context.encode(picture)
        return b"".join(bytes(p) for p in packets), any(p.is_keyframe for p in packets)


def _video_encoder(
    codec: str, width: int, height: int, fps: Fraction, bitrate: int, *, high: bool
) -> VideoCodecContext:
    name, options = _ENCODERS[codec]
    if high:
        options = options | {"profile": "high"}
    if codec == "VP8" and width * height > SLOW_PIXELS:
        options = options | _FASTER
    context = cast("VideoCodecContext", av.CodecContext.create(name, "w"))
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.framerate, context.time_base = fps, 1 / fps
    context.bit_rate = bitrate
    context.gop_size = round(10 * fps)
    context.thread_count = 1
    context.options = {**options, "maxrate": str(bitrate), "bufsize": str(bitrate // 2)}
    return context


SLOW_PIXELS = 1280 * 720
_FASTER = {"cpu-used": "-12"}
"""Encoder speed for large pictures. 1080p30 in VP8 then costs a third more than in H.264, and loses half a dB
(docs/performance.md)."""
X264 = {"preset": "superfast", "tune": "zerolatency", "profile": "baseline", "forced-idr": "1", "sc_threshold": "0"}
"""libx264's options by FFmpeg's names; every browser decodes the baseline profile."""
_ENCODERS = {
    "H264": ("libx264", X264),
    SINGLE_NAL: ("libx264", {**X264, "x264-params": f"slice-max-size={MAX_PAYLOAD_BYTES}"}),
    "VP8": (
        "libvpx",
        {
            "deadline": "realtime",
            "cpu-used": "-8",
            "lag-in-frames": "0",
            "error-resilient": "0",
            "max-intra-rate": "600",
        },
    ),
}
