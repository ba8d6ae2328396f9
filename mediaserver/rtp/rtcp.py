"""RTCP in the few words we say and hear (RFC 3550 §6, RFC 4585, RFC 5104, REMB); bytes are aiortc's business."""

import struct
from dataclasses import dataclass

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    pack_remb_fci,
    unpack_remb_fci,
)

NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900 to 1970."""


@dataclass(frozen=True, slots=True)
class Nack:
    """The peer misses packets of our stream `ssrc`."""

    ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """The peer needs a key frame of our stream `ssrc` (PLI, or FIR whose media SSRC may be 0: RFC 5104 §4.3.1.1)."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The peer's stream `ssrc` had `timestamp` at NTP time `ntp` (32.32 fixed point)."""

    ssrc: int
    ntp: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Report:
    """The peer lost this share (0 to 1) of our stream `ssrc`; `round_trip` in seconds when it can be told.

    `age` in seconds is how long ago the report of ours was sent that it was measured with.
    """

    ssrc: int
    lost: float
    round_trip: float | None
    age: float | None = None
    highest: int = 0
    """The highest sequence number received, extended to 32 bits."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The peer's line carries `bitrate` bit/s (REMB)."""

    bitrate: int


Heard = Nack | KeyframeRequest | SenderReport | Report | Estimate


def parse(data: bytes, wall: float) -> list[Heard]:
    """What a compound packet says to us at `wall` (Unix seconds); raises ValueError when it is malformed."""
    try:
        packets = RtcpPacket.parse(data)
        return [heard for packet in packets for heard in _hear(packet, wall)]
    except (struct.error, IndexError, KeyError, UnicodeDecodeError, AssertionError) as exc:
        raise ValueError("malformed RTCP") from exc


def _hear(packet: AnyRtcpPacket, wall: float) -> list[Heard]:
    match packet:
        case RtcpRtpfbPacket(fmt=fmt) if fmt == RTCP_RTPFB_NACK:
            return [Nack(packet.media_ssrc, tuple(s & 0xFFFF for s in packet.lost[:1024]))]
        case RtcpPsfbPacket():
            return _hear_picture(packet)
        case RtcpRrPacket():
            return _reports(packet, wall)
        case RtcpSrPacket():
            info = packet.sender_info
            return [SenderReport(packet.ssrc, info.ntp_timestamp, info.rtp_timestamp), *_reports(packet, wall)]
    return []


def _hear_picture(packet: RtcpPsfbPacket) -> list[Heard]:
    if packet.fmt == RTCP_PSFB_PLI:
        return [KeyframeRequest(packet.media_ssrc)]
    if packet.fmt == RTCP_PSFB_FIR:
        whole = packet.fci[: len(packet.fci) // 8 * 8]
        return [KeyframeRequest(ssrc) for (ssrc,) in struct.iter_unpack("!I4x", whole)]
    if packet.fmt == RTCP_PSFB_APP and packet.fci[:4] == b"REMB":
        return [Estimate(unpack_remb_fci(packet.fci)[0])]
    return []


def _reports(packet: RtcpRrPacket | RtcpSrPacket, wall: float) -> list[Heard]:
    return [
        Report(r.ssrc, r.fraction_lost / 256, _past(r, wall, r.dlsr), _past(r, wall, 0), r.highest_sequence)
        for r in packet.reports
    ]


def _past(report: RtcpReceiverInfo, wall: float, kept: int) -> float | None:
    """RFC 3550 §6.4.1: now less the time of our last report less the time the peer `kept` it (1/65536 s)."""
    if not report.lsr:
        return None
    ticks = ((_ntp(wall) >> 16) - report.lsr - kept) & 0xFFFFFFFF
    return ticks / 65536 if ticks < 60 << 16 else None


def _ntp(wall: float) -> int:
    return round((wall + NTP_EPOCH_S) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def sender_report(ssrc: int, wall: float, timestamp: int, packets: int, octets: int) -> bytes:
    """SR and CNAME of one of our streams; `wall` in Unix seconds belongs to `timestamp`."""
    info = RtcpSenderInfo(
        ntp_timestamp=_ntp(wall),
        rtp_timestamp=timestamp,
        packet_count=packets & 0xFFFFFFFF,
        octet_count=octets & 0xFFFFFFFF,
    )
    name = RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=ssrc, items=[(1, b"diemcau")])])
    return bytes(RtcpSrPacket(ssrc=ssrc, sender_info=info)) + bytes(name)


def receiver_report(ssrc: int, reports: list[RtcpReceiverInfo]) -> bytes:
    """RR over the peer's streams, up to 31."""
    return bytes(RtcpRrPacket(ssrc=ssrc, reports=reports[:31]))


def picture_loss(ssrc: int, media_ssrc: int) -> bytes:
    """PLI: ask for a key frame of the peer's stream."""
    return bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=ssrc, media_ssrc=media_ssrc))


def nack(ssrc: int, media_ssrc: int, sequences: list[int]) -> bytes:
    """Generic NACK. aiortc packs rising numbers only, so numbers that wrapped go into a packet of their own."""
    before = [s for s in sequences if s >= sequences[0]]
    after = [s for s in sequences if s < sequences[0]]
    return b"".join(
        bytes(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=ssrc, media_ssrc=media_ssrc, lost=sorted(part)))
        for part in (before, after)
        if part
    )


def remb(ssrc: int, bitrate: int, media_ssrcs: list[int]) -> bytes:
    """Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03), in bit/s over all `media_ssrcs`."""
    fci = pack_remb_fci(bitrate, media_ssrcs[:255])
    return bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=ssrc, media_ssrc=0, fci=fci))
