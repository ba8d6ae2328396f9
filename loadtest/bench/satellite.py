"""`python -m loadtest.bench.satellite`: measures what a satellite leaves of a meeting's sound, with RED and without.

Listeners behind an emulated line of 600 ms round trip that loses a tenth of the packets both ways join a room in which
one talks; every second one takes redundant sound (RFC 2198). They join one after another, and are then measured at the
same time, on the same line.
"""

import asyncio
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from loadtest.bench.worker_harness import WorkerRoom, bench_room
from loadtest.endpoint.network_emulator import NetworkEmulator
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.load.meter import quantile
from loadtest.media.clip import Material
from loadtest.media.tone import PACKET_SAMPLES, encode_tone
from mediaserver.rtp import red
from mediaserver.rtp.packet import parse

DELAY_S, LOSS = 0.3, 0.1
PATH_BPS = 50e6
"""All listeners share the emulated line."""
LISTENERS = 6
SETTLE_S, MEASURED_S = 10.0, 40.0
LONGEST_S = 20.0
"""Longest join in seconds."""
TONE = Material(encode_tone(440), lambda _codec, _layers: ())
HEADERS_BYTES = 40
"""RTP, UDP and IP in front of a payload."""


@dataclass(slots=True)
class HeardFrames:
    """Notes which frames of the mix came, by their timestamps, whichever packet carried them."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    packets: set[int] = field(default_factory=set)
    """Timestamps of the packets that came."""
    frames: set[int] = field(default_factory=set)
    octets: int = 0

    def packet(self, codec: str, data: memoryview, length: int, _received_at: float) -> bool:
        """Take one packet; no key frame is needed."""
        packet, _ = parse(data, length)
        self.began.set()
        self.octets += len(packet.payload) + HEADERS_BYTES
        blocks = red.parse(packet.payload) if codec == "red" else [red.Block(packet.payload_type, 0, packet.payload)]
        self.packets.add(packet.timestamp)
        self.frames |= {(packet.timestamp - block.offset) & 0xFFFFFFFF for block in blocks}
        return False

    def forget(self) -> None:
        """Forget what came so far."""
        self.packets.clear()
        self.frames.clear()
        self.octets = 0

    def shares(self) -> tuple[float, float, float]:
        """Return the shares of frames that came in a packet of their own, in any, and those or the one after them,
        whose FEC is of them."""
        start = min(self.packets)
        if max(self.packets) - start > 1 << 31:  # they began anew meanwhile
            start = min(each for each in self.packets if each > 1 << 31)
        count = max((each - start) & 0xFFFFFFFF for each in self.packets) // PACKET_SAMPLES + 1
        due = [(start + number * PACKET_SAMPLES) & 0xFFFFFFFF for number in range(count)]
        after = [(each + PACKET_SAMPLES) & 0xFFFFFFFF for each in due]
        mended = sum(a in self.frames or b in self.frames for a, b in zip(due, after, strict=True))
        return (
            sum(each in self.packets for each in due) / count,
            sum(each in self.frames for each in due) / count,
            mended / count,
        )


@dataclass(slots=True)
class Listener:
    """One listener: whether it takes RED, what it heard, and how long it took to join in seconds."""

    takes_red: bool
    heard: HeardFrames
    joined_s: float


async def run() -> list[Listener]:
    """Measure all listeners at once."""
    async with bench_room() as room:
        talker = await room.seat(TONE, OfferOptions(camera=False, picture=False), floor=True)
        with NetworkEmulator(talker.server, PATH_BPS) as emulator:
            emulator.delay_s, emulator.loss = DELAY_S, LOSS
            listeners = [await _join(room, emulator, takes_red=bool(number % 2)) for number in range(LISTENERS)]
            await asyncio.sleep(SETTLE_S)
            for each in listeners:
                each.heard.forget()
            await asyncio.sleep(MEASURED_S)
            emulator.loss = 0.0
            return listeners


async def _join(room: WorkerRoom, emulator: NetworkEmulator, *, takes_red: bool) -> Listener:
    heard, since = HeardFrames(), time.monotonic()
    offered = OfferOptions(camera=False, picture=False, red=takes_red)
    listener = await room.seat(TONE, offered, visible=False, watcher=heard, emulator=emulator)
    listener.sending.mic = False
    async with asyncio.timeout(LONGEST_S):
        await heard.began.wait()
    return Listener(takes_red, heard, time.monotonic() - since)


def table(listeners: Iterable[Listener]) -> str:
    """Return the figures as a table in Markdown."""
    rows = [
        "| sound | packets that came | frames that came | with FEC | kbit/s | join p50, s | p95, s |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    found = list(listeners)
    for takes_red in (False, True):
        chosen = [each for each in found if each.takes_red is takes_red]
        shares = [sum(each) / len(chosen) for each in zip(*(each.heard.shares() for each in chosen), strict=True)]
        kbps = sum(each.heard.octets for each in chosen) * 8 / len(chosen) / MEASURED_S / 1000
        joins = sorted(each.joined_s for each in chosen)
        cells = [*(f"{100 * share:.1f} %" for share in shares), f"{kbps:.0f}"]
        cells += [f"{quantile(joins, share):.1f}" for share in (0.5, 0.95)]
        rows.append("| " + " | ".join(["with RED" if takes_red else "plain", *cells]) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table(asyncio.run(run())), file=sys.stdout)
