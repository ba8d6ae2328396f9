"""Tests of renditions: the composed picture as packets."""

import pytest

from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import depayload, is_keyframe, vp8_descriptor
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.video.rendition import Rendition
from tests.mediaserver.pictures import RED, coded


class KeepingSink:
    def __init__(self) -> None:
        self.packets: list[Packet] = []

    stream = None

    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        self.packets += packets


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_pictures_become_packets_numbered_without_end(codec: str) -> None:
    flush_queue, kept = FlushQueue(), KeepingSink()
    rendition = Rendition(codec, flush_queue)
    rendition.attach(kept)
    frames = coded(codec, RED, 4)
    for frame in frames:
        rendition.publish(frame.data, frame.keyframe, frame.timestamp)
    flush_queue.flush(0.0)
    packets = kept.packets
    assert [p.sequence for p in packets] == list(range(len(packets)))
    assert [p.timestamp for p in packets if p.marker] == [frame.timestamp for frame in frames]
    assert [i for i, p in enumerate(packets) if p.keyframe] == [0]
    assert is_keyframe(codec, packets[0].payload)
    whole = b"".join(depayload(codec, p.payload) for p in packets)
    assert whole.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01") == b"".join(f.data for f in frames).replace(
        b"\x00\x00\x00\x01", b"\x00\x00\x01"
    )
    if codec == "VP8":
        assert [vp8_descriptor(p.payload).picture_id for p in packets if p.marker] == [0, 1, 2, 3]


def test_a_key_frame_is_wanted_first_and_after_each_request() -> None:
    rendition = Rendition("VP8", FlushQueue())
    assert [rendition.take_keyframe(0.0), rendition.take_keyframe(0.0)] == [True, False]
    rendition.request_keyframe(0.0)
    assert [rendition.take_keyframe(0.0), rendition.take_keyframe(0.0)] == [True, False]


def test_a_picture_the_encoder_left_out_is_no_packet() -> None:
    flush_queue, kept = FlushQueue(), KeepingSink()
    rendition = Rendition("H264", flush_queue)
    rendition.attach(kept)
    rendition.publish(b"", False, 0)
    flush_queue.flush(0.0)
    assert kept.packets == []


def test_a_wish_that_came_too_soon_is_remembered() -> None:
    rendition = Rendition("VP8", FlushQueue())
    assert rendition.take_keyframe(0.0)
    for now in (1.0, 1.1):
        rendition.request_keyframe(now)
    assert [rendition.take_keyframe(now) for now in (1.1, 1.2, 1.4, 1.5, 1.6)] == [True, False, False, True, False]
    rendition.publish(b"a picture", True, 0)
    assert not rendition.take_keyframe(9.0)
