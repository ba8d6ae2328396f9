"""The m-line of a room system by which its camera is controlled (RFC 4573): H.224 frames in RTP, both ways."""

import secrets
import time
from collections.abc import Callable

from mediaserver.congestion.downlink import Downlink
from mediaserver.fecc.camera_controller import CameraController
from mediaserver.fecc.h224 import CLOCK
from mediaserver.peer.sip_stream import SipStream
from mediaserver.rtp.packet import HEADER, Packet
from mediaserver.sdp.sip_parse import CAMERA_CONTROL, Media
from mediaserver.sdp.sip_write import choose
from mediaserver.transport.plain_rtp import PlainPorts

_MARKER = 0x80
"""Every frame is whole (RFC 4573)."""


class SipCameraControl(SipStream):
    """Camera control of one room system, on ports of its own. `changed` hears when other things can be controlled."""

    def __init__(self, ports: PlainPorts, host: str, downlink: Downlink, changed: Callable[[], None]) -> None:
        """Open the ports. Raises NoPortFree."""
        super().__init__(ports, host, CLOCK, downlink, ports.dscp.video)
        self.controller = CameraController(self._send, changed)
        self._counters = ports.counters
        self._payload_type = 0
        self._sequence = secrets.randbits(16)

    def apply(self, media: Media, *, answer: bool, held: bool) -> None:
        """Send to the address that the peer named, and take what it sends; nothing of both on hold."""
        now = time.monotonic()
        self._payload_type = choose(media, (CAMERA_CONTROL,)).payload_type
        self.aim(media, {}, now)
        self.secure(media, answer=answer)
        self.taken = media.sends and not held
        if media.receives and not held:
            self.controller.begin(now)
        else:
            self.controller.end()

    def _send(self, frame: bytes) -> None:
        self._sequence = self._sequence + 1 & 0xFFFF
        timestamp = round(time.monotonic() * CLOCK) & 0xFFFFFFFF
        head = HEADER.pack(0x80, _MARKER | self._payload_type, self._sequence, timestamp, self._own_ssrc)
        self.port_pair.send_packet(head + frame)

    def _receive(self, packet: Packet, codec: str, now: float) -> None:
        assert self.receive_stats is not None
        self.receive_stats.receive(packet.sequence)
        if self.controller.receive(packet.payload, now):
            self._counters.camera_requests += 1

    def close(self) -> None:
        """Stop the camera and send RTCP BYE."""
        self.controller.end()
        super().close()
