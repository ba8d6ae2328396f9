"""A simulcast camera whose packets a test sends one by one."""

from mediaserver.peer.simulcast import SimulcastCamera, SimulcastLayer
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import packetize_vp8
from mediaserver.rtp.source import FlushQueue


class Cameras:
    """A simulcast camera with its layers, and the key frame requests they sent."""

    def __init__(self, *shares: float) -> None:
        self.flush_queue = FlushQueue()
        self.keyframe_requests: list[int] = []
        self.camera = SimulcastCamera()
        self.layers = [
            SimulcastLayer("camera:a", "VP8", self.flush_queue, i, share, self.keyframe_requests.append)
            for i, share in enumerate(shares)
        ]
        for layer in self.layers:
            self.camera.add(layer)
        self.sequences = [0] * len(shares)

    def send(self, at: int, now: float, keyframe: bool = False, skip: int = 0) -> list[int]:
        """Send one picture on a layer, whose payload is the layer's number; return the numbers to request again."""
        self.sequences[at] += skip
        sequence = self.sequences[at]
        self.sequences[at] += 1
        payload = packetize_vp8(str(at).encode(), sequence)[0]
        packet = Packet(96, sequence, sequence * 3600, at, True, payload, keyframe)
        missing = self.layers[at].receive([packet], now)
        self.flush_queue.flush(now)
        return missing
