"""TPKT and Q.931, as they stand on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.h323.protocol import q931, tpkt
from signaling.h323.protocol.errors import BadPdu
from signaling.h323.protocol.q931 import Message

ELEMENTS = st.lists(st.tuples(st.sampled_from((4, 8, 0x28, 0x6C, 0x70, 0x7E)), st.binary(max_size=60)), max_size=8)


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5), st.integers(1, 50))
def test_packets_are_found_wherever_the_segments_were_cut(payloads: list[bytes], step: int) -> None:
    stream, splitter = b"".join(map(tpkt.frame, payloads)), tpkt.Splitter()
    pieces = [stream[at : at + step] for at in range(0, len(stream), step)]
    assert [found for piece in pieces for found in splitter.feed(piece)] == payloads


def test_keep_alives_are_left_out_and_what_is_no_packet_or_too_long_is_refused() -> None:
    assert tpkt.Splitter().feed(b"\x03\x00\x00\x04" + tpkt.frame(b"x")) == [b"x"]
    for bad in (b"GET / HTTP/1.1", b"\x03\x00\x00\x03", b"\x03\x00\xff\xff"):
        with pytest.raises(BadPdu):
            tpkt.Splitter().feed(bad)


@given(st.integers(0, 255), st.integers(0, 0x7FFF), st.booleans(), ELEMENTS)
def test_messages_are_read_as_they_were_written(
    kind: int, reference: int, answers: bool, elements: list[tuple[int, bytes]]
) -> None:
    ordered = tuple(sorted(elements, key=lambda each: each[0]))
    assert q931.parse(q931.write(Message(kind, reference, answers, ordered))) == Message(
        kind, reference, answers, ordered
    )


def test_elements_say_what_q931_says() -> None:
    setup = bytes.fromhex("0802001205 04038893a5 280454657374 70058131303030 7e000605210000 0000".replace(" ", ""))
    message = q931.parse(setup.replace(b"\x04\x03\x88\x93\xa5", b"\x04\x03\x88\x93\xa5\xa1"))
    assert (message.kind, message.reference, message.answers) == (q931.SETUP, 0x12, False)
    assert (message.display, message.called, message.body) == ("Test", "1000", bytes.fromhex("2100000000"))
    busy = q931.parse(bytes.fromhex("080280125a 08028091".replace(" ", "")))
    assert (busy.kind, busy.answers, busy.cause) == (q931.RELEASE_COMPLETE, True, 17)
    assert q931.display("UBND tỉnh Đắk") == (q931.DISPLAY, b"UBND tinh Dak")
    assert q931.cause(16) == (q931.CAUSE, bytes.fromhex("8090"))
    assert q931.called("1000") == (q931.CALLED, b"\x811000")
    assert q931.bearer(384_000) == (q931.BEARER, bytes.fromhex("881886a5"))


@pytest.mark.parametrize("bad", ["", "0802001205280454", "0902001205", "0801001205", "08020012057e0010"])
def test_messages_that_are_cut_off_are_refused(bad: str) -> None:
    with pytest.raises(BadPdu):
        q931.parse(bytes.fromhex(bad))


def test_messages_of_very_many_elements_are_refused() -> None:
    with pytest.raises(BadPdu):
        q931.parse(bytes.fromhex("0802001205") + bytes((0x28, 0)) * (q931.MAX_ELEMENTS + 1))
