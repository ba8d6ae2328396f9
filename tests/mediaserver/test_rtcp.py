"""RTCP: what is said is read by aiortc, what is heard is read or refused."""

from contextlib import suppress
from struct import pack

import pytest
from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp import rtcp

U32 = st.integers(0, 0xFFFFFFFF)
WALL = 1_700_000_000.0


@st.composite
def compounds(draw: st.DrawFn) -> bytes:
    """Packets with sane lengths and types and anything inside."""
    data = b""
    for _ in range(draw(st.integers(1, 4))):
        body = draw(st.binary(max_size=60) | st.binary(max_size=20).map(lambda rest: bytes(8) + b"REMB" + rest))
        body += bytes(-len(body) % 4)
        kind, count = draw(st.tuples(st.integers(192, 223), st.integers(0, 63)) | st.just((206, 15)))
        data += pack("!BBH", 0x80 | count, kind, len(body) // 4) + body
    return data + draw(st.binary(max_size=3))


@given(st.binary(max_size=100) | compounds())
def test_any_bytes_are_heard_or_a_value_error(data: bytes) -> None:
    with suppress(ValueError):
        rtcp.parse(data, WALL)


def test_a_nack_is_heard_with_its_numbers_wrapped() -> None:
    data = pack("!BBHIIHH", 0x81, 205, 3, 1, 7, 0xFFFE, 0b101)
    assert rtcp.parse(data, WALL) == [rtcp.Nack(7, (0xFFFE, 0xFFFF, 1))]


def test_picture_loss_and_full_intra_requests_are_heard() -> None:
    pli = pack("!BBHII", 0x81, 206, 2, 1, 7)
    fir = pack("!BBHIIIBxxxIBxxx", 0x84, 206, 6, 1, 0, 8, 1, 9, 2)  # RFC 5104 §4.3.1: SSRCs stand in the entries
    assert rtcp.parse(pli + fir, WALL) == [rtcp.KeyframeRequest(7), rtcp.KeyframeRequest(8), rtcp.KeyframeRequest(9)]


def test_a_huge_nack_is_cut() -> None:
    data = pack("!BBHII", 0x81, 205, 2 + 300, 1, 7) + pack("!HH", 0, 0xFFFF) * 300
    (heard,) = rtcp.parse(data, WALL)
    assert isinstance(heard, rtcp.Nack)
    assert len(heard.sequences) == 1024


@given(U32, st.floats(0, 4e9), U32, st.integers(0, 1 << 40), st.integers(0, 1 << 50))
def test_sender_reports_are_read(ssrc: int, wall: float, timestamp: int, packets: int, octets: int) -> None:
    data = rtcp.sender_report(ssrc, wall, timestamp, packets, octets)
    report, name = RtcpPacket.parse(data)
    assert isinstance(report, RtcpSrPacket) and isinstance(name, RtcpSdesPacket)
    info = report.sender_info
    assert (report.ssrc, info.rtp_timestamp) == (ssrc, timestamp)
    assert (info.packet_count, info.octet_count) == (packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    assert info.ntp_timestamp >> 32 == pytest.approx((wall + rtcp.NTP_EPOCH_S) % (1 << 32), abs=1)
    assert name.chunks[0].items == [(1, b"diemcau")]
    assert rtcp.parse(data, WALL) == [rtcp.SenderReport(ssrc, info.ntp_timestamp, timestamp)]


@given(st.integers(0, 0xFFFF), st.sets(st.integers(0, 127), min_size=1))
def test_nacks_are_read_across_the_wrap(first: int, gaps: set[int]) -> None:
    missing = [(first + gap) & 0xFFFF for gap in sorted(gaps)]
    packets = RtcpPacket.parse(rtcp.nack(5, 7, missing))
    assert all(isinstance(p, RtcpRtpfbPacket) and (p.ssrc, p.media_ssrc, p.fmt) == (5, 7, 1) for p in packets)
    assert [s for p in packets if isinstance(p, RtcpRtpfbPacket) for s in p.lost] == missing


def test_picture_loss_is_read() -> None:
    assert RtcpPacket.parse(rtcp.picture_loss(5, 7)) == [RtcpPsfbPacket(1, 5, 7)]


@given(st.integers(1, 20_000_000), st.lists(U32, max_size=8))
def test_remb_is_read_to_its_precision(bitrate: int, ssrcs: list[int]) -> None:
    (packet,) = RtcpPacket.parse(rtcp.remb(5, bitrate, ssrcs))
    assert isinstance(packet, RtcpPsfbPacket)
    read, read_ssrcs = unpack_remb_fci(packet.fci)
    assert read_ssrcs == ssrcs
    assert bitrate - (bitrate >> 17) - 1 <= read <= bitrate


def test_receiver_reports_hold_31_blocks() -> None:
    blocks = [RtcpReceiverInfo(ssrc, 1, 2, 3, 4, 5, 6) for ssrc in range(40)]
    assert RtcpPacket.parse(rtcp.receiver_report(5, blocks)) == [RtcpRrPacket(5, blocks[:31])]


def test_a_farewell_says_nothing_to_us() -> None:
    assert rtcp.parse(bytes(RtcpByePacket([5])), WALL) == []


def test_reports_tell_loss_and_round_trip() -> None:
    sent = rtcp.sender_report(7, WALL, 0, 1, 1)
    middle = int.from_bytes(sent[8:16]) >> 16 & 0xFFFFFFFF
    kept = RtcpReceiverInfo(7, 64, 0, 0, 0, lsr=middle, dlsr=65536 // 2)
    first = RtcpReceiverInfo(8, 0, 0, 0, 0, lsr=0, dlsr=0)
    heard = rtcp.parse(bytes(RtcpRrPacket(1, [kept, first])), WALL + 0.75)
    assert heard == [rtcp.Report(7, 0.25, 0.25, 0.75), rtcp.Report(8, 0.0, None)]


@given(st.integers(0, 0x3FFFF), st.integers(0, 12))
def test_an_estimate_is_heard(mantissa: int, exponent: int) -> None:
    data = rtcp.remb(1, mantissa << exponent, [7, 8])
    assert rtcp.parse(data, WALL) == [rtcp.Estimate(mantissa << exponent)]
