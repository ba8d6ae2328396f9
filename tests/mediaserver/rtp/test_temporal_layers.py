"""Tests of VP8's temporal layers: what is forwarded, by the compiled loop as in Python, and what share of the bytes
that is."""

import asyncio
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Policy

from mediaserver.rtp import outbound_stream
from mediaserver.rtp.outbound_stream import OutboundStream
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import vp8_descriptor
from mediaserver.rtp.source import FlushQueue, VideoSource
from mediaserver.rtp.temporal_layers import TemporalLayerFilter, temporal_shares
from mediaserver.transport.udp_mux import Port, UdpMux
from tests.mediaserver.rtp.loopback_viewer import OTHER, Viewer, loopback, session, waiting

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="nothing was compiled without a compiler")


def payload(layer: int, sync: bool = False, begins: bool = True, size: int = 10) -> bytes:
    """Return a payload of a temporal layer, whose descriptor has every field (RFC 7741 §4.2)."""
    head = bytes([0x90 if begins else 0x80, 0xE0, 0x81, 0x02, 7, layer << 6 | sync << 5])
    return head + bytes(size - len(head))


def passed(each: TemporalLayerFilter, pictures: str) -> str:
    """Return the pictures that pass: digits are layers, `*` before one marks a reference to the lowest layer alone,
    `k` is a key frame."""
    found, sync = "", False
    for word in pictures:
        if word == "*":
            sync = True
            continue
        descriptor = vp8_descriptor(payload(0 if word == "k" else int(word), sync))
        found += word if each.passes(descriptor, word == "k") else ""
        sync = False
    return found


def test_a_descriptor_says_layer_and_references() -> None:
    descriptor = vp8_descriptor(payload(2, sync=True))
    assert (descriptor.temporal_id, descriptor.sync, descriptor.picture_id, descriptor.tl0) == (2, True, 0x102, 7)
    assert descriptor.size == 6
    without = vp8_descriptor(b"\x90\x80\x01!")
    assert (without.temporal_id, without.sync) == (0, False)
    only = vp8_descriptor(b"\x90\x20\x60!")
    assert (only.temporal_id, only.sync, only.size) == (1, True, 3)


def test_all_pass_until_a_limit_is_set_and_none_above_it_afterwards() -> None:
    each = TemporalLayerFilter(OutboundStream())
    assert each.passes_all
    assert passed(each, "k21202120212") == "k21202120212"
    each.limit(1)
    assert not each.passes_all
    assert passed(each, "02120212") == "0101"
    each.limit(0)
    assert passed(each, "0212") == "0"


def test_a_higher_layer_is_begun_one_by_one_where_it_refers_to_the_lowest_alone() -> None:
    each = TemporalLayerFilter(OutboundStream())
    each.limit(0)
    assert passed(each, "k21202120") == "k00"
    each.limit(None)
    assert passed(each, "0212") == "0"
    assert passed(each, "0*2*12") == "0*1".replace("*", "")
    assert not each.passes_all
    assert passed(each, "0212") == "01"
    assert passed(each, "0*212") == "0212"
    assert each.passes_all


def test_a_key_frame_begins_all_layers() -> None:
    each = TemporalLayerFilter(OutboundStream())
    each.limit(0)
    assert passed(each, "0212") == "0"
    each.limit(None)
    assert passed(each, "k212") == "k212"
    assert each.passes_all


def test_a_picture_is_forwarded_to_its_end_when_a_limit_comes_within_it() -> None:
    each = TemporalLayerFilter(OutboundStream())
    assert each.passes(vp8_descriptor(payload(2)), False)
    each.limit(0)
    assert each.passes(vp8_descriptor(payload(2, begins=False)), False)
    assert passed(each, "1") == ""


def test_a_key_frame_passes_whatever_layer_it_claims() -> None:
    each = TemporalLayerFilter(OutboundStream())
    each.limit(0)
    assert each.passes(vp8_descriptor(payload(3)), True)
    assert not each.passes(vp8_descriptor(payload(3, begins=False)), False)


def test_shares_are_those_of_each_layer_with_all_below_it() -> None:
    payloads = [payload(layer, size=size) for layer, size in ((0, 40), (2, 20), (1, 20), (2, 20))]
    assert temporal_shares(payloads) == (0.4, 0.6, 1.0)
    assert temporal_shares([payload(0), b"", b"\x90"]) == (1.0,)
    assert temporal_shares([]) == (1.0,)
    assert temporal_shares([payload(2, size=50)]) == (0.0, 0.0, 1.0), "a sender may skip some"


class LayeredSource(VideoSource):
    """A camera with temporal layers, which may lie about them; its numbers and picture ids are about to wrap."""

    def __init__(self, name: str, flush_queue: FlushQueue) -> None:
        super().__init__(name, "VP8", flush_queue)
        self.sequence, self.picture, self.tl0 = 0xFFF8, 0x7FFC, 0xFE

    def make(self, layer: int, sync: bool, begins: str, form: str, sizes: list[int]) -> list[Packet]:
        """Return the packets of the next picture. `form` says which fields its descriptors have."""
        self.picture, made = self.picture + ("still" not in form) & 0x7FFF, []
        self.tl0 = self.tl0 + (layer == 0) & 0xFF
        fields = 0x80 * ("long" in form or "short" in form) | 0x40 * ("tl0" in form) | 0x20 * ("layer" in form)
        ids = (0x8000 | self.picture).to_bytes(2, "big") if "long" in form else bytes([self.picture & 0x7F])
        for at, size in enumerate(sizes):
            head = bytes([0x80 | 0x10 * (not at and begins != "nothing"), fields]) + ids * (fields >= 0x80)
            head += bytes([self.tl0]) * ("tl0" in form) + bytes([layer << 6 | sync << 5]) * ("layer" in form)
            payload = head[:size] if "cut" in form else head + bytes([self.sequence & 0xFF]) * size
            stamp, keyframe = self.picture * 3000, begins == "key" and not at
            made.append(Packet(0, self.sequence & 0xFFFF, stamp, 0, at == len(sizes) - 1, payload, keyframe))
            self.sequence += 1
        return made


