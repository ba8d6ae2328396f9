"""The media of scripted room systems: two of them see and hear each other, also on other ports at another address."""

import asyncio

import pytest

from loadtest.media.perception import sees
from loadtest.rooms.descriptions import RTX
from loadtest.rooms.h264_profile import BASELINE, HIGH
from loadtest.rooms.lossy_line import LossyLine
from loadtest.rooms.plain_media import H264, PlainMedia, plain_clip
from mediaserver.rtp import rtcp
from mediaserver.rtp.packet import HEADER
from mediaserver.rtp.rtx import RtxStream
from tests.loadtest.rooms.waiting import until

BLUE, RED, GREEN, YELLOW = (0, 0, 255), (255, 0, 0), (0, 255, 0), (255, 255, 0)


async def test_two_see_and_hear_each_other_and_one_moves() -> None:
    one = PlainMedia("127.0.1.1", 880, BLUE, GREEN, spare_host="127.0.2.1")
    other = PlainMedia("127.0.1.2", 440, RED, GREEN)
    await one.open()
    await other.open()
    try:
        one.send_to(other.description)
        other.send_to(one.description)
        await until(lambda: sees(one.seen(), RED) and one.hears(440) and other.hears(880))
        assert not one.hears(880) and not sees(other.seen(), RED)
        other.show(YELLOW)
        await until(lambda: sees(one.seen(), YELLOW))
        took_ms = await one.keyframe_ms()
        assert took_ms is not None and took_ms < 10_000

        later = {**one.ports, **one.spare_ports}
        one.stop()
        assert one.seen() is None and not one.hears(440)
        await one.move()
        assert (one.ports, one.host, one.spare_host) == (later, "127.0.2.1", "127.0.1.1")
        other.send_to(one.description)
        one.send_to(other.description)
        await until(lambda: sees(one.seen(), YELLOW) and one.hears(440))
    finally:
        await one.close()
        await other.close()


async def test_what_ended_its_sender_is_told_at_the_end_of_the_call() -> None:
    class Unreportable(LossyLine):
        def block(self, ssrc: int) -> rtcp.Block:
            raise ValueError("a share of 256")

    media = PlainMedia("127.0.1.1", 880, BLUE, GREEN)
    await media.open()
    try:
        media.send_to(media.description)
        media.line = Unreportable(2)
        assert media._sending is not None
        await asyncio.wait([media._sending], timeout=10)
        with pytest.raises(ValueError, match="256"):
            media.stop()
    finally:
        await media.close()


async def test_a_packet_that_comes_again_by_rtx_is_the_one_that_was_lost() -> None:
    media, repairs = PlainMedia("127.0.1.1", 880, BLUE, GREEN), RtxStream({H264: RTX}, 9, 0)
    await media.open()
    try:
        media.send_to(media.description)
        line = media.line = LossyLine(2)
        pictures = [frame.payloads for frame in plain_clip(RED, high=True).frames[:4]]
        sent = [(at, n + 1 == len(each), payload) for at, each in enumerate(pictures) for n, payload in enumerate(each)]
        for number, (at, last, payload) in enumerate(sent):
            original = last << 7 | H264, number, 3600 * at, 7, payload
            for second, sequence, timestamp, ssrc, data in (original, repairs.wrap(original)):
                media.receive("video", HEADER.pack(0x80, second, sequence, timestamp, ssrc) + data)
        assert (line.lost, line.again, line.repairs) == (len(sent) // 2,) * 3
        assert (media.torn, media.picture.faults, media.profiles) == (0, 0, {HIGH})
        assert sees(media.seen(), RED)
        media.stop()
        media.receive("video", HEADER.pack(0x80, RTX, 0, 0, 9) + b"\0\0late")
        media.receive("video", HEADER.pack(0x80, H264, 0, 0, 8) + plain_clip(RED).frames[0].payloads[0])
        assert media.profiles == {BASELINE}
    finally:
        await media.close()
