"""Tests that the compiled loops do the same as their Python twins."""

import asyncio
import shutil
import socket
import time
from dataclasses import dataclass, field
from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from mediaserver.peer.forwarder import Forwarder
from mediaserver.rtp import outbound_stream
from mediaserver.rtp.packet import MAX_PAYLOAD_BYTES, Packet
from mediaserver.rtp.source import FlushQueue, Source, VideoSource
from mediaserver.transport import peer_path
from mediaserver.transport.peer_path import MAX_SSRCS, Counters, PlainInbox, PlainPeerPath
from mediaserver.transport.udp_mux import Port, UdpMux
from tests.mediaserver.rtp.loopback_viewer import KEY, OTHER, Viewer, loopback, session, srtp, waiting

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="nothing was compiled without a compiler")


def test_it_was_compiled() -> None:
    assert outbound_stream.OutboundStream is not outbound_stream.PlainOutboundStream
    assert peer_path.Inbox is not PlainInbox


# Reading


@dataclass
class Reader:
    """An inbox with two peers that have keys and one still in its handshake."""

    plain: bool
    sock: socket.socket = field(default_factory=loopback)
    counters: Counters = field(default_factory=Counters)

    def read(self, datagrams: list[tuple[str, bytes]]) -> tuple[list[Any], dict[str, float], Counters]:
        inbox_class, path_class = (PlainInbox, PlainPeerPath) if self.plain else (peer_path.Inbox, peer_path.PeerPath)
        inbox = inbox_class(self.counters, Packet)
        senders = {name: loopback() for name in ("keys", "twin", "none", "closed", "stranger")}
        held = {name: path_class(name, self.counters) for name in ("keys", "twin", "none", "closed")}
        for name, path in held.items():
            inbox.route(senders[name].getsockname(), path)
        for name in ("keys", "twin"):
            held[name].open(srtp())
            held[name].level_id = LEVEL_ID
        held["closed"].close()
        inbox.forget(senders["keys"].getsockname(), held["none"])  # not its own
        for name, data in datagrams:
            senders[name].sendto(data, self.sock.getsockname())
        items: list[Any] = []
        while got := inbox.read(self.sock, 7.5):
            ports = {sender.getsockname(): name for name, sender in senders.items()}
            items += [(owner, what, (ports[more] if owner is None else more), came) for owner, what, more, came in got]
        heard = {name: path.heard for name, path in held.items()}
        for sock in (self.sock, *senders.values()):
            sock.close()
        return items, heard, self.counters


LEVEL_ID = 3
LOUD = bytes([0x90, LEVEL_ID << 4, 0x80 | 42])
"""A level of −42 dBov with voice in it (RFC 6464 §3), behind 0x90, which says that there is an extension."""


def new_client() -> Session:
    """Return the SRTP of a sender that has sent nothing yet."""
    return session(KEY, Policy.SSRC_ANY_OUTBOUND)


client = new_client()
header = st.tuples(
    st.sampled_from([0x80, 0x90, 0xA0, 0xB0, 0x81, 0x8F, 0x9F, 0x40]),
    st.sampled_from([0x60, 0xE0, 111, 0x80 | 111]),
)


