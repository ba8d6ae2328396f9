"""Measures what forwarding a camera without its upper temporal layers costs, beside all of it.

`python -m loadtest.bench.temporal_layers_cost RECEIVERS ROUNDS` prints CPU microseconds as JSON: for each packet that
is forwarded, with all temporal layers, without the highest, and with the lowest alone, and for each packet that the
camera sends with the lowest alone. They are measured by turns, and the medians taken. Run as a process of its own, as
the media worker is.
"""

import json
import socket
import statistics
import sys
import time
from collections.abc import Iterable

from loadtest.bench.forward_minimum import LoopbackReceiver
from loadtest.bench.seating import VIDEO_PACKET_BYTES, VIDEO_PACKETS_PER_PICTURE
from loadtest.media.clip import FPS
from mediaserver.peer.forwarder import Forwarder
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import VIDEO_CLOCK
from mediaserver.rtp.source import FlushQueue, VideoSource
from mediaserver.transport.peer_path import Counters, PeerPath
from mediaserver.transport.srtp import Outgoing
from mediaserver.transport.udp_mux import Port, UdpMux

PICTURES = 200
BEFORE = 4
"""Pictures before the limit, and before the measurement."""
LAYERS = (0, 2, 1, 2)
"""The temporal layers of four pictures (L1T3): half of them are of the highest, a quarter of the lowest."""
LIMITS = {"all": None, "half": 1, "quarter": 0}
"""The highest temporal layer that is forwarded, by the pictures that this leaves."""


class LoopbackTransport:
    """Sends to a receiver on loopback, by the compiled loop after a source's first packets."""

    def __init__(self, port: Port, counters: Counters) -> None:
        self.receiver = LoopbackReceiver(whole=False)
        self.path = PeerPath(self, counters)
        self.path.open(self.receiver.srtp)
        port.aim(self.path, self.receiver.address)
        self._port = port

    def send(self, packets: Iterable[Outgoing], send_time: int = 0) -> None:
        """Send packets."""
        for data, segment, count in self.receiver.srtp.protect_runs(packets):
            self._port.send_run(data, segment, count, self.receiver.address)

    def send_packet(self, packet: bytes) -> None:
        """Send no padding."""


def _picture(number: int) -> list[Packet]:
    """Return the packets of a picture of one of three temporal layers; the first is a key frame."""
    layer, picture_id = LAYERS[number % len(LAYERS)], 0x8000 | number & 0x7FFF
    descriptor = b"\xe0" + picture_id.to_bytes(2, "big") + bytes([number // len(LAYERS) & 0xFF, layer << 6])
    packets = []
    for part in range(VIDEO_PACKETS_PER_PICTURE):
        payload = bytes([0x80 if part else 0x90]) + descriptor + bytes(VIDEO_PACKET_BYTES - 18)
        sequence, stamp = VIDEO_PACKETS_PER_PICTURE * number + part, VIDEO_CLOCK // FPS * number
        last = part == VIDEO_PACKETS_PER_PICTURE - 1
        packets.append(Packet(96, sequence & 0xFFFF, stamp, 1, last, payload, not number and not part))
    return packets


class Forwarding:
    """A camera that is forwarded to so many receivers on loopback."""

    def __init__(self, sock: socket.socket, receivers: int) -> None:
        mux, self._flush_queue = UdpMux(), FlushQueue()
        port, self._camera = Port(sock, mux.counters), VideoSource("camera", "VP8", self._flush_queue)
        self._transports = [LoopbackTransport(port, mux.counters) for _ in range(receivers)]
        self.forwarders = [Forwarder({"VP8": 96}, VIDEO_CLOCK, transport) for transport in self._transports]
        for forwarder in self.forwarders:
            forwarder.follow(self._camera, 0.0)

    @property
    def packets(self) -> int:
        """Return how many were forwarded."""
        return sum(forwarder.packets for forwarder in self.forwarders)

    def send(self, pictures: range) -> float:
        """Forward pictures of those numbers; return the CPU seconds."""
        spent = 0.0
        for number in pictures:
            self._camera.push(*_picture(number))
            began = time.process_time()
            self._flush_queue.flush(number / FPS)
            spent += time.process_time() - began
            for transport in self._transports:
                transport.receiver.empty()
        return spent

    def close(self) -> None:
        """Close the receivers."""
        for transport in self._transports:
            transport.receiver.socket.close()


def forward_us(receivers: int, limit: int | None) -> tuple[float, float]:
    """Return CPU microseconds for each packet that is forwarded, and for each of the camera's to each receiver."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        forwarding = Forwarding(sock, receivers)
        forwarding.send(range(BEFORE))
        for forwarder in forwarding.forwarders:
            forwarder.limit_temporal_layers(limit)
        forwarding.send(range(BEFORE, 2 * BEFORE))
        before = forwarding.packets
        spent = forwarding.send(range(2 * BEFORE, 2 * BEFORE + PICTURES))
        forwarded = forwarding.packets - before
        forwarding.close()
    return 1e6 * spent / forwarded, 1e6 * spent / (PICTURES * VIDEO_PACKETS_PER_PICTURE * receivers)


def figures(receivers: int, rounds: int) -> dict[str, float]:
    """Return the cost by what is forwarded, measured by turns so many times."""
    runs = [{name: forward_us(receivers, limit) for name, limit in LIMITS.items()} for _ in range(rounds)]
    costs = {name: statistics.median(run[name][0] for run in runs) for name in LIMITS}
    return costs | {"quarter_of_sent": statistics.median(run["quarter"][1] for run in runs)}


if __name__ == "__main__":
    print(json.dumps(figures(*map(int, sys.argv[1:]))))
