"""Writes the RTCP reports and requests of a simulated endpoint, and parses the server's requests, with aiortc."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiortc.rtp import (
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
)

from loadtest.endpoint.receive_counters import StreamCounters
from loadtest.endpoint.sender import SenderCounters

NTP_EPOCH_S = 2208988800
"""Seconds from 1900 (RFC 3550 §4) to 1970."""


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """A request for a key frame of one of our camera layers (PLI or FIR)."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class ResendRequest:
    """A request to send lost packets again (generic NACK, RFC 4585 §6.2.1)."""

    ssrc: int
    sequences: tuple[int, ...]


RtcpRequest = KeyframeRequest | ResendRequest


def parse_requests(data: bytes) -> list[RtcpRequest]:
    """Parse the requests to a sender in a compound packet; unreadable parts are ignored."""
    try:
        packets = RtcpPacket.parse(data)
    except (ValueError, struct.error, AssertionError, IndexError):
        return []
    return [request for packet in packets if type(packet) in _READERS for request in _READERS[type(packet)](packet)]


def _payload_feedback(packet: RtcpPsfbPacket) -> list[RtcpRequest]:
    if packet.fmt == RTCP_PSFB_PLI:
        return [KeyframeRequest(packet.media_ssrc)]
    if packet.fmt == RTCP_PSFB_FIR:  # RFC 5104 §4.3.1: the SSRCs stand in the entries
        entries = range(0, len(packet.fci) - 7, 8)
        return [KeyframeRequest(int.from_bytes(packet.fci[at : at + 4], "big")) for at in entries]
    return []


def _transport_feedback(packet: RtcpRtpfbPacket) -> list[RtcpRequest]:
    if packet.fmt != RTCP_RTPFB_NACK:
        return []
    return [ResendRequest(packet.media_ssrc, tuple(s & 0xFFFF for s in packet.lost))]


_READERS: dict[type, Callable[[Any], list[RtcpRequest]]] = {
    RtcpPsfbPacket: _payload_feedback,
    RtcpRtpfbPacket: _transport_feedback,
}


def sender_report(ssrc: int, sent: SenderCounters, wall: float) -> bytes:
    """Return a sender report, which ties RTP timestamps to the wall clock (`wall` in seconds since 1970)."""
    ntp = int((wall + NTP_EPOCH_S) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
    info = RtcpSenderInfo(ntp, sent.timestamp, sent.packets & 0xFFFFFFFF, sent.octets & 0xFFFFFFFF)
    return bytes(RtcpSrPacket(ssrc, info))


def receiver_report(ssrc: int, streams: Sequence[StreamCounters]) -> bytes:
    """Return a receiver report of each stream's arrivals, and of its losses since the last report."""
    reports = [
        RtcpReceiverInfo(s.ssrc, s.fraction_lost(), min(s.lost, 0x7FFFFF), s.highest & 0xFFFFFFFF, 0, 0, 0)
        for s in streams[:31]
    ]
    return bytes(RtcpRrPacket(ssrc, reports))


def keyframe_request(ssrc: int, media_ssrc: int) -> bytes:
    """Return a PLI for a stream of the server (RFC 4585 §6.3.1)."""
    return bytes(RtcpPsfbPacket(RTCP_PSFB_PLI, ssrc, media_ssrc))
