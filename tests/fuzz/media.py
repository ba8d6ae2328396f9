"""Fuzz targets for sound and pictures: from packets to samples and pictures; compiled loops must agree with Python."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from struct import Struct

import numpy as np
from av import VideoFrame
from pylibsrtp import Error

from mediaserver.audio import jitter_buffer
from mediaserver.audio.input import AudioInput
from mediaserver.audio.jitter_buffer import JitterBuffer
from mediaserver.audio.mix_minus import FRAME_SAMPLES
from mediaserver.audio.opus import OpusEncoder
from mediaserver.rtp.packet import Packet, newer
from mediaserver.rtp.red import Block, RedReceiver, write
from mediaserver.rtp.source import FlushQueue, VideoSource
from mediaserver.sdp.sip_parse import SOUNDS
from mediaserver.transport.udp_mux import Port, UdpMux
from mediaserver.video import scaler
from mediaserver.video.codecs import VideoDecoder, VideoEncoder
from tests.fuzz.target import Target
from tests.mediaserver.rtp import test_outbound_stream as wire
from tests.mediaserver.rtp.fed_source import FedSource, KeepingSink
from tests.mediaserver.rtp.loopback_viewer import Viewer, loopback, waiting

CODECS = ("opus", *(each for each in SOUNDS if each != "opus"))
VIDEO = ("VP8", "H264")
OPUS, RED = 111, 63
SENDERS = ("keys", "twin", "none", "closed", "stranger")
MOST_PACKETS = 200
"""Packets that are read of one input, so that its time is bounded."""
MOST_PICTURES = 8
LIMITS = (0, 1, 2, None)
"""The highest temporal layer that is forwarded."""
SIZES = Struct("!q2B")
"""Bytes of a line before, width and height after."""


def chunks(data: bytes, head: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield chunks of data as (head, body): `head` bytes, one byte with the body's length, the body."""
    while len(data) > head:
        size = data[head]
        yield data[:head], data[head + 1 : head + 1 + size]
        data = data[head + 1 + size :]


def _packets(data: bytes) -> Iterator[tuple[Packet, float]]:
    """Yield packets with their arrival times; each chunk's head has the steps of sequence, timestamp (2.5 ms) and clock
    (10 ms)."""
    sequence = timestamp = 0
    now = 100.0
    for (ahead, later, passed), body in islice(chunks(data, 3), MOST_PACKETS):
        sequence, timestamp = sequence + ahead - 128, timestamp + 120 * (later - 128)
        now += passed / 100
        yield Packet(111, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ahead & 1, False, body), now


def read_jitter(data: bytes) -> None:
    """Pass packets of a talker, in any order and with any length, through the jitter buffer."""
    jitter = JitterBuffer()
    for packet, now in _packets(data):
        assert 0 <= jitter_buffer.packet_samples(packet.payload) <= jitter_buffer.MAX_SAMPLES
        jitter.add(packet, now)
        jitter.shortage(now, 0)
        step = jitter.pull(now)
        assert step is None or 0 < step.samples <= jitter_buffer.MAX_SAMPLES
        assert jitter.waiting <= jitter_buffer.MAX_HELD


def read_voice(data: bytes) -> None:
    """Decode packets of a talker for the mix; the first byte selects the codec."""
    voice, codec = AudioInput(), CODECS[data[0] % len(CODECS) if data else 0]
    for packet, now in _packets(data[1:]):
        voice.add(packet, now, codec)
        heard = voice.listen(now, mixed=True)
        assert heard is None or heard <= 0.0


def read_red(data: bytes) -> None:
    """Unwrap redundant and plain packets of a talker in any order, and let the jitter buffer take what they carry."""
    receiver, jitter, highest = RedReceiver(OPUS, RED), JitterBuffer(), -1
    for packet, now in _packets(data):
        packet.payload_type = OPUS if packet.ssrc else RED
        packet.ssrc = 5
        try:
            found = receiver.unwrap(packet, highest)
        except ValueError:
            continue
        if highest < 0 or newer(packet.sequence, highest):
            highest = packet.sequence
        assert sum(len(each.payload) for each in found) <= len(packet.payload)
        assert [each.sequence for each in found] == sorted({each.sequence for each in found}, key=_behind(packet))
        for each in found:
            assert each.payload_type == OPUS
            jitter.add(each, now)
        jitter.pull(now)


def _behind(packet: Packet) -> Callable[[int], int]:
    """Return the key that sorts sequence numbers up to a packet's."""
    return lambda sequence: -((packet.sequence - sequence) & 0xFFFF)


