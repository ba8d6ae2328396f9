"""A line that loses packets: each third one once, of which a receiver report tells; and one that is mended."""

from itertools import groupby

import pytest

from loadtest.rooms.lane import LOSES_EVERY, WIDENS_S
from loadtest.rooms.lossy_line import LossyLine
from mediaserver.congestion.reported_rate import ReportedRate
from mediaserver.rtp import rtcp
from mediaserver.video.quality import QUALITIES, USUAL


def test_each_third_packet_is_lost_once() -> None:
    line = LossyLine(3)
    came = [line.carries(number & 0xFFFF, 0.0) for number in range(65_534, 65_540)]
    assert came == [True, True, False, True, True, False]
    assert line.block(7) == rtcp.Block(7, 85, 2, 0x10003, 0, 0, 0)  # a third is 85.3 of 256
    assert (line.carries(0, 0.1), line.carries(3, 0.3)) == (True, True)
    assert (line.lost, line.again, line.repairs, line.slowest_s) == (2, 2, 0, 0.3)
    assert [line.carries(number, 0.0) for number in (4, 5)] == [True, True]
    assert line.block(7) == rtcp.Block(7, 0, 2, 0x10005, 0, 0, 0)


def test_packets_that_come_again_in_a_stream_of_their_own_are_counted_once() -> None:
    line = LossyLine(2)
    assert [line.carries(number, 0.0) for number in range(6)] == [True, False] * 3
    assert [line.carries(number, 0.0, repair=True) for number in (1, 1, 4, 3)] == [True] * 4
    assert line.carries(5, 0.0)
    assert (line.lost, line.again, line.repairs) == (3, 3, 2)
    assert [line.carries(number, 0.0) for number in (6, 7)] == [True, False]


def test_the_share_lost_has_eight_bits_where_the_only_packet_was_lost() -> None:
    line = LossyLine(2)
    line.carries(0, 0.0)
    line.block(7)
    line.carries(1, 0.0)
    assert line.block(7).fraction_lost == 255
    assert rtcp.receiver_report(1, [line.block(7)])[8:12] == (7).to_bytes(4, "big")  # nothing came since: no share


@pytest.mark.parametrize(
    ("mended", "due"),
    [
        (2, [(USUAL, 1), (USUAL - 1, 17), (USUAL, 42)]),
        (9, [(USUAL, 1), (USUAL - 1, 2), (USUAL - 2, 21), (USUAL - 1, 15), (USUAL, 21)]),
    ],
)
def test_a_mended_line_is_reported_until_the_picture_has_grown_again(mended: int, due: list[tuple[int, int]]) -> None:
    line, fps = LossyLine(LOSES_EVERY), 25
    rate = ReportedRate([(each.bitrate, fps / each.every) for each in QUALITIES[: USUAL + 1]])
    steps = []
    for second in range(60):  # a packet has one small picture
        if second == mended:
            line.mend()
        for number in range(fps):
            line.carries(fps * second + number, float(second))
        block = line.block(7)
        rate.lost(block.fraction_lost / 256, block.highest_sequence, float(second))
        steps.append(rate.step)
    assert [(step, len(list(seconds))) for step, seconds in groupby(steps)] == due
    assert 60 - mended - due[-1][1] < WIDENS_S
