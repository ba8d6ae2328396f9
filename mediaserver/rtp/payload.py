"""VP8 and H.264 as RTP payloads (RFC 7741, RFC 6184): frames to packets and back, without a codec."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mediaserver.rtp.packet import MAX_PAYLOAD_BYTES, Packet

VIDEO_CLOCK = 90_000
"""RTP clock of both video codecs in Hz; a stream with another clock is audio."""
NAL_IDR, NAL_SEI, NAL_SPS, NAL_PPS, NAL_AUD = 5, 6, 7, 8, 9
STAP_A, _FU_A = 24, 28
_AHEAD = {NAL_SEI, NAL_SPS, NAL_PPS, NAL_AUD, STAP_A}
"""Types of what stands in front of a picture; what is aggregated are parameter sets, as a rule."""
_START_CODE = re.compile(rb"\x00\x00\x00?\x01")


@dataclass(frozen=True, slots=True)
class Vp8Descriptor:
    """The fields of a VP8 payload descriptor (RFC 7741 §4.2) and where they stand, in bytes from the start."""

    size: int
    begins: bool
    """Whether it is the first packet of the first partition, i.e. of a frame."""
    picture_id: int | None
    picture_id_at: int
    picture_id_long: bool
    tl0: int | None
    tl0_at: int
    temporal_id: int = 0
    """The temporal layer (TID)."""
    sync: bool = False
    """Whether its picture refers to the lowest temporal layer alone (Y)."""


def vp8_descriptor(payload: bytes) -> Vp8Descriptor:
    """Read the descriptor in front of a VP8 payload; raises ValueError when it is cut off."""
    try:
        return _vp8_descriptor(payload)
    except IndexError as exc:
        raise ValueError("VP8 payload descriptor cut off") from exc


def _vp8_descriptor(payload: bytes) -> Vp8Descriptor:
    first, size = payload[0], _vp8_size(payload)
    begins = bool(first & 0x10) and first & 0x07 == 0
    picture_id: int | None = None
    tl0: int | None = None
    picture_id_at = tl0_at = 0
    long = sync = False
    temporal_id = 0
    if first & 0x80:
        flags, at = payload[1], 2
        if flags & 0x80:
            picture_id_at, long = at, payload[at] > 127
            picture_id = (payload[at] & 0x7F) << 8 | payload[at + 1] if long else payload[at]
            at += 2 if long else 1
        if flags & 0x40:
            tl0_at, tl0 = at, payload[at]
            at += 1
        if flags & 0x20:
            temporal_id, sync = payload[at] >> 6, bool(payload[at] & 0x20)
    return Vp8Descriptor(size, begins, picture_id, picture_id_at, long, tl0, tl0_at, temporal_id, sync)


def readable_vp8(payload: bytes) -> Vp8Descriptor | None:
    """Return the descriptor in front of a VP8 payload; None when it is cut off."""
    try:
        return vp8_descriptor(payload)
    except ValueError:
        return None


def _vp8_size(payload: bytes) -> int:
    """Return the descriptor's length in bytes; raises IndexError when it is cut off."""
    if not payload[0] & 0x80:
        return 1
    flags, size = payload[1], 2
    if flags & 0x80:
        size += 2 if payload[2] & 0x80 else 1
    size += (flags & 0x40 != 0) + (flags & 0x30 != 0)
    payload[size - 1]
    return size


