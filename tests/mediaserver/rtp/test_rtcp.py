"""Tests of RTCP: aiortc reads what we write, and we read or refuse what others write."""

import struct
from contextlib import suppress
from struct import pack, unpack

import pytest
from aiortc.rtp import (
    AnyRtcpPacket,
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
NOW = 1_700_000.0


@st.composite
def compounds(draw: st.DrawFn) -> bytes:
    """Return packets with sane lengths and types and any content."""
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
        rtcp.parse(data, NOW)


def read_by_aiortc(packet: AnyRtcpPacket) -> list[object]:
    """Return what aiortc reads of an RTCP packet, as `plainly` writes it."""
    match packet:
        case RtcpRtpfbPacket(fmt=1):
            return [(packet.media_ssrc, [s & 0xFFFF for s in packet.lost])]
        case RtcpPsfbPacket(fmt=1):
            return [packet.media_ssrc]
        case RtcpPsfbPacket(fmt=4):
            return list(unpack(f"!{len(packet.fci) // 8 * 2}I", packet.fci[: len(packet.fci) // 8 * 8])[::2])
        case RtcpPsfbPacket(fmt=15) if packet.fci[:4] == b"REMB":
            return [(unpack_remb_fci(packet.fci)[0],)]
        case RtcpRrPacket():
            return [(r.ssrc, r.fraction_lost / 256, r.highest_sequence) for r in packet.reports]
        case RtcpSrPacket():
            info = packet.sender_info
            own = (packet.ssrc, info.ntp_timestamp, info.rtp_timestamp, "sent")
            return [own, *((r.ssrc, r.fraction_lost / 256, r.highest_sequence) for r in packet.reports)]
    return []


def plainly(heard: rtcp.Heard) -> object:
    """Return what our reader found in an RTCP packet as a plain value."""
    match heard:
        case rtcp.Nack(ssrc):
            return ssrc, list(heard.sequences)
        case rtcp.KeyframeRequest(ssrc):
            return ssrc
        case rtcp.Estimate(bitrate):
            return (bitrate,)
        case rtcp.Report():
            return heard.ssrc, heard.lost, heard.highest
        case rtcp.SenderReport():
            return heard.ssrc, heard.ntp, heard.timestamp, "sent"
        case _:
            raise AssertionError(f"aiortc does not read {heard}")


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """Return packets of every kind we read, mostly of lengths that fit."""
    kind, count = draw(
        st.sampled_from([(200, 0), (200, 2), (201, 0), (201, 3), (205, 1), (206, 1), (206, 4), (206, 15)])
    )
    size = {200: 24 + 24 * count, 201: 4 + 24 * count}.get(kind, 8) + draw(st.sampled_from([0, 0, 4, 8, 16]))
    body = draw(st.binary(min_size=size, max_size=size))
    if (kind, count) == (206, 15):
        body = body[:8] + b"REMB" + bytes([draw(st.integers(0, 3))]) + body[9:] + bytes(-len(body[9:]) % 4 + 3)
    body = body[: len(body) // 4 * 4]
    return pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


@given(st.lists(packets(), min_size=1, max_size=4).map(b"".join))
def test_rtcp_is_read_as_aiortc_reads_it(data: bytes) -> None:
    try:
        read = [item for packet in RtcpPacket.parse(data) for item in read_by_aiortc(packet)]
    except (ValueError, struct.error):
        with pytest.raises(ValueError):
            rtcp.parse(data, NOW)
        return
    assert [plainly(heard) for heard in rtcp.parse(data, NOW)] == read


def test_a_nack_is_heard_with_its_numbers_wrapped() -> None:
    data = pack("!BBHIIHH", 0x81, 205, 3, 1, 7, 0xFFFE, 0b101)
    (heard,) = rtcp.parse(data, NOW)
    assert isinstance(heard, rtcp.Nack)
    assert (heard.ssrc, list(heard.sequences)) == (7, [0xFFFE, 0xFFFF, 1])


def test_picture_loss_and_full_intra_requests_are_heard() -> None:
    pli = pack("!BBHII", 0x81, 206, 2, 1, 7)
    fir = pack("!BBHIIIBxxxIBxxx", 0x84, 206, 6, 1, 0, 8, 1, 9, 2)  # RFC 5104 §4.3.1: SSRCs stand in the entries
    assert rtcp.parse(pli + fir, NOW) == [rtcp.KeyframeRequest(7), rtcp.KeyframeRequest(8), rtcp.KeyframeRequest(9)]


def test_a_nack_cut_within_an_entry_is_refused_before_anybody_works_with_it() -> None:
    with pytest.raises(ValueError, match="NACK"):
        rtcp.parse(pack("!BBHIIHBB", 0xA1, 205, 3, 1, 7, 9, 0, 1), NOW)  # one byte of padding


def test_of_a_compound_without_end_only_the_beginning_is_read() -> None:
    data = pack("!BBHII", 0x81, 206, 2, 1, 7) * (2 * rtcp.MAX_PARTS)
    assert rtcp.parse(data, NOW) == [rtcp.KeyframeRequest(7)] * rtcp.MAX_PARTS


@given(U32, st.floats(0, 4e9), U32, st.integers(0, 1 << 40), st.integers(0, 1 << 50))
def test_sender_reports_are_read(ssrc: int, now: float, timestamp: int, packets: int, octets: int) -> None:
    data = rtcp.sender_report(ssrc, now, timestamp, packets, octets)
    report, name = RtcpPacket.parse(data)
    assert isinstance(report, RtcpSrPacket) and isinstance(name, RtcpSdesPacket)
    info = report.sender_info
    assert (report.ssrc, info.rtp_timestamp) == (ssrc, timestamp)
    assert (info.packet_count, info.octet_count) == (packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    assert info.ntp_timestamp >> 32 == pytest.approx(now % (1 << 32), abs=1)
    assert name.chunks[0].items == [(1, b"diemcau")]
    assert rtcp.parse(data, NOW) == [rtcp.SenderReport(ssrc, info.ntp_timestamp, timestamp)]


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
    blocks = [rtcp.Block(ssrc, 1, lost, 3, 4, 5, 6) for ssrc in range(20) for lost in (2, -2)]
    read = [RtcpReceiverInfo(*block) for block in blocks[:31]]
    assert RtcpPacket.parse(rtcp.receiver_report(5, blocks)) == [RtcpRrPacket(5, read)]


def test_a_farewell_says_nothing_to_us() -> None:
    assert rtcp.parse(bytes(RtcpByePacket([5])), NOW) == []


def test_reports_tell_loss_and_round_trip() -> None:
    sent = rtcp.sender_report(7, NOW, 0, 1, 1)
    middle = int.from_bytes(sent[8:16]) >> 16 & 0xFFFFFFFF
    kept = RtcpReceiverInfo(7, 64, 0, 0, 900, lsr=middle, dlsr=65536 // 2)
    first = RtcpReceiverInfo(8, 0, 0, 0, 0, lsr=0, dlsr=0)
    heard = rtcp.parse(bytes(RtcpRrPacket(1, [kept, first])), NOW + 0.75)
    assert heard == [rtcp.Report(7, 0.25, 0.25, jitter=900, sender_report=middle), rtcp.Report(8, 0.0, None)]


@given(st.integers(0, 0x3FFFF), st.integers(0, 12))
def test_an_estimate_is_heard(mantissa: int, exponent: int) -> None:
    data = rtcp.remb(1, mantissa << exponent, [7, 8])
    assert rtcp.parse(data, NOW) == [rtcp.Estimate(mantissa << exponent)]


def test_a_compound_of_a_room_system_begins_with_a_report_of_both_directions() -> None:
    block = rtcp.Block(9, 64, 5, 0x10007, 3, 0x22223333, 65536)
    read = RtcpPacket.parse(rtcp.sender_report(1, NOW, 90000, 10, 1000, [block]) + rtcp.goodbye(1))
    report, named, bye = read
    assert isinstance(report, RtcpSrPacket) and isinstance(named, RtcpSdesPacket) and isinstance(bye, RtcpByePacket)
    assert report.reports == [RtcpReceiverInfo(9, 64, 5, 0x10007, 3, 0x22223333, 65536)]
    assert (report.ssrc, named.chunks[0].ssrc, bye.sources) == (1, 1, [1])
    assert RtcpPacket.parse(rtcp.name(7))[0] == RtcpSdesPacket([named.chunks[0].__class__(7, named.chunks[0].items)])


def test_full_intra_requests_are_read_by_others_and_by_us() -> None:
    (read,) = RtcpPacket.parse(rtcp.full_intra(1, 9, 257))
    assert isinstance(read, RtcpPsfbPacket)
    assert (read.fmt, read.ssrc, read.media_ssrc, read.fci) == (4, 1, 0, pack("!IB3x", 9, 1))
    assert rtcp.parse(rtcp.full_intra(1, 9, 257), NOW) == [rtcp.KeyframeRequest(9)]
    assert rtcp.parse(bytes.fromhex("80c0000100000009"), NOW) == [rtcp.KeyframeRequest(9)]


@given(U32, U32, st.integers(0, 0x1FFFF), st.integers(0, 20), st.integers(0, 511))
def test_a_limit_of_the_bitrate_is_read_with_its_answer(
    ssrc: int, owner: int, mantissa: int, exponent: int, overhead: int
) -> None:
    bitrate = mantissa << exponent
    limit = rtcp.bitrate_limit(5, ssrc, bitrate, overhead)
    assert rtcp.parse(limit, NOW) == [rtcp.BitrateLimit(ssrc, 5, bitrate, overhead)]
    assert rtcp.parse(rtcp.bitrate_limit_taken(5, owner, bitrate, overhead), NOW) == [
        rtcp.BitrateLimitTaken(frozenset({owner}))
    ]


def test_limits_are_laid_out_as_the_rfc_says() -> None:
    word = 3 << 26 | 100_001 << 9 | 40  # RFC 5104 §4.2.1.1: exponent, mantissa, overhead
    assert rtcp.bitrate_limit(1, 9, 800_008, 40) == pack("!BBHIIII", 0x83, 205, 4, 1, 0, 9, word)
    assert rtcp.bitrate_limit_taken(1, 9, 800_008, 40) == pack("!BBHIIII", 0x84, 205, 4, 1, 0, 9, word)
    assert rtcp.parse(pack("!BBHII", 0x84, 205, 2, 1, 0), NOW) == [rtcp.BitrateLimitTaken(frozenset())]
    with pytest.raises(ValueError, match="cut off"):
        rtcp.parse(pack("!BBHIII", 0x83, 205, 3, 1, 0, 9), NOW)


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"1234", b"12345"])
def test_what_is_said_to_another_worker_is_read_up_to_a_whole_word(data: bytes) -> None:
    packet = rtcp.application(7, data)
    assert packet[:12] == bytes([0x80, 204, 0, len(packet) // 4 - 1]) + b"\x00\x00\x00\x07PIPE"
    (heard,) = rtcp.parse(packet, 0.0)
    assert isinstance(heard, rtcp.Application)
    assert heard.data == data + b" " * (-len(data) % 4)
    assert rtcp.parse(packet.replace(b"PIPE", b"QoSM"), 0.0) == []