def read_picture(data: bytes) -> None:
    """Decode payloads to pictures; the first byte selects the codec."""
    codec = VIDEO[data[0] % 2 if data else 0]
    decoder = VideoDecoder(codec)
    for start in range(1, len(data), max(1, -(-len(data) // MOST_PICTURES))):
        try:
            picture = decoder.decode(data[start:])
        except ValueError:
            continue
        assert picture is None or picture.width * picture.height <= 1920 * 1088


def read_datagrams(data: bytes) -> None:
    """Read datagrams of peers with the compiled inbox and with its Python twin."""
    sent, client = [], wire.new_client()
    for (sender, secret), body in islice(chunks(data, 2), 20):
        sent.append((SENDERS[sender % len(SENDERS)], wire.encrypted(body, client) if secret % 2 else body))
    sent = [(name, bytes(body)) for name, body in sent if body]
    assert wire.Reader(plain=False).read(sent) == wire.Reader(plain=True).read(sent)


def read_in_step(data: bytes) -> None:
    """Let the compiled inbox and its Python twin take packets of one stream that are in step; after the codec's, each
    chunk's head is the first byte of an RTP header."""
    fed = [FedSource(VIDEO[data[0] % 2 if data else 0], plain=plain) for plain in (False, True)]
    for each in fed:
        each.source.attach(KeepingSink())
    for head, body in islice(chunks(data[1:], 1), 40):
        for each in fed:
            with suppress(Error):  # libsrtp sends no extension that is cut off
                each.send(body, 0x80 | head[0] & 0x3F)
        assert fed[0].read() == fed[1].read()
    taken = [[(packet.sequence, packet.payload, packet.marker) for packet in each.source._pending] for each in fed]
    assert taken[0] == taken[1]
    assert fed[0].stream.octets == fed[1].stream.octets
    for each in fed:
        each.close()


def read_pictures(data: bytes) -> None:
    """Forward payloads of a camera with the compiled loop and with its Python twin."""
    asyncio.run(_sent_alike(data))


async def _sent_alike(data: bytes) -> None:
    """Forward fuzzed packets by the compiled and the Python loop; assert that state and datagrams are the same."""
    flush_queue, mux, sock = FlushQueue(), UdpMux(), loopback()
    viewers = [Viewer(mux, Port(sock, mux.counters), plain=plain) for plain in (False, True)]
    source, sequence, now = VideoSource("one", VIDEO[data[0] % 2 if data else 0], flush_queue), 65_530, 1.0
    for viewer in viewers:
        viewer.forwarder.follow(source, now)
    for (ahead, key), body in islice(chunks(data[1:], 2), 40):
        sequence, now = sequence + (ahead % 4 or 1), now + 0.01
        if ahead & 4:
            for viewer in viewers:
                viewer.forwarder.limit_temporal_layers(LIMITS[ahead >> 3 & 3])
        source.push(Packet(0, sequence & 0xFFFF, round(now * 90_000), 0, bool(key & 2), body, bool(key & 1)))
        flush_queue.flush(now)
        assert viewers[0].state() == viewers[1].state()
        assert waiting(viewers[0].sock) == waiting(viewers[1].sock)
    for each in (sock, *(viewer.sock for viewer in viewers)):
        each.close()


def read_planes(data: bytes) -> None:
    """Halve a picture whose sizes come first; its planes may be too short for them."""
    if len(data) < SIZES.size or not scaler._halve:
        return
    line, width, height = SIZES.unpack_from(data)
    target = tuple(np.zeros((height, width), np.uint8) for _ in range(3))
    with suppress(ValueError):
        scaler._halve((data[SIZES.size :],) * 3, (line,) * 3, target)


def _chunk(head: bytes, body: bytes) -> bytes:
    return head + bytes([len(body)]) + body


def _keyframe(codec: str) -> bytes:
    frame = VideoFrame(64, 64, "yuv420p")
    return VideoEncoder(codec, 64, 64, 25, 50_000).encode(frame, keyframe=True)[0]


_OPUS = OpusEncoder().encode(np.zeros(FRAME_SAMPLES, np.int16))
_TALK = b"".join(_chunk(bytes([129, 136, 2]), _OPUS) for _ in range(5))
_REDUNDANT = b"".join(
    _chunk(bytes([ahead, 136, 2]), write([Block(OPUS, 960, _OPUS)], Block(OPUS, 0, _OPUS)))
    for ahead in (128, 130, 130, 130)
)
_SIP_SOUND = b"".join(_chunk(bytes([129, 136, 2]), bytes(range(160))) for _ in range(5))
_DATAGRAMS = b"".join(_chunk(bytes([0, 1]), one) for one in wire.in_row(96, 7, 9, [wire.LOUD, b"", b"\x90\x41ab"]))
_VP8 = b"".join(_chunk(b"\x01\x03", bytes.fromhex(f"90f0{0x8000 | n:04x}0520") + b"picture") for n in (5, 6, 9))
_LAYERS = b"".join(
    _chunk(bytes([0x25 if n == 12 else 5 if n == 3 else 1, 2]), bytes.fromhex(f"90e0{0x8000 | n:04x}05{layer}") + b"!")
    for n, layer in enumerate(("00", "80", "60", "80") * 4, 1)
)
_IN_STEP = b"".join(
    _chunk(bytes([first]), body)
    for first, body in (
        (0x80, b"\x90\x80\x05\x01picture"),
        (0xA0, b"\x90\x80\x05\x00key\x03\x03\x03"),
        (0x90, b"\xbe\xde\x00\x01\x30\x2a\x00\x00\x7c\x85\x80fragment"),
        (0x80, b"\x78\x00\x02\x67\x42\x00\x02\x65\x80"),
    )
)

MEDIA = {
    "jitter": Target(read_jitter, (_TALK,)),
    "red": Target(read_red, (_REDUNDANT,)),
    "voice": Target(read_voice, (b"\x00" + _TALK, b"\x01" + _SIP_SOUND, b"\x02" + _SIP_SOUND, b"\x03" + _SIP_SOUND)),
    "picture": Target(read_picture, tuple(bytes([at]) + _keyframe(codec) for at, codec in enumerate(VIDEO))),
    "datagrams": Target(read_datagrams, (_DATAGRAMS,)),
    "pictures": Target(read_pictures, (b"\x00" + _VP8, b"\x01" + _VP8, b"\x00" + _VP8 + _LAYERS)),
    "inbound": Target(read_in_step, (b"\x00" + _IN_STEP, b"\x01" + _IN_STEP)),
    "planes": Target(read_planes, (SIZES.pack(16, 8, 2) + bytes(range(64)),)),
}