@st.composite
def plain_rtp(draw: st.DrawFn) -> bytes:
    """Return an RTP packet, or something near one: extensions of any profile, padding, cut anywhere."""
    first, second = draw(header)
    body = b""
    if first & 0x10:
        body += draw(st.sampled_from([b"\xbe\xde", b"\x10\x00", b"\x10\x07", b"\x12\x34"]))
        elements = draw(st.binary(max_size=24))
        body += (len(elements) // 4).to_bytes(2, "big") + elements[: len(elements) // 4 * 4]
    body += draw(st.binary(max_size=40))
    return bytes([first, second]) + draw(st.binary(min_size=10, max_size=10)) + body


def in_row(second: int, first: int, ssrc: int, extensions: list[bytes]) -> list[bytes]:
    """Return packets with consecutive numbers; each extension is the first byte and the elements, or empty."""
    return [
        (extension[:1] or b"\x80")
        + pack("!BHII", second, (first + at) & 0xFFFF, 90 * at, ssrc)
        + (pack("!HH", 0xBEDE, 1) + extension[1:].ljust(4, b"\0") if extension else b"")
        + b"payload %d" % at
        for at, extension in enumerate(extensions)
    ]


def encrypted(data: bytes, client: Session = client) -> bytes:
    try:
        return client.protect(data)
    except Exception:  # libsrtp refuses to send what is no RTP; then it is sent in the clear
        return data


row = st.builds(
    in_row,
    st.sampled_from([96, 0x80 | 96, 111]),
    st.sampled_from([0, 1, 2, 0xFFFF]),
    st.sampled_from([7, 8]),
    st.lists(st.sampled_from([b"", b"", LOUD, b"\x90\x41ab"]), max_size=4),
).map(lambda row: [encrypted(data) for data in row])

datagram = st.one_of(
    plain_rtp().map(encrypted),
    plain_rtp(),
    st.binary(min_size=1, max_size=60),
    st.binary(min_size=1, max_size=60).map(lambda tail: b"\x00\x01" + tail),
    st.binary(min_size=1, max_size=60).map(lambda tail: b"\x16" + tail),
    st.just(client.protect_rtcp(b"\x80\xc9\x00\x01\x00\x00\x00\x07")),
)


sender = st.sampled_from(["keys", "keys", "twin", "none", "closed", "stranger"])


@given(st.lists(st.tuples(sender, st.one_of(datagram.map(lambda one: [one]), row)), max_size=20))
def test_every_datagram_is_read_alike(sent: list[tuple[str, list[bytes]]]) -> None:
    datagrams = [(name, data) for name, several in sent for data in several]
    assert Reader(plain=False).read(datagrams) == Reader(plain=True).read(datagrams)


elements = st.lists(
    st.one_of(
        st.sampled_from([b"\x10\x07", b"\x31\x2a\0", b"\x03\x01\x2a", b"\x05\x00", b"\x4f"]), st.binary(max_size=4)
    ),
    max_size=5,
).map(b"".join)


@given(st.lists(st.tuples(st.sampled_from([0xBEDE, 0x1000]), elements, st.binary(max_size=6)), min_size=1, max_size=20))
def test_every_header_extension_is_read_alike(sent: list[tuple[int, bytes, bytes]]) -> None:
    """Some of the elements are cut off by the end of the extension, or of the packet."""
    client, datagrams = new_client(), []
    for sequence, (profile, body, payload) in enumerate(sent):
        head = pack("!BBHIIHH", 0x90, 96, sequence, 0, 9, profile, -(-len(body) // 4))
        datagrams.append(("keys", encrypted(head + body.ljust(-(-len(body) // 4) * 4, b"\0") + payload, client)))
    assert Reader(plain=False).read(datagrams) == Reader(plain=True).read(datagrams)


def test_a_level_without_a_byte_says_nothing_in_either() -> None:
    elements = bytes([LEVEL_ID, 1, 42, LEVEL_ID, 0, 0, 0, 0])  # RFC 8285 §4.3
    row = [b"\x90" + pack("!BHIIHH", 96, 7, 0, 9, 0x1000, 2) + elements + b"payload"]
    compiled, plain = (Reader(plain=p).read([("keys", encrypted(data)) for data in row]) for p in (False, True))
    assert compiled == plain
    items, _, _ = compiled
    assert [([packet.level for packet in packets], extensions) for _, packets, extensions, _ in items] == [([None], {})]


@pytest.mark.parametrize("plain", [False, True])
def test_packets_in_a_row_are_one_item_and_carry_their_levels(plain: bool) -> None:
    loud = in_row(96, 0xFFFF, 9, [LOUD, b"", LOUD, b"\x90\x41ab", b""])
    other = in_row(96, 4, 10, [b""]) + in_row(111, 5, 10, [b""]) + in_row(111, 7, 10, [b""])
    sent = [("keys", data) for data in loud + other] + [("twin", data) for data in in_row(111, 8, 10, [b""])]
    items, _, _ = Reader(plain=plain).read([(name, encrypted(data)) for name, data in sent])
    runs = [([(one.sequence, one.level) for one in packets], extensions) for _, packets, extensions, _ in items]
    assert runs == [
        ([(0xFFFF, 42), (0, None), (1, 42)], {}),
        ([(2, None), (3, None)], {4: b"ab"}),
        ([(4, None)], {}),
        ([(5, None)], {}),
        ([(7, None)], {}),
        ([(8, None)], {}),
    ]


@pytest.mark.parametrize("plain", [False, True])
def test_a_peer_has_so_many_ssrcs_and_keeps_them(plain: bool) -> None:
    """libsrtp keeps a stream for each that it ever opened a packet of, and looks through all of them for the next."""
    mine, more, silent = range(1001, 1000 + MAX_SSRCS), range(2001, 2101), (3001).to_bytes(4, "big")
    reports = client.protect_rtcp(b"\x80\xc9\x00\x01" + silent)
    forged = [each[:-1] + bytes([each[-1] ^ 1]) for each in (rtp_of(number, 1) for number in more)]
    sent = [*forged, *(rtp_of(number, 1) for number in mine), reports, *(rtp_of(number, 1) for number in more)]
    sent += [client.protect_rtcp(b"\x80\xc9\x00\x01" + number.to_bytes(4, "big")) for number in more]
    sent += [rtp_of(number, 2) for number in mine]
    items, _, counters = Reader(plain=plain).read([("keys", data) for data in sent])
    opened = [packets[0].ssrc for _, packets, extensions, _ in items if extensions is not None]
    assert opened == [*mine, *mine]
    assert [what[4:8] for _, what, extensions, _ in items if extensions is None] == [silent]
    assert (counters.excess, counters.malformed) == (2 * len(more), 0)


def rtp_of(ssrc: int, sequence: int) -> bytes:
    return client.protect(pack("!BBHII", 0x80, 96, sequence, 0, ssrc) + b"payload")


def test_more_than_a_batch_is_read_in_order() -> None:
    datagrams = [("none", b"\x16" + at.to_bytes(2, "big")) for at in range(200)]
    items, _, counters = Reader(plain=False).read(datagrams)
    assert items == [("none", data, None, 7.5) for _, data in datagrams]
    assert (counters.packets_in, counters.bytes_in) == (200, 600)


# Sending


sizes = st.one_of(st.integers(1, 60), st.sampled_from([1188, 1188, 1300, 1400]))
picture = st.lists(sizes, min_size=1, max_size=70)
steps = st.lists(
    st.tuples(
        picture,
        st.sampled_from(
            ["on", "on", "on", "hole", "swap", "switch", "pad", "resend", "padding", "padded", "limit", "all"]
        ),
        st.sampled_from(
            [
                *("", "90 80 {:04x}", "90 80 {:04x}", "90 c0 {:04x} fe", "90 f0 {:04x} 05 20", "90 80 7d", "90 40 11"),
                *("90 e0 {:04x} 05 00", "90 e0 {:04x} 05 40", "90 e0 {:04x} 05 60", "90 e0 {:04x} 05 80"),
            ]
        ),
        st.sampled_from([0, 1, 1, 1, 2, 300, -1]),
    ),
    min_size=1,
    max_size=8,
)
"""Sizes of a picture's payloads, what happens, the VP8 descriptor with the picture's id, and how far the id went on."""
History = list[tuple[list[int], str, str, int]]


@given(st.sampled_from(["VP8", "VP8", "H264"]), steps, st.booleans())
def test_every_packet_leaves_alike(codec: str, history: History, paced: bool) -> None:
    asyncio.run(_leave_alike(codec, history, paced))


async def _leave_alike(codec: str, history: History, paced: bool) -> None:
    """Send one history by the compiled and the Python loop; assert that state and datagrams are the same."""
    flush_queue = FlushQueue()
    mux = UdpMux()
    sock = loopback()
    port = Port(sock, mux.counters)
    fast, slow = (Viewer(mux, port, plain=plain, flush_queue=flush_queue if paced else None) for plain in (False, True))
    sources = [VideoSource("one", codec, flush_queue), VideoSource("two", codec, flush_queue)]
    beside = VideoSource("beside", codec, flush_queue)
    for viewer in (fast, slow):
        viewer.beside.follow(beside, 1.0)
    sequences, ids, current, now = [65500, 100], [0x7FF8, 5], 0, 1.0
    for viewer in (fast, slow):
        viewer.forwarder.follow(sources[0], now)
    for number, (picture, happens, descriptor, step) in enumerate(history):
        now += 0.04
        current ^= happens == "switch"
        ids[current] = ids[current] + step & 0x7FFF
        head = bytes.fromhex(descriptor.format(0x8000 | ids[current])) or b"\x10"
        if happens == "hole":
            sequences[current] += 3
        made = []
        for at, size in enumerate(picture):
            payload = (head + bytes([at % 256]) * size)[: min(MAX_PAYLOAD_BYTES, 1 + size)]
            made.append(
                Packet(0, sequences[current] & 0xFFFF, round(now * 90000), 0, at == len(picture) - 1, payload, at == 0)
            )
            sequences[current] += 1
        if happens == "swap":
            made.reverse()
        if happens in ("padding", "padded"):
            made = made if happens == "padded" else []
            for _ in range(2):
                made.append(Packet(0, sequences[current] & 0xFFFF, round(now * 90000), 0, False, b""))
                sequences[current] += 1
        for viewer in (fast, slow):
            viewer.forwarder.follow(sources[current], now)
            if happens in ("limit", "all"):
                viewer.forwarder.limit_temporal_layers(0 if happens == "limit" else None)
        for packet in made:
            sources[current].push(packet)
        beside.push(Packet(0, number, round(now * 90000), 0, True, b"beside", number == 0))
        flush_queue.flush(now)
        for viewer in (fast, slow):
            if happens == "pad":
                viewer.forwarder.pad(600, now)
            if happens == "resend":
                viewer.forwarder.resend([viewer.forwarder.stream.next_sequence - 1 & 0xFFFF], 4e6, 0.05, now)
        assert fast.state() == slow.state()
        assert waiting(fast.sock) == waiting(slow.sock)
    assert mux.counters.packets_out % 2 == 0
    assert mux.counters.refused == 0
    for each in (sock, fast.sock, slow.sock):
        each.close()


async def test_the_compiled_loop_serves_sinks_in_step_and_hands_back_the_others() -> None:
    flush_queue = FlushQueue()
    mux = UdpMux()
    sock = loopback()
    port = Port(sock, mux.counters)
    viewers = [Viewer(mux, port, plain=plain) for plain in (False, True, False)]
    source = VideoSource("one", "H264", flush_queue)
    for viewer in viewers:
        viewer.forwarder.follow(source, 0.0)
    first = [Packet(0, 5, 3600, 0, True, b"key", keyframe=True)]
    assert outbound_stream.fan_out(source, source.sinks, first, 1.0) == [viewer.forwarder for viewer in viewers]
    for viewer in viewers:
        viewer.forwarder.send(source, first, 1.0)
    second = [Packet(0, 6, 7200, 0, True, b"delta")]
    assert outbound_stream.fan_out(source, source.sinks, second, 2.0) == [viewers[1].forwarder]
    gap = [Packet(0, 9, 9600, 0, True, b"delta")]
    assert outbound_stream.fan_out(source, source.sinks, gap, 3.0) == [viewer.forwarder for viewer in viewers]
    assert [len(waiting(viewer.sock)) for viewer in viewers] == [1, 1, 1]
    outbound_stream.send_prepared()
    assert [len(waiting(viewer.sock)) for viewer in viewers] == [1, 0, 1]
    for each in (sock, *(viewer.sock for viewer in viewers)):
        each.close()


@pytest.mark.parametrize("path_class", [PlainPeerPath, peer_path.PeerPath])
def test_another_route_may_take_segments_again(path_class: type[PlainPeerPath]) -> None:
    path, socks, (here, there) = path_class(object(), Counters()), (loopback(), loopback()), (("::1", 7), ("::1", 8))
    unsegmented = []
    for sock, address in ((socks[0], here), (socks[0], here), (socks[0], there), (socks[1], there), (socks[1], there)):
        path.aim(sock, address)
        unsegmented.append(path.unsegmented)
        path.unsegmented = True
    assert unsegmented == [False, True, False, False, True]
    for sock in socks:
        sock.close()


SO_NO_CHECK, UDP_GRO = 11, 104
"""With the first the kernel takes no segments, with the second it gives them as they were sent (linux/udp.h)."""


def show(source: VideoSource, at: int) -> None:
    """Push picture number `at`, six packets of one size; the first picture is a key frame."""
    for i in range(6):
        source.push(Packet(0, 6 * at + i, 3600 * at, 0, i == 5, b"x" * 100, keyframe=not (at or i)))


@pytest.mark.parametrize("plain", [False, True])
async def test_packets_leave_singly_on_a_route_where_segments_do_not_fit_and_together_on_others(plain: bool) -> None:
    flush_queue, mux, socks = FlushQueue(), UdpMux(), [loopback(), loopback()]
    socks[0].setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)  # EINVAL, as from a route that is too narrow
    viewers = [Viewer(mux, Port(sock, mux.counters), plain=plain) for sock in socks]
    paths = [viewer.transport.path for viewer in viewers]
    source, got = VideoSource("one", "H264", flush_queue), []
    for viewer in viewers:
        viewer.forwarder.follow(source, 0.0)
        viewer.sock.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
    for at in range(4):
        show(source, at)
        flush_queue.flush(float(at))
        got.append([len(waiting(viewer.sock)) for viewer in viewers])
    assert got == [[6, 1]] * 4
    assert [path.unsegmented for path in paths] == [True, False]
    assert (mux.counters.packets_out, mux.counters.refused) == (48, 0)
    for each in (*socks, *(viewer.sock for viewer in viewers)):
        each.close()


@pytest.mark.parametrize("plain", [False, True])
async def test_packets_leave_singly_where_the_kernel_knows_no_segments(plain: bool) -> None:
    flush_queue, mux, sock = FlushQueue(), UdpMux(), loopback()
    port = Port(sock, mux.counters)
    assert port.segmented
    port.segmented = False
    viewer = Viewer(mux, port, plain=plain)
    source = VideoSource("one", "H264", flush_queue)
    viewer.forwarder.follow(source, 0.0)
    viewer.sock.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
    for at in range(4):
        show(source, at)
        flush_queue.flush(float(at))
        assert len(waiting(viewer.sock)) == 6
        for address in (("127.0.0.1", 9), viewer.sock.getsockname()):  # it moves, and comes back
            port.aim(viewer.transport.path, address)
    assert (mux.counters.packets_out, mux.counters.refused) == (24, 0)
    for each in (sock, viewer.sock):
        each.close()


Flushed = list[tuple[list[int], list[int]]]
"""The lengths of a picture's packets and of the sound's that leave with it, for each flush."""

BESIDE: dict[str, tuple[Flushed, list[int]]] = {
    "sound joins the picture": ([([100] * 6, [40])], [1]),
    "so it does one packet alone": ([([100], [40])], [1]),
    "and one as long": ([([100] * 6, [100])], [1]),
    "longer it goes alone": ([([100] * 6, [101])], [2]),
    "a shorter packet was the last": ([([100, 100, 30], [20])], [2]),
    "one joins": ([([100] * 6, [40, 30])], [2]),
    "each flush is for itself": ([([100] * 2, []), ([], [40]), ([100], [40])], [1, 1, 1]),
    "64 at most": ([([100] * 64, [40])], [2]),
    "the longer goes first": ([([40], [100])], [1]),
    "but not before two": ([([100], [40, 120])], [2]),
    "two longer ones go together": ([([100] * 6, [120, 110])], [2]),
    "an older message may have room": ([([100] * 6, [120, 50])], [2]),
}


class IgnoringSink:
    """A second sink of a source, as the compositor is one; it drops its packets."""

    stream = None

    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        pass


class MediaViewer:
    """A viewer that is sent one video and two audio sources over one transport, with those sources."""

    def __init__(self, *, plain: bool) -> None:
        self.flush_queue, self.mux, self._sock = FlushQueue(), UdpMux(), loopback()
        self.viewer = Viewer(self.mux, Port(self._sock, self.mux.counters), plain=plain)
        self._sources = [
            VideoSource("picture", "H264", self.flush_queue),
            *(Source(n, "opus", self.flush_queue) for n in "ab"),
        ]
        self._sent = [0, 0, 0]
        self._sources[0].attach(IgnoringSink())
        self.viewer.forwarder.follow(self._sources[0], 0.0)
        for ssrc, sound in enumerate(self._sources[1:], 8):
            hears = Forwarder({"opus": 111}, 48000, self.viewer.transport)
            hears.ssrc = hears.stream.ssrc = ssrc
            hears.stream.next_sequence = hears.stream.last_timestamp = 1
            hears.follow(sound, 0.0)

    def take(self, pictures: list[int], sounds: list[int], at: int, *, sound_first: bool = False) -> list[bytes]:
        """Flush packets of these lengths; return the datagrams that arrive."""
        streams = list(enumerate((pictures, *([length] for length in sounds))))
        for number, lengths in reversed(streams) if sound_first else streams:
            for i, length in enumerate(lengths):
                packet = Packet(0, self._sent[number], 960 * at, 0, i + 1 == len(lengths), b"x" * length, not at)
                self._sources[number].push(packet)
                self._sent[number] += 1
        self.flush_queue.flush(float(at))
        return waiting(self.viewer.sock)

    def close(self) -> None:
        for sock in (self._sock, self.viewer.sock):
            sock.close()


def by_ssrc(packets: list[bytes]) -> dict[bytes, list[bytes]]:
    """Return the packets of each stream in the order in which they came; streams may overtake each other."""
    return {ssrc: [each for each in packets if each[8:12] == ssrc] for ssrc in {each[8:12] for each in packets}}


lengths = st.integers(1, 60)
flushes = st.lists(
    st.tuples(
        st.one_of(st.lists(lengths, max_size=8), st.builds(lambda length, count: [length] * count, lengths, lengths)),
        st.lists(lengths, max_size=2),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@given(flushes)
def test_streams_that_leave_together_keep_their_order(flushed: list[tuple[list[int], list[int], bool]]) -> None:
    asyncio.run(_leave_together(flushed))


async def _leave_together(flushed: list[tuple[list[int], list[int], bool]]) -> None:
    viewers = [MediaViewer(plain=plain) for plain in (False, True)]
    for each in viewers:
        each.take([9], [9, 9], 0)
    for at, (pictures, sounds, sound_first) in enumerate(flushed, 1):
        compiled, plain = (each.take(pictures, sounds, at, sound_first=sound_first) for each in viewers)
        assert by_ssrc(compiled) == by_ssrc(plain)
    for each in viewers:
        each.close()


@pytest.mark.parametrize("case", BESIDE)
async def test_sound_leaves_with_the_picture_that_came_with_it(case: str) -> None:
    flushes, messages = BESIDE[case]
    viewers = [MediaViewer(plain=plain) for plain in (False, False, True)]
    for each in viewers:
        each.take([9], [9, 9], 0)
    viewers[0].viewer.sock.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
    got = []
    for at, (pictures, sounds) in enumerate(flushes, 1):
        joined, separate, plain = (each.take(pictures, sounds, at) for each in viewers)
        assert by_ssrc(separate) == by_ssrc(plain)
        assert b"".join(separate) == b"".join(joined)
        got.append(len(joined))
    assert got == messages
    assert len({str(each.mux.counters) for each in viewers}) == 1
    for each in viewers:
        each.close()


async def test_a_viewer_of_another_camera_is_served_by_the_compiled_loop_again() -> None:
    flush_queue = FlushQueue()
    mux = UdpMux()
    sock = loopback()
    viewer = Viewer(mux, Port(sock, mux.counters), plain=False)
    for at, name in enumerate(("one", "two")):
        source = VideoSource(name, "VP8", flush_queue)
        viewer.forwarder.follow(source, 0.0)
        for number in range(3):
            packet = Packet(0, number, 3600 * number, 0, True, b"\x90\x80\x80" + bytes([40 + number]), keyframe=True)
            served = outbound_stream.fan_out(source, source.sinks, [packet], 1.0) == []
            assert served == (number > 0)
            if not served:
                viewer.forwarder.send(source, [packet], 1.0)
        assert viewer.forwarder.stream.moving == (at == 1)
        outbound_stream.send_prepared()
    opener = session(OTHER, Policy.SSRC_ANY_INBOUND)
    sent = [opener.unprotect(data)[12:] for data in waiting(viewer.sock)]
    assert sent == [b"\x90\x80\x80" + bytes([40 + number]) for number in range(6)]
    for each in (sock, viewer.sock):
        each.close()


async def test_a_paced_stream_is_handed_back_while_another_of_its_path_waits_and_sound_is_not() -> None:
    flush_queue = FlushQueue()
    mux = UdpMux()
    sock = loopback()
    viewer = Viewer(mux, Port(sock, mux.counters), plain=False, flush_queue=flush_queue)
    sound = Forwarder({"opus": 111}, 48000, viewer.transport)
    camera, voice = VideoSource("camera", "H264", flush_queue), Source("voice", "opus", flush_queue)
    viewer.forwarder.follow(camera, 0.0)
    sound.follow(voice, 0.0)

    def served(source: Source, number: int) -> bool:
        packet = Packet(0, number, 960 * number, 0, True, b"!", keyframe=True)
        rest = outbound_stream.fan_out(source, source.sinks, [packet], 1.0)
        for sink in rest:
            sink.send(source, [packet], 1.0)
        return not rest

    assert [served(source, 0) for source in (camera, voice)] == [False, False], "a source begins in Python"
    found = []
    for number, viewer.transport.path.waiting in enumerate((0, 1, 0), 1):
        found.append([served(source, number) for source in (camera, voice)])
    assert found == [[True, True], [False, True], [True, True]]
    outbound_stream.send_prepared()
    for each in (sock, viewer.sock):
        each.close()


async def test_a_change_of_camera_does_not_overtake_the_last_packets_of_the_one_before() -> None:
    flush_queue = FlushQueue()
    mux = UdpMux()
    sock = loopback()
    viewer = Viewer(mux, Port(sock, mux.counters), plain=False)
    one, two = (VideoSource(name, "H264", flush_queue) for name in ("one", "two"))
    viewer.forwarder.follow(one, 0.0)
    for number in range(3):
        one.push(Packet(0, number, 3600 * number, 0, True, b"one%d" % number, keyframe=number == 0))
        if number == 2:
            viewer.forwarder.follow(two, 0.0)
            two.push(Packet(0, 7, 90, 0, True, b"two", keyframe=True))
        flush_queue.flush(1.0 + number)
    opener = session(OTHER, Policy.SSRC_ANY_INBOUND)
    assert [opener.unprotect(data)[12:] for data in waiting(viewer.sock)] == [b"one0", b"one1", b"one2", b"two"]
    for each in (sock, viewer.sock):
        each.close()


async def test_without_a_stream_for_it_a_packet_is_sent_again_bit_for_bit() -> None:
    """One nonce, one packet: with two headers under one number AES-GCM gives its key away (NIST SP 800-38D §8)."""
    flush_queue, mux, sock = FlushQueue(), UdpMux(), loopback()
    viewer = Viewer(mux, Port(sock, mux.counters), plain=False)
    sent: list[bytes] = []
    for at, name in enumerate(("one", "two")):  # what follows the first source has its picture ids moved
        source = VideoSource(name, "VP8", flush_queue)
        viewer.forwarder.follow(source, 0.0)
        for number in range(6):
            payload = b"\x90\xc0\x80" + bytes([40 + number, 9 + number]) + b"picture"
            source.push(Packet(0, number, 3600 * number, 0, True, payload, keyframe=not number))
            flush_queue.flush(1.0 + at + number / 25)
        sent += waiting(viewer.sock)
    assert len(sent) == 12
    last = viewer.forwarder.stream.next_sequence
    viewer.forwarder.resend([last - back & 0xFFFF for back in range(6, 0, -1)], 4e6, 0.05, 9.0)
    assert waiting(viewer.sock) == sent[6:]
    for each in (sock, viewer.sock):
        each.close()


async def test_the_send_time_is_written_as_the_slow_way_writes_it() -> None:
    flush_queue = FlushQueue()
    mux = UdpMux()
    sock = loopback()
    port = Port(sock, mux.counters)
    fast, slow = (Viewer(mux, port, plain=plain, send_time=3) for plain in (False, True))
    source = VideoSource("one", "H264", flush_queue)
    opened = []
    for viewer in (fast, slow):
        viewer.forwarder.follow(source, 0.0)
    for at in range(2):
        source.push(Packet(0, at, 3600 * at, 0, True, b"x" * 20, keyframe=True))
        flush_queue.flush(1.0 + at)
    for viewer in (fast, slow):
        last = waiting(viewer.sock)[-1]
        opened.append(session(OTHER, Policy.SSRC_ANY_INBOUND).unprotect(last))
    before, after = (int.from_bytes(data[17:20], "big") for data in opened)
    steady = int(time.monotonic() * (1 << 18))  # a clock that is set would look like packets that were long under way
    assert (steady - before) & 0xFFFFFF < 1 << 18
    assert [data[:17] + data[20:] for data in opened] == [opened[0][:17] + opened[0][20:]] * 2
    assert (after - before) & 0xFFFFFF < 1 << 18  # less than a second apart
    for each in (sock, fast.sock, slow.sock):
        each.close()
