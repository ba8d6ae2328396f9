"""Tests of reading and writing BFCP: fields, padding, groups, fragments, and what is no message."""

from dataclasses import replace

import pytest

from mediaserver.bfcp.message import (
    MAX_PAYLOAD,
    Attribute,
    BadBfcp,
    ErrorCode,
    Fragment,
    Head,
    Message,
    Primitive,
    Reassembly,
    Type,
    group,
    number,
    payload_bytes,
    read_attributes,
    read_fragment,
    write,
)

HEAD = Head(2, Primitive.FLOOR_REQUEST, 0x01020304, 5, 6)
FLOOR_REQUEST = bytes.fromhex("40010001010203040005000605040001")


def read(data: bytes) -> Message:
    fragment = read_fragment(data)
    return read_attributes(fragment.head, fragment.payload)


def fragments(data: bytes, *sizes: int) -> list[bytes]:
    """Cut the payload of a message into fragments of so many bytes each."""
    found, payload, offset = [], data[12:], 0
    for size in sizes:
        part = payload[offset : offset + size]
        words = (offset // 4).to_bytes(2, "big") + (size // 4).to_bytes(2, "big")
        found.append(bytes((data[0] | 0x08,)) + data[1:12] + words + part)
        offset += size
    return found


def test_a_floor_request_is_written_as_the_rfc_draws_it() -> None:
    message = Message(HEAD, (number(Type.FLOOR_ID, 1),))
    assert write(message) == FLOOR_REQUEST
    assert read(FLOOR_REQUEST) == message
    assert message.number(Type.FLOOR_ID) == 1 and message.number(Type.PRIORITY) is None


def test_attributes_are_padded_and_groups_begin_with_an_id_of_two_bytes() -> None:
    text = Attribute(Type.STATUS_INFO, b"nghe", mandatory=False)
    message = Message(replace(HEAD, version=1), (group(Type.FLOOR_REQUEST_STATUS, 0x0203, (text,)),))
    data = write(message)
    assert data[12:] == bytes.fromhex("230c0203") + bytes.fromhex("1206") + b"nghe" + b"\0\0"
    assert read(data) == message
    assert payload_bytes(data) == 12 and payload_bytes(data[:11]) is None


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (0, 0, 1, 2)])
def test_fragments_come_in_any_order_and_twice(order: tuple[int, ...]) -> None:
    data = write(Message(HEAD, tuple(number(Type.FLOOR_ID, each) for each in range(9))))
    parts, reassembly = [read_fragment(each) for each in fragments(data, 8, 16, 12)], Reassembly()
    *earlier, last = [reassembly.put(parts[each]) for each in order]
    assert earlier == [None] * (len(order) - 1)
    assert last == data[12:]


def test_fragments_of_another_message_or_that_overlap_leave_nothing_behind() -> None:
    data = write(Message(HEAD, (number(Type.FLOOR_ID, 1), number(Type.FLOOR_ID, 2))))
    first, second = (read_fragment(each) for each in fragments(data, 4, 4))
    reassembly = Reassembly()
    assert reassembly.put(first) is None
    other = replace(HEAD, transaction=6)
    assert reassembly.put(replace(second, head=other)) is None
    assert reassembly.put(replace(first, head=other)) == data[12:]
    for offset in (0, 8):
        assert reassembly.put(Fragment(HEAD, bytes(16), offset, 24)) is None
    assert reassembly.put(first) is None and reassembly.put(second) == data[12:]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", ErrorCode.LENGTH),
        (FLOOR_REQUEST[:-1], ErrorCode.LENGTH),
        (FLOOR_REQUEST + b"\0", ErrorCode.LENGTH),
        (b"\x60" + FLOOR_REQUEST[1:], ErrorCode.VERSION),
        (b"\x48" + FLOOR_REQUEST[1:12], ErrorCode.LENGTH),
        (b"\x48" + FLOOR_REQUEST[1:12] + b"\0\1\0\1" + b"\5\4\0\1", ErrorCode.LENGTH),
        (FLOOR_REQUEST[:2] + b"\x40\0" + FLOOR_REQUEST[4:12] + bytes(MAX_PAYLOAD * 16), ErrorCode.LENGTH),
        (FLOOR_REQUEST[:13] + b"\5\0\1", ErrorCode.UNPARSABLE),
        (FLOOR_REQUEST[:13] + b"\1\0\1", ErrorCode.UNPARSABLE),
    ],
)
def test_what_is_no_message_is_named_by_its_error(data: bytes, code: ErrorCode) -> None:
    with pytest.raises(BadBfcp) as bad:
        read(data)
    assert bad.value.code == code
