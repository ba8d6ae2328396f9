"""Tests of retransmissions, wrapped and unwrapped (RFC 4588 §4)."""

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.packet import Packet
from mediaserver.rtp.rtx import RtxStream, unwrap

U16 = st.integers(0, 0xFFFF)
SENT = st.tuples(
    st.sampled_from([96, 224, 102, 230]), U16, st.integers(0, 2**32 - 1), st.just(5), st.binary(min_size=1)
)


@given(U16, st.lists(SENT, max_size=8))
def test_a_wrapped_packet_is_unwrapped_and_numbered_in_its_own_stream(first: int, sent: list[tuple]) -> None:  # type: ignore[type-arg]
    stream = RtxStream({96: 97, 102: 103}, 77, first)
    for at, original in enumerate(sent):
        second, sequence, timestamp, ssrc, payload = stream.wrap(original)
        assert (sequence, ssrc, second & 0x7F) == ((first + at) & 0xFFFF, 77, (original[0] & 0x7F) + 1)
        packet = Packet(second & 0x7F, sequence, timestamp, ssrc, second > 127, payload)
        assert unwrap(packet, 5, original[0] & 0x7F) == Packet(
            original[0] & 0x7F, original[1], original[2], 5, original[0] > 127, original[4]
        )


def test_a_codec_without_retransmission_type_is_sent_as_it_was() -> None:
    assert RtxStream({96: 97}, 77, 0).wrap((102, 1, 2, 5, b"x")) == (102, 1, 2, 5, b"x")


def test_the_bytes_are_those_of_the_standard() -> None:
    assert RtxStream({96: 97}, 77, 9).wrap((224, 0x1234, 8, 5, b"x")) == (225, 9, 8, 77, b"\x12\x34x")


@given(st.binary(max_size=2))
def test_padding_carries_no_packet(payload: bytes) -> None:
    assert unwrap(Packet(97, 1, 2, 77, False, payload), 5, 96) is None