pictures = st.tuples(
    st.sampled_from([0, 0, 1, 2, 2, 3]),
    st.booleans(),
    st.sampled_from(["picture"] * 6 + ["key", "nothing"]),
    st.sampled_from(
        ["long tl0 layer"] * 5 + ["short tl0 layer", "long tl0 layer still", "layer", "long", "", "cut layer"]
    ),
    st.lists(st.sampled_from([1, 30, 30, 30, 0]), min_size=1, max_size=4),
)
"""The temporal layer of a picture, whether it says that it refers to the lowest alone, what it begins, the fields of
its descriptors, the sizes of its packets."""
looks = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 2, None, "", "", "", "", "switch", "pad", "resend", "slow"]),
        st.lists(pictures, max_size=4),
        st.sampled_from(["", "", "", "lost", "lost", "swap", "late", "late", "again"]),
    ),
    min_size=1,
    max_size=20,
)
"""What happens, the pictures that come together then, and what the network does with their packets."""
Looks = list[tuple[int | str | None, list[tuple[int, bool, str, str, list[int]]], str]]


@needs_compiler
@given(looks, st.booleans())
def test_the_compiled_loop_leaves_out_what_its_twin_does(history: Looks, paced: bool) -> None:
    asyncio.run(_compare(history, paced))


async def _compare(history: Looks, paced: bool) -> None:
    flush_queue, mux, sock = FlushQueue(), UdpMux(), loopback()
    port = Port(sock, mux.counters)
    viewers = [Viewer(mux, port, plain=plain, flush_queue=flush_queue if paced else None) for plain in (False, True)]
    sources, current, now = [LayeredSource(name, flush_queue) for name in ("one", "two")], 0, 1.0
    missing: list[Packet] = []
    first = (0, False, "key", "long tl0 layer", [9])
    for happens, made, network in [("", [first], ""), *history]:
        now, current = now + 0.02, current ^ (happens == "switch")
        source = sources[current]
        packets = [packet for picture in made for packet in source.make(*picture)]
        for viewer in viewers:
            viewer.forwarder.follow(source, now)
            if not isinstance(happens, str):
                viewer.forwarder.limit_temporal_layers(happens)
            if happens == "slow":
                viewer.transport.path.pace = 20_000.0
        match network:
            case "lost":
                missing += packets[1:2]
                del packets[1:2]
            case "swap":
                packets.reverse()
            case "late" | "again":  # as a retransmission does, and a packet that came already
                packets = missing + packets
                missing = missing if network == "again" else []
        source.push(*packets)
        flush_queue.flush(now)
        for viewer in viewers:
            last = viewer.forwarder.stream.next_sequence
            if happens == "pad":
                viewer.forwarder.pad(600, now)
            if happens == "resend":
                viewer.forwarder.resend([last - back & 0xFFFF for back in range(1, 12)], 4e6, 0.05, now)
        assert viewers[0].state() == viewers[1].state()
        assert waiting(viewers[0].sock) == waiting(viewers[1].sock)
    for each in (sock, *(viewer.sock for viewer in viewers)):
        each.close()


@needs_compiler
async def test_a_stream_without_its_upper_layers_stays_in_the_compiled_loop() -> None:
    flush_queue, mux, sock = FlushQueue(), UdpMux(), loopback()
    viewer = Viewer(mux, Port(sock, mux.counters), plain=False)
    source, served, forwarder = LayeredSource("one", flush_queue), [], viewer.forwarder
    forwarder.follow(source, 0.0)
    limits: dict[int, int | None] = {1: 0, 13: None, 25: 1}
    for at in range(40):
        if at in limits:
            forwarder.limit_temporal_layers(limits[at])
        layer = int("02120212"[at % 8])
        packets = source.make(layer, at % 8 in (1, 2), "picture" if at else "key", "long tl0 layer", [20, 20, 9])
        rest = outbound_stream.fan_out(source, source.sinks, packets, at / 30)
        served.append(not rest)
        for sink in rest:
            sink.send(source, packets, at / 30)
    outbound_stream.send_prepared()
    assert served == [at > 1 for at in range(40)], "Python begins a source, and what is left out of it"
    opener = session(OTHER, Policy.SSRC_ANY_INBOUND)
    sent = [vp8_descriptor(opener.unprotect(data)[12:]) for data in waiting(viewer.sock)]
    assert "".join(str(each.temporal_id) for each in sent if each.begins) == "0000" + "01010" + "1010101"
    assert [each.picture_id for each in sent[::3]] == [0x7FFD + at & 0x7FFF for at in range(16)]
    assert forwarder.packets == len(sent) == 48
    for each in (sock, viewer.sock):
        each.close()
