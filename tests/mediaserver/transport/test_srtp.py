"""Tests of SRTP in place: runs of equal packets, opened again by the other side."""

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from mediaserver.rtp.packet import parse
from mediaserver.transport.srtp import MAX_SEGMENTS, SEND_BYTES, Outgoing, Srtp, receive_view

KEYS = {Policy.SRTP_PROFILE_AES128_CM_SHA1_80: 30, Policy.SRTP_PROFILE_AEAD_AES_128_GCM: 28}
"""Key and salt in bytes (RFC 3711, RFC 7714)."""


def pair(profile: int) -> tuple[Srtp, Srtp]:
    """Return two ends with crossed keys."""
    keys = bytes(range(KEYS[profile])), bytes(range(100, 100 + KEYS[profile]))

    def session(key: bytes, direction: int) -> Session:
        policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile)
        policy.allow_repeat_tx = True
        policy.window_size = 1024
        return Session(policy=policy)

    def end(out: bytes, into: bytes) -> Srtp:
        return Srtp(session(out, Policy.SSRC_ANY_OUTBOUND), session(into, Policy.SSRC_ANY_INBOUND))

    return end(*keys), end(*reversed(keys))


def arrive(data: memoryview | bytes) -> int:
    receive_view[: len(data)] = data
    return len(data)


PROFILES = pytest.mark.parametrize("profile", KEYS)
SIZES = st.lists(st.integers(0, 1300) | st.sampled_from([1000, 1200]), max_size=90)


def segments(runs: Iterable[tuple[memoryview, int, int]]) -> Iterator[tuple[bytes, int, int]]:
    for data, segment, count in runs:
        yield bytes(data), segment, count


@PROFILES
@given(sizes=SIZES)
def test_runs_are_cut_as_the_kernel_cuts_them_and_open_again(profile: int, sizes: list[int]) -> None:
    here, there = pair(profile)
    packets: list[Outgoing] = [
        (96 | (i % 3 == 0) << 7, i, 3600 * i, 0xFFFF0000, bytes([i]) * size) for i, size in enumerate(sizes)
    ]
    opened: list[Outgoing] = []
    for data, segment, count in segments(here.protect_runs(packets)):
        pieces = [data[at : at + segment] for at in range(0, len(data), segment)]
        assert len(pieces) == count <= MAX_SEGMENTS
        assert len(data) <= SEND_BYTES + 48
        for piece in pieces:
            length = there.unprotect(arrive(piece))
            packet, _ = parse(receive_view, length)
            second = packet.payload_type | packet.marker << 7
            opened.append((second, packet.sequence, packet.timestamp, packet.ssrc, packet.payload))
    assert opened == packets


def test_packets_of_one_size_are_one_run() -> None:
    here, _ = pair(Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
    packets: list[Outgoing] = [(96, i, 0, 1, bytes(1000 if i < 9 else 10)) for i in range(12)]
    assert [(segment, count) for _, segment, count in here.protect_runs(packets)] == [(1028, 10), (38, 2)]


@PROFILES
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_changed_packet_is_not_opened(profile: int, place: int, bit: int) -> None:
    here, there = pair(profile)
    packet = bytes([0x80, 96, 0, 1]) + bytes(8) + b"payload"
    data = bytearray(here.protect(packet))
    data[place % len(data)] ^= 1 << bit
    assert there.unprotect(arrive(bytes(data))) == 0


@PROFILES
@given(data=st.binary(max_size=200))
def test_any_bytes_are_refused(profile: int, data: bytes) -> None:
    here, _ = pair(profile)
    assert here.unprotect(arrive(data)) == 0
    assert here.unprotect_rtcp(arrive(data)) == 0


@PROFILES
def test_reports_open_again_and_a_replay_does_not(profile: int) -> None:
    here, there = pair(profile)
    report = b"\x80\xc9\x00\x01\x00\x00\x00\x07"
    data = bytes(here.protect_rtcp(report))
    assert bytes(receive_view[: there.unprotect_rtcp(arrive(data))]) == report
    assert there.unprotect_rtcp(arrive(data)) == 0


def test_a_packet_that_srtp_cannot_protect_is_not_sent() -> None:
    here, _ = pair(Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
    assert len(here.protect(b"\x90" + bytes(11))) == 0
    assert len(here.protect_rtcp(b"\x80")) == 0
