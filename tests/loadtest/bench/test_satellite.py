"""Packets and frames that listeners behind a satellite heard, and a short measurement with real joins."""

import pytest

from loadtest.bench import satellite
from loadtest.bench.satellite import HeardFrames, Listener, table
from mediaserver.rtp.packet import HEADER
from mediaserver.rtp.red import Block, write


@pytest.mark.parametrize("first", [5, 0xFFFFFFFF - 2 * 960])
async def test_a_frame_counts_whichever_packet_carried_it(first: int) -> None:
    heard = HeardFrames()

    def come(number: int, codec: str, payload: bytes) -> None:
        data = HEADER.pack(0x80, 111, number, (first + number * 960) & 0xFFFFFFFF, 1) + payload
        assert not heard.packet(codec, memoryview(data), len(data), 0.0)

    come(0, "opus", b"0")
    come(2, "red", write([Block(111, 960, b"1")], Block(111, 0, b"2")))
    come(4, "opus", b"4")
    come(7, "opus", b"7")
    assert heard.shares() == (4 / 8, 5 / 8, 7 / 8)
    assert heard.octets == 4 * 40 + 1 + 7 + 1 + 1
    heard.forget()
    assert (heard.frames, heard.octets, heard.began.is_set()) == (set(), 0, True)


async def test_listeners_with_and_without_red_are_measured_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("LISTENERS", 2), ("SETTLE_S", 0.1), ("MEASURED_S", 0.8), ("DELAY_S", 0.01), ("LOSS", 0.0)):
        monkeypatch.setattr(satellite, name, value)
    found = await satellite.run()
    assert [each.takes_red for each in found] == [False, True]
    head, _, plain, with_red = (row.split(" | ") for row in table(found).splitlines())
    assert (len(head), plain[0], with_red[0]) == (7, "| plain", "| with RED")
    assert all(isinstance(each, Listener) and each.heard.packets for each in found)