def vp8_frame_size(frame: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels from a VP8 key frame's header (RFC 6386 §9.1); None for any other frame."""
    if len(frame) < 10 or frame[0] & 1 or frame[3:6] != b"\x9d\x01\x2a":
        return None
    return (frame[6] | frame[7] << 8) & 0x3FFF, (frame[8] | frame[9] << 8) & 0x3FFF


def is_keyframe(codec: str, payload: bytes) -> bool:
    """Return whether this payload begins a key frame; False for unreadable payloads."""
    try:
        return _vp8_keyframe(payload) if codec == "VP8" else _h264_keyframe(payload)
    except (ValueError, IndexError):
        return False


def mark_keyframes(codec: str, packets: list[Packet]) -> None:
    """Mark the packets that begin a key frame."""
    vp8 = codec == "VP8"
    begins = _vp8_keyframe if vp8 else _h264_keyframe
    for packet in packets:
        try:  # most packets of VP8 begin nothing, and need not be read further
            packet.keyframe = (not vp8 or packet.payload[0] & 0x10 != 0) and begins(packet.payload)
        except (ValueError, IndexError):
            packet.keyframe = False


def _vp8_keyframe(payload: bytes) -> bool:
    if payload[0] & 0x17 != 0x10:
        return False
    return not payload[_vp8_size(payload)] & 1


def _h264_keyframe(payload: bytes) -> bool:
    kind = payload[0] & 0x1F
    if kind == _FU_A:
        return payload[1] & 0x80 != 0 and _begins_keyframe(payload[1] & 0x1F, payload[2])
    if kind == STAP_A:
        return any(_begins_keyframe(nal[0] & 0x1F, nal[1]) for nal in aggregated(payload))
    return _begins_keyframe(kind, payload[1])


def _begins_keyframe(kind: int, header: int) -> bool:
    """Return whether a NAL unit begins a key frame. Only the first slice does: it is at macroblock 0 (H.264 §7.3.3,
    §9.1)."""
    return kind == NAL_SPS or (kind == NAL_IDR and header & 0x80 != 0)


def aggregated(payload: bytes) -> Iterator[bytes]:
    """Yield the NAL units of a STAP-A payload (RFC 6184 §5.7.1). Raises ValueError."""
    at = 1
    while at + 2 < len(payload):
        size = payload[at] << 8 | payload[at + 1]
        if not size or at + 2 + size > len(payload):
            raise ValueError("H.264 aggregation cut off")
        yield payload[at + 2 : at + 2 + size]
        at += 2 + size


def stands_ahead(codec: str, payload: bytes) -> bool:
    """Return whether nothing of a picture itself is in this payload: parameter sets and the like, of H.264 alone."""
    return codec != "VP8" and payload[0] & 0x1F in _AHEAD


def depayload(codec: str, payload: bytes) -> bytes:
    """Return the part of a frame in this payload: VP8 bytes, or H.264 in Annex B form. Raises ValueError."""
    if codec == "VP8":
        return payload[vp8_descriptor(payload).size :]
    return _h264_depayload(payload)


def _h264_depayload(payload: bytes) -> bytes:
    if len(payload) < 2:
        raise ValueError("H.264 payload too short")
    kind = payload[0] & 0x1F
    if kind == _FU_A:
        if payload[1] & 0x80:
            return b"\x00\x00\x00\x01" + bytes([payload[0] & 0xE0 | payload[1] & 0x1F]) + payload[2:]
        return payload[2:]
    if kind == STAP_A:
        return b"".join(b"\x00\x00\x00\x01" + nal for nal in aggregated(payload))
    if 1 <= kind <= 23:
        return b"\x00\x00\x00\x01" + payload
    raise ValueError(f"H.264 packetization of type {kind} is not supported")


def packetize_vp8(frame: bytes, picture_id: int) -> list[bytes]:
    """Cut a VP8 frame into payloads of equal size with 15-bit picture ids (one temporal layer)."""
    head = bytes([0x90, 0x80, 0x80 | picture_id >> 8 & 0x7F, picture_id & 0xFF])
    rest = bytes([0x80]) + head[1:]
    pieces = _slices(frame, MAX_PAYLOAD_BYTES - len(head))
    return [(rest if i else head) + piece for i, piece in enumerate(pieces)]


def packetize_h264(frame: bytes) -> list[bytes]:
    """Cut an Annex B access unit into single NAL, STAP-A (parameter sets) and FU-A payloads."""
    payloads: list[bytes] = []
    small: list[bytes] = []
    for nal in split_nals(frame):
        kind = nal[0] & 0x1F
        if kind == NAL_AUD:
            continue
        if kind in (NAL_SPS, NAL_PPS):
            small.append(nal)
            continue
        payloads += _flush(small)
        payloads += _single(nal)
    return payloads + _flush(small)


def single_nals(frame: bytes) -> list[bytes]:
    """Return an Annex B access unit as payloads of packetization-mode 0 (RFC 6184 §6.2); NAL units too large are left
    out."""
    return [nal for nal in split_nals(frame) if nal[0] & 0x1F != NAL_AUD and len(nal) <= MAX_PAYLOAD_BYTES]


def split_nals(frame: bytes) -> list[bytes]:
    """Return the NAL units of an Annex B byte stream, without start codes or trailing zeros."""
    cuts = [m.span() for m in _START_CODE.finditer(frame)]
    ends = [start for start, _ in cuts[1:]] + [len(frame)]
    nals = (frame[begin:end].rstrip(b"\x00") for (_, begin), end in zip(cuts, ends, strict=True))
    return [nal for nal in nals if nal]


def _flush(small: list[bytes]) -> list[bytes]:
    nals, total = list(small), sum(len(nal) + 2 for nal in small) + 1
    small.clear()
    if len(nals) < 2 or total > MAX_PAYLOAD_BYTES:
        return [payload for nal in nals for payload in _single(nal)]
    return [bytes([nals[0][0] & 0x60 | STAP_A]) + b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)]


def _single(nal: bytes) -> list[bytes]:
    return [nal] if len(nal) <= MAX_PAYLOAD_BYTES else _fragments(nal)


def _fragments(nal: bytes) -> list[bytes]:
    indicator, kind = nal[0] & 0xE0 | _FU_A, nal[0] & 0x1F
    pieces = _slices(nal[1:], MAX_PAYLOAD_BYTES - 2)
    last = len(pieces) - 1
    return [
        bytes([indicator, kind | (0x80 if i == 0 else 0) | (0x40 if i == last else 0)]) + piece
        for i, piece in enumerate(pieces)
    ]


def _slices(data: bytes, most: int) -> list[bytes]:
    """Cut into equal slices (the last may be shorter): UDP segmentation offload wants one size per frame."""
    count = -(-len(data) // most) or 1
    size = -(-len(data) // count) or 1
    return [data[i : i + size] for i in range(0, len(data), size)] or [b""]


SINGLE_NAL = "H264/0"
"""H.264 in slices that fit a packet each (RFC 6184 packetization-mode 0), for room systems that know nothing else."""
