"""Messages on a stream are found wherever it is cut, and a malformed stream is closed."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.framing import Stream
from tests.fuzz.sip import INVITE, OPTIONS, RINGING

WHOLE = b"\r\n\r\n" + INVITE + RINGING + b"\r\n\r\n\r\n" + OPTIONS + b"\r\n"


@given(st.lists(st.integers(0, len(WHOLE)), max_size=12))
def test_cut_anywhere(places: list[int]) -> None:
    stream = Stream()
    cuts = [0, *sorted(places), len(WHOLE)]
    found = [each for begin, end in pairwise(cuts) for each in stream.feed(WHOLE[begin:end])]
    assert found == [INVITE, RINGING, OPTIONS]
    assert not stream.begun


def test_byte_by_byte() -> None:
    stream = Stream()
    assert [each for byte in WHOLE for each in stream.feed(bytes([byte]))] == [INVITE, RINGING, OPTIONS]


def test_begun_only_within_a_message() -> None:
    stream = Stream()
    for data, begun in ((b"\r\n", False), (OPTIONS[:9], True), (OPTIONS[9:-1], True), (OPTIONS[-1:], False)):
        stream.feed(data)
        assert stream.begun == begun


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"a" * 65537,
        OPTIONS.replace(b"Length: 0", b"Length: 65537"),
        OPTIONS.replace(b"Length: 0", b"Length: 65500"),
        OPTIONS.replace(b"Length: 0", b"Length: x"),
    ],
)
def test_no_sense(data: bytes) -> None:
    with pytest.raises(BadMessage):
        Stream().feed(data)
