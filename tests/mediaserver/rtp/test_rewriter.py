"""Tests of the rewriter: one steady stream out of many sources, against a model that counts without wrapping."""

from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import packetize_vp8, vp8_descriptor
from mediaserver.rtp.rewriter import Rewriter

U16, U32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
FIRST_SEQUENCE, FIRST_TIMESTAMP = 0xFFF0, 0xFFFFFF00
STEP = 3000
"""One picture at 30 fps in the 90 kHz clock."""


@dataclass(frozen=True)
class Run:
    """The packets of one source: its first numbers, and which of its packets are sent in which order."""

    sequence: int
    timestamp: int
    picture_id: int
    short: bool
    order: tuple[int, ...]

    def packet(self, at: int) -> Packet:
        """Return packet `at`, one packet a picture."""
        payload = self.descriptor(self.picture_id + at)
        sequence, timestamp = (self.sequence + at) & 0xFFFF, (self.timestamp + STEP * at) & 0xFFFFFFFF
        return Packet(96, sequence, timestamp, 1, True, payload)

    def descriptor(self, picture_id: int) -> bytes:
        """Return a payload descriptor with TL0PICIDX."""
        if self.short:
            return bytes([0x90, 0xC0, picture_id & 0x7F, picture_id & 0xFF]) + b"!"
        return bytes([0x90, 0xC0, 0x80 | picture_id >> 8 & 0x7F, picture_id & 0xFF, picture_id & 0xFF]) + b"!"


@st.composite
def runs(draw: st.DrawFn, shorts: st.SearchStrategy[bool]) -> Run:
    """Return packets of a source, some lost, doubled and swapped; the first sent is number 0, a few may be older."""
    order = [at for at in range(1, draw(st.integers(1, 60))) if draw(st.integers(0, 9))]
    for at in draw(st.lists(st.integers(0, 60), max_size=8)):
        if at + 3 < len(order):
            order[at], order[at + 3] = order[at + 3], order[at]
    doubled = [at for at in order for _ in range(1 + (draw(st.integers(0, 20)) == 0))]
    older = draw(st.lists(st.integers(-20, -1), max_size=2))
    return Run(draw(U16), draw(U32), draw(st.integers(0, 0x7FFF)), draw(shorts), (0, *older, *doubled))


def forwarded(all_runs: list[Run]) -> Iterator[tuple[int, int, Run, int, tuple[int, int] | None, bytes]]:
    """Yield everything forwarded: run number, position in the run, run, packet number, result."""
    rewriter, now = Rewriter(90000, FIRST_SEQUENCE, FIRST_TIMESTAMP), 0.0
    for number, run in enumerate(all_runs):
        rewriter.switch()
        for place, at in enumerate(run.order):
            now += STEP / 90000
            packet = run.packet(at)
            moved = rewriter.forward(packet, now)
            yield number, place, run, at, moved, rewriter.vp8(packet.payload, moved[0]) if moved else b""


@given(st.lists(runs(st.just(False)), min_size=1, max_size=5))
def test_numbers_go_on_over_all_sources(all_runs: list[Run]) -> None:
    base, top = 0, -1
    for _, place, _, at, moved, _ in forwarded(all_runs):
        if place == 0:
            base = top + 1
        expected = (FIRST_SEQUENCE + base + at) & 0xFFFF if at >= 0 else None
        assert (moved[0] if moved else None) == expected
        top = max(top, base + at)


@given(st.lists(runs(st.just(False)), min_size=1, max_size=5))
def test_timestamps_go_on_with_the_time_that_passed(all_runs: list[Run]) -> None:
    base, newest, now, newest_time = 0, 0, 0, 0
    for number, place, _, at, moved, _ in forwarded(all_runs):
        now += STEP
        if place == 0:
            base = newest + (now - newest_time if number else 1)
        if moved is None:
            continue
        stamp = (moved[1] - FIRST_TIMESTAMP) & 0xFFFFFFFF
        assert stamp == (base + STEP * at) & 0xFFFFFFFF
        if base + STEP * at > newest:
            newest, newest_time = base + STEP * at, now


@given(st.lists(runs(st.just(False)), min_size=1, max_size=5))
def test_picture_ids_go_on_modulo_two_to_the_15(all_runs: list[Run]) -> None:
    base, top = 0, -1
    for number, place, run, at, moved, payload in forwarded(all_runs):
        if place == 0:  # the first source keeps its own ids
            base = top + 1 if number else run.picture_id
        if moved is None:
            continue
        descriptor = vp8_descriptor(payload)
        assert (descriptor.picture_id, descriptor.tl0) == ((base + at) & 0x7FFF, (base + at) & 0xFF)
        assert payload[descriptor.size :] == b"!"
        top = max(top, base + at)


@given(st.lists(runs(st.booleans()), min_size=1, max_size=5))
def test_short_picture_ids_go_on_modulo_128(all_runs: list[Run]) -> None:
    base, top = 0, -1
    for number, place, run, at, moved, payload in forwarded(all_runs):
        if place == 0 and number == 1 and all_runs[0].short:
            top &= 0x7F  # all that is known of where the first source ended
        if place == 0:
            base = top + 1 if number else run.picture_id & (0x7F if run.short else 0x7FFF)
        if moved is None:
            continue
        assert vp8_descriptor(payload).picture_id == (base + at) & (0x7F if run.short else 0x7FFF)
        top = max(top, base + at)


