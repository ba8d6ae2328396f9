"""The slides of a room system: a second video m-line, and the BFCP m-line by which it asks to show them (RFC 8856).

What it sends is a shared screen like a browser's; what others share it gets as slides. Whose slides are shown is
decided elsewhere: the floor control server only passes that on.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mediaserver.api import RoomOptions
from mediaserver.bfcp.floor_server import FloorServer, Holder
from mediaserver.congestion.downlink import Downlink
from mediaserver.peer.forwarder import Forwarder
from mediaserver.peer.sip_stream import VIDEO_TYPES, SipVideoStream
from mediaserver.rtp.payload import SINGLE_NAL
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.sdp import bfcp, sip_write
from mediaserver.sdp.bfcp import FloorControl
from mediaserver.sdp.h264 import DecoderLimits
from mediaserver.sdp.sip_parse import Media
from mediaserver.transport.plain_rtp import PlainPorts
from mediaserver.video.quality import LARGE, SCREEN_BPS, SLIDES, STEPS, USUAL

_BEST_FIRST = (LARGE, SLIDES, USUAL, 1, 0)
"""Steps of quality; text needs pixels before it needs pictures per second."""
BITRATE_SHARE = 1.1
"""Factor by which a step's bitrate may exceed the limit, since an encoder stays below its bound."""


def slides_step(limits: DecoderLimits, options: RoomOptions, bitrate: int | None, codec: str) -> int | None:
    """Return the best step of quality of slides that a decoder takes; None if it takes none.

    `bitrate` is its limit in bit/s. One that states none, and one that takes slices only, get no 1080p30.
    """
    for step in _BEST_FIRST:
        quality = STEPS[step]
        size = round(options.width * quality.share), round(options.height * quality.share)
        fps = (quality.fps or options.fps) / quality.every
        carried = quality.bitrate <= BITRATE_SHARE * (STEPS[SLIDES].bitrate if bitrate is None else bitrate)
        if limits.takes(*size, fps) and carried and not (step == LARGE and codec == SINGLE_NAL):
            return step
    return None


class SipSlides:
    """The slides of one room system, with ports of their own. `asked` hears whether it wants to show its own."""

    def __init__(
        self,
        ports: PlainPorts,
        host: str,
        name: str,
        *,
        options: RoomOptions,
        flush_queue: FlushQueue,
        asked: Callable[[bool], None],
        theirs: Media | None = None,
    ) -> None:
        """Open the ports: for the BFCP m-line `theirs`, else for an offer of ours. Raises NoPortFree."""
        self._options = options
        self._flush_queue = flush_queue
        control = None if theirs is None else theirs.floor
        self.control: FloorControl = bfcp.OFFERED if control is None else bfcp.respond(control)
        """Our side of the BFCP m-line."""
        self._protocol = bfcp.UDP if theirs is None else theirs.protocol
        downlink = Downlink(SCREEN_BPS, USUAL)
        self.stream = SipVideoStream(ports, host, downlink, name, flush_queue, most=sip_write.SLIDES_BPS)
        reliable = self._protocol == bfcp.TCP
        try:
            self.floor_port = ports.open_floor(
                host, self._receive, reliable=reliable, passive=self.control.setup != "active"
            )
        except Exception:
            self.stream.port_pair.close()
            raise
        self._server = FloorServer(
            self.control.confid, self.control.floor, reliable=reliable, send=self.floor_port.send, asked=asked
        )
        self.forwarder: Forwarder | None = None
        """Sends others' slides; None while it takes none."""
        self.step = USUAL

    def _receive(self, data: bytes) -> None:
        self._server.receive(data)

    def suits(self, floor: Media) -> bool:
        """Return whether a BFCP m-line can be answered with these ports."""
        return floor.protocol == self._protocol and floor.floor is not None

    @property
    def local(self) -> dict[str, Any]:
        """Return our side of both m-lines for :class:`mediaserver.sdp.sip_write.Local`."""
        return {
            "slides_port": self.stream.port_pair.port,
            "slides_keys": self.stream.keys,
            "floor_port": self.floor_port.port,
            "floor": self.control,
        }

    def apply(self, slides: Media, floor: Media, *, answer: bool, held: bool) -> None:
        """Send to the addresses that the peer named what it takes, and take what it sends; nothing of both on hold."""
        now = time.monotonic()
        self.floor_port.aim(floor.host, floor.port)
        if not answer and floor.floor is not None:
            self.control = replace(self.control, connection=floor.floor.connection)
        self.stream.aim(slides, VIDEO_TYPES, now)
        self.stream.secure(slides, answer=answer)
        self.stream.taken = slides.sends and not held
        self.stream.feedback = slides.feedback
        self.forwarder = None
        codec = sip_write.choose_picture(slides)
        assert codec.limits is not None
        step = slides_step(codec.limits, self._options, slides.bitrate, codec.name)
        if slides.receives and not held and step is not None:
            self.step = step
            self.forwarder = self.stream.send({codec.name: codec.payload_type}, self._flush_queue)
        elif self.stream.forwarder is not None:
            self.stream.forwarder.follow(None, now)

    def show(self, holder: Holder | None, source: Source | None, now: float) -> None:
        """Show others' slides, which come from `source`, and tell the room system whose are shown."""
        self._server.show(holder, now)
        if self.forwarder is not None:
            self.forwarder.follow(source, now)

    def refuse(self, now: float) -> None:
        """Refuse to show the slides that it asked to show."""
        self._server.refuse(now)

    def tick(self, now: float) -> None:
        """Repeat what was not answered in time."""
        self.stream.remind(now)
        self._server.tick(now)

    def close(self) -> None:
        """Release the port of floor control; the stream is closed with the others."""
        self.floor_port.close()
