"""RTCP, both ways."""

from aiortc.rtp import RTCP_PSFB_FIR, RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpSrPacket
from hypothesis import given
from hypothesis import strategies as st

from loadtest.endpoint.receive_counters import StreamCounters
from loadtest.endpoint.rtcp import (
    KeyframeRequest,
    ResendRequest,
    keyframe_request,
    parse_requests,
    receiver_report,
    sender_report,
)
from loadtest.endpoint.sender import SenderCounters
from mediaserver.rtp.rtcp import nack


def test_requests_read_back() -> None:
    compound = keyframe_request(1, 22) + nack(1, 23, [5, 6, 9])
    assert parse_requests(compound) == [KeyframeRequest(22), ResendRequest(23, (5, 6, 9))]


def test_a_full_intra_request_names_its_streams_in_the_entries() -> None:
    entries = b"".join(ssrc.to_bytes(4, "big") + b"\x01\0\0\0" for ssrc in (31, 32))
    assert parse_requests(bytes(RtcpPsfbPacket(RTCP_PSFB_FIR, 1, 0, entries))) == [
        KeyframeRequest(31),
        KeyframeRequest(32),
    ]


def test_other_feedback_asks_nothing() -> None:
    remb = bytes(RtcpPsfbPacket(15, 1, 0, b"REMB\x01\x0f\xff\xff\0\0\0\x01"))
    assert parse_requests(remb + receiver_report(1, [])) == []


def test_a_sender_report_ties_timestamp_to_wall_clock() -> None:
    report = RtcpPacket.parse(sender_report(7, SenderCounters(3, 300, 12345), wall=0.5))[0]
    assert isinstance(report, RtcpSrPacket)
    assert report.sender_info.ntp_timestamp == (2208988800 << 32) + (1 << 31)
    assert (report.sender_info.rtp_timestamp, report.sender_info.packet_count) == (12345, 3)


def test_a_receiver_report_has_a_block_for_each_stream() -> None:
    stream = StreamCounters(5, 102, 100)
    for sequence in (100, 101, 103):
        stream.receive(sequence, 0, 1)
    report = RtcpPacket.parse(receiver_report(1, [stream]))[0]
    assert isinstance(report, RtcpRrPacket)
    assert [(r.ssrc, r.packets_lost, r.highest_sequence) for r in report.reports] == [(5, 1, 103)]


@given(st.binary(max_size=100))
def test_garbage_asks_nothing_and_raises_nothing(data: bytes) -> None:
    assert all(isinstance(request, KeyframeRequest | ResendRequest) for request in parse_requests(data))