def test_short_picture_ids_survive_many_rounds() -> None:
    rewriter = Rewriter(90000, 0, 0)
    first, short, long = Run(7, 0, 0x7FFF, False, ()), Run(0, 0, 5, True, ()), Run(500, 0, 5, False, ())
    rewriter.forward(first.packet(0), 0.0)
    rewriter.vp8(first.packet(0).payload, 0)
    rewriter.switch()
    for at in range(1000):
        rewriter.forward(short.packet(at), 0.0)
        rewriter.vp8(short.packet(at).payload, 0)
    rewriter.switch()
    rewriter.forward(long.packet(0), 0.0)
    assert vp8_descriptor(rewriter.vp8(long.packet(0).payload, 0)).picture_id == 1000


@given(st.lists(runs(st.just(False)), min_size=1, max_size=4), U16)
def test_packets_sent_since_the_switch_can_be_requested(all_runs: list[Run], sequence: int) -> None:
    rewriter, now, sent = Rewriter(90000, FIRST_SEQUENCE, FIRST_TIMESTAMP), 0.0, dict[int, int]()
    for run in all_runs:
        rewriter.switch()
        sent.clear()
        for at in run.order:
            packet = run.packet(at)
            if moved := rewriter.forward(packet, now):
                sent[moved[0]] = packet.sequence
    low = (min(sent, key=lambda s: (s - FIRST_SEQUENCE) & 0xFFFF) - 1) & 0xFFFF
    high = (max(sent, key=lambda s: (s - FIRST_SEQUENCE) & 0xFFFF) + 1) & 0xFFFF
    assert {s: rewriter.source_sequence(s) for s in sent} == sent
    assert (rewriter.source_sequence(low), rewriter.source_sequence(high)) == (None, None)
    if (sequence - low) & 0xFFFF > (high - low) & 0xFFFF:
        assert rewriter.source_sequence(sequence) is None


def test_packets_can_be_asked_for_however_long_a_source_has_been_sent() -> None:
    rewriter = Rewriter(90000, 7, 0)
    for at in range(200_000):
        sent = rewriter.forward(Packet(96, at & 0xFFFF, 0, 1, True, b""), 0.0)
        if at % 1000 == 999:
            assert sent is not None
            assert rewriter.source_sequence(sent[0]) == at & 0xFFFF
            assert rewriter.source_sequence((sent[0] - 500) & 0xFFFF) == (at - 500) & 0xFFFF


def test_a_report_carries_the_stream_on_to_now() -> None:
    rewriter = Rewriter(48000, 0, 0xFFFFFFFF)
    assert rewriter.timestamp_at(5.0) == 0xFFFFFFFF
    rewriter.forward(Packet(111, 0, 1000, 1, False, b"sound"), 5.0)
    assert rewriter.timestamp_at(5.5) == 24000


def test_payloads_without_a_picture_id_stay_as_they_are() -> None:
    rewriter = Rewriter(90000, 0, 0)
    assert [rewriter.vp8(payload, 0) for payload in (b"\x10abc", b"", b"\x90")] == [b"\x10abc", b"", b"\x90"]


def test_our_own_pictures_keep_their_length() -> None:
    rewriter = Rewriter(90000, 0, 0)
    payloads = packetize_vp8(bytes(3000), 77)
    assert [vp8_descriptor(rewriter.vp8(p, 0)).picture_id for p in payloads] == [77] * len(payloads)
    assert [len(rewriter.vp8(p, 0)) for p in payloads] == [len(p) for p in payloads]


@given(st.integers(1, 50), st.integers(0, 60), U16, U32)
def test_a_steady_run_gets_the_numbers_it_would_get_one_by_one(count: int, hole: int, number: int, stamp: int) -> None:
    fast, slow = (Rewriter(90000, FIRST_SEQUENCE, FIRST_TIMESTAMP) for _ in range(2))
    run = Run(number, stamp, 0, False, ())
    for rewriter in (fast, slow):
        rewriter.forward(run.packet(0), 0.0)
    packets = [run.packet(at) for at in range(1, count + 1) if at != hole]
    offsets = fast.steady(packets, 1.0) if packets else None
    one_by_one = [slow.forward(packet, 1.0) for packet in packets]
    if 1 <= hole < count or not packets:
        assert offsets is None
        return
    assert offsets is not None
    by, later = offsets
    assert [((p.sequence + by) & 0xFFFF, (p.timestamp + later) & 0xFFFFFFFF) for p in packets] == one_by_one
    assert fast.timestamp_at(2.0) == slow.timestamp_at(2.0)
    assert fast.forward(run.packet(count + 1), 2.0) == slow.forward(run.packet(count + 1), 2.0)


@given(st.integers(1, 40), st.integers(1, 5), U16)
def test_padding_takes_numbers_between_pictures(before: int, count: int, number: int) -> None:
    rewriter, run = Rewriter(90000, FIRST_SEQUENCE, FIRST_TIMESTAMP), Run(number, 0, 0, False, ())
    assert rewriter.pad() is None
    sent = [rewriter.forward(run.packet(at), 0.0) for at in range(before)]
    padding = [rewriter.pad() for _ in range(count)]
    after = rewriter.forward(run.packet(before), 0.0)
    numbers = [moved[0] for moved in (*sent, *padding, after) if moved is not None]
    assert numbers == [(FIRST_SEQUENCE + at) & 0xFFFF for at in range(before + count + 1)]
    assert {moved[1] for moved in padding if moved} == {sent[-1][1]} if sent[-1] else set()
    assert rewriter.source_sequence(numbers[0]) is None  # what came before the padding can be asked for no more
    assert rewriter.source_sequence(numbers[-1]) == (number + before) & 0xFFFF


def test_no_padding_within_a_picture() -> None:
    rewriter = Rewriter(90000, 0, 0)
    rewriter.forward(Packet(96, 0, 0, 1, False, b"part"), 0.0)
    assert rewriter.pad() is None
