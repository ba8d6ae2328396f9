"""Tests of redundant sound (RFC 2198), against a writer and a reader of bits of our own."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.packet import Packet
from mediaserver.rtp.red import (
    MAX_BYTES,
    MAX_LENGTH,
    MAX_OFFSET,
    MAX_REDUNDANT,
    MOST_FRAMES,
    REMEMBERED,
    Block,
    RedReceiver,
    RedSender,
    parse,
    write,
)

OPUS, RED, STEP = 111, 63, 960
REDUNDANT = st.builds(Block, st.integers(0, 127), st.integers(0, MAX_OFFSET), st.binary(max_size=40))
PRIMARY = st.builds(Block, st.integers(0, 127), st.just(0), st.binary(max_size=40))


def bits(blocks: list[Block], primary: Block) -> bytes:
    """Write a packet bit by bit, as the figure of RFC 2198 §3 has it."""
    heads = "".join(f"1{kind:07b}{offset:014b}{len(payload):010b}" for kind, offset, payload in blocks)
    heads += f"0{primary.payload_type:07b}"
    data = int(heads, 2).to_bytes(len(heads) // 8)
    return data + b"".join(each.payload for each in (*blocks, primary))


@given(st.lists(REDUNDANT, max_size=MAX_REDUNDANT), PRIMARY)
def test_blocks_are_written_and_read_as_the_standard_draws_them(blocks: list[Block], primary: Block) -> None:
    data = bits(blocks, primary)
    assert (write(blocks, primary), parse(data)) == (data, [*blocks, primary])


@given(st.binary(max_size=60))
def test_any_bytes_are_blocks_within_the_packet_or_a_value_error(data: bytes) -> None:
    with suppress(ValueError):
        blocks = parse(data)
        assert write(blocks[:-1], blocks[-1]) == data


def test_what_is_cut_off_or_has_too_many_blocks_is_refused() -> None:
    whole = bits([Block(OPUS, STEP, b"one")], Block(OPUS, 0, b""))
    for end in range(len(whole)):
        with pytest.raises(ValueError, match="RED"):
            parse(whole[:end])
    with pytest.raises(ValueError, match="too many"):
        parse(bits([Block(OPUS, STEP, b"")] * (MAX_REDUNDANT + 1), Block(OPUS, 0, b"x")))
    assert parse(bits([Block(1, MAX_OFFSET, b"a" * MAX_LENGTH)], Block(2, 0, b"")))[0].offset == MAX_OFFSET


def spoken(number: int) -> Packet:
    return Packet(OPUS, number & 0xFFFF, number * STEP & 0xFFFFFFFF, 5, False, b"%d" % number, level=30)


def redundant(number: int, frames: int) -> Packet:
    earlier = [Block(OPUS, back * STEP, spoken(number - back).payload) for back in range(frames, 0, -1)]
    packet = spoken(number)
    packet.payload_type, packet.payload = RED, bits(earlier, Block(OPUS, 0, packet.payload))
    return packet


def received(packets: list[Packet]) -> list[Packet]:
    """Return what a receiver makes of packets in the order in which they come."""
    receiver, highest, found = RedReceiver(OPUS, RED), -1, list[Packet]()
    for packet in packets:
        found += receiver.unwrap(packet, highest)
        if highest < 0 or (packet.sequence - highest) & 0xFFFF < 0x8000:
            highest = packet.sequence
    return found


@pytest.mark.parametrize("first", [1000, 0xFFFE, 0xFFFFFFFF // STEP - 1])
def test_a_lost_packet_comes_with_the_next_and_is_the_same(first: int) -> None:
    assert received([redundant(first + n, 1) for n in (0, 2, 3)]) == [spoken(first + n) for n in range(4)]


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 3), st.integers(0, 0xFFFF))
def test_all_is_heard_in_order_but_what_the_next_does_not_carry(lost: list[bool], frames: int, first: int) -> None:
    sent = [at for at, each in enumerate(lost) if at == 0 or not each]
    found = received([redundant(first + at, frames) if at % 5 else spoken(first + at) for at in sent])
    heard = list[int]()
    for before, at in pairwise([-1, *sent]):
        heard += [*range(max(before + 1, at - frames), at), at] if at % 5 else [at]
    assert found == [spoken(first + at) for at in heard]


def test_a_packet_that_comes_after_its_repair_is_left_out_and_a_late_one_is_not() -> None:
    assert received([redundant(n, 1) for n in (7, 9, 8)]) == [spoken(n) for n in (7, 8, 9)]
    assert received([spoken(7), redundant(9, 1), spoken(8)]) == [spoken(n) for n in (7, 8, 9)]
    assert received([redundant(7, 1), spoken(9), redundant(8, 1)]) == [spoken(n) for n in (7, 9, 8)]


def test_no_more_repairs_are_remembered_than_are_needed() -> None:
    receiver = RedReceiver(OPUS, RED)
    for number in range(2, 1002, 2):
        receiver.unwrap(redundant(number, 1), number - 2)
    assert (receiver.repaired, len(receiver._repaired)) == (500, REMEMBERED)


@pytest.mark.parametrize(
    ("blocks", "primary", "left"),
    [
        ([Block(96, STEP, b"8")], Block(OPUS, 0, b"9"), [9]),
        ([Block(OPUS, STEP, b"")], Block(OPUS, 0, b"9"), [9]),
        ([Block(OPUS, 0, b"8")], Block(OPUS, 0, b"9"), [9]),
        ([Block(OPUS, STEP, b"8")], Block(RED, 0, b"9"), [8]),
        ([Block(OPUS, STEP, b"8")], Block(OPUS, 0, b""), [8]),
    ],
)
def test_blocks_of_other_codecs_and_empty_ones_are_no_sound(
    blocks: list[Block], primary: Block, left: list[int]
) -> None:
    packet = spoken(9)
    packet.payload_type, packet.payload = RED, bits(blocks, primary)
    assert RedReceiver(OPUS, RED).unwrap(packet, 7) == [spoken(n) for n in left]


def sent(number: int, octets: int = 80) -> tuple[int, int, int, int, bytes]:
    return OPUS | (number == 3) << 7, number, (number * STEP - 1) & 0xFFFFFFFF, 5, bytes([number]) * octets


@pytest.mark.parametrize("frames", range(MOST_FRAMES + 1))
def test_a_packet_carries_the_frames_before_it(frames: int) -> None:
    sender = RedSender(RED)
    sender.frames = frames
    assert sender.wrap(sent(0)) == sent(0)
    for number in range(1, 5):
        second, *numbers, payload = sender.wrap(sent(number))
        before = range(max(0, number - frames), number)
        assert numbers == list(sent(number)[1:4])
        if frames:
            assert second == RED | (number == 3) << 7
            blocks = [Block(OPUS, (number - each) * STEP, sent(each)[4]) for each in before]
            assert payload == bits(blocks, Block(OPUS, 0, sent(number)[4]))
        else:
            assert (second, payload) == (sent(number)[0], sent(number)[4])


@pytest.mark.parametrize(
    ("before", "after"),
    [(sent(1, MAX_BYTES - 81), sent(2)), (sent(1), sent(1)), (sent(2), sent(1)), (sent(1), sent(19))],
)
def test_frames_that_do_not_fit_are_not_carried(
    before: tuple[int, int, int, int, bytes], after: tuple[int, int, int, int, bytes]
) -> None:
    sender = RedSender(RED)
    sender.frames = 1
    sender.wrap(before)
    assert sender.wrap(after) == after


def test_frames_of_another_time_are_forgotten() -> None:
    sender = RedSender(RED)
    sender.frames = 1
    sender.wrap(sent(1))
    sender.forget()
    assert sender.wrap(sent(2)) == sent(2)
