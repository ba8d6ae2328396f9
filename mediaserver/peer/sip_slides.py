"""The slides of a room system: a second video m-line, and the floor by which it asks to show them.

What it sends is a shared screen like a browser's; what others share it gets as slides. Whose slides are shown is
decided elsewhere: the floor only passes that on (:mod:`mediaserver.peer.slides_floor`).
"""

import time
from collections.abc import Callable, Collection
from typing import Any

from mediaserver.api import FloorDecision, RoomOptions, SipLimits
from mediaserver.bfcp.floor_server import Holder
from mediaserver.congestion.downlink import Downlink
from mediaserver.peer.forwarder import Forwarder
from mediaserver.peer.sip_quality import slides_quality
from mediaserver.peer.sip_stream import VIDEO_TYPES, SipVideoStream
from mediaserver.peer.slides_floor import BfcpFloor, SlidesFloor, TokenFloor
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.sdp import sip_write
from mediaserver.sdp.sip_parse import Media
from mediaserver.transport.plain_rtp import PlainPorts
from mediaserver.video.quality import SCREEN_BPS, USUAL


class SipSlides:
    """The slides of one room system, with ports of their own. `asked` hears whether it wants to show its own, `decided`
    what its call has to tell it where that carries its floor control."""

    def __init__(
        self,
        ports: PlainPorts,
        host: str,
        name: str,
        *,
        options: RoomOptions,
        limits: SipLimits,
        flush_queue: FlushQueue,
        asked: Callable[[bool], None],
        decided: Callable[[FloorDecision], None],
        media_hosts: Collection[str] = (),
        theirs: Media | None = None,
    ) -> None:
        """Open the ports: for the m-line `theirs` of floor control, else for an offer of ours. Raises NoPortFree."""
        self._options = options
        self._limits = limits
        self._flush_queue = flush_queue
        downlink = Downlink(SCREEN_BPS, USUAL)
        self.stream = SipVideoStream(ports, host, downlink, name, flush_queue, sip_write.slides_bitrate(limits))
        self.stream.port_pair.media_hosts = media_hosts
        self.floor: SlidesFloor
        try:
            self.floor = (
                TokenFloor(decided) if limits.token else BfcpFloor(ports, host, media_hosts, theirs, limits, asked)
            )
        except Exception:
            self.stream.port_pair.close()
            raise
        self.forwarder: Forwarder | None = None
        """Sends others' slides; None while it takes none."""
        self._step: int | None = None

    def local(self, *, offering: bool) -> dict[str, Any]:
        """Return our side of both m-lines for :class:`mediaserver.sdp.sip_write.Local`, in an answer or an offer."""
        return {
            "slides_port": self.stream.port_pair.port,
            "slides_keys": self.stream.keys,
            "floor_port": self.floor.port,
            "floor": self.floor.describe(offering=offering),
        }

    def apply(self, slides: Media, floor: Media, *, answer: bool, held: bool) -> None:
        """Send to the addresses that the peer named what it takes, and take what it sends; nothing of both on hold."""
        now = time.monotonic()
        self.floor.apply(floor, answer=answer)
        self.stream.aim(slides, VIDEO_TYPES, now)
        self.stream.secure(slides, answer=answer)
        self.stream.taken = slides.sends and not held
        self.forwarder = None
        codec = sip_write.choose_picture(slides)
        self.stream.expect(slides, codec)
        sent = sip_write.choose_sent_picture(slides, self._limits)
        quality = slides_quality(sent, self._options, slides.bitrate, self._limits.slides)
        self.stream.quality = quality if slides.receives and not held else None
        if self.stream.quality is not None:
            repairs = sip_write.repairs(slides, sent)
            self.forwarder = self.stream.send({sent.name: sent.payload_type}, self._flush_queue, repairs)
            self.forwarder.rewriter.decodes_high = sip_write.is_high(sent)
        elif self.stream.forwarder is not None:
            self.stream.forwarder.follow(None, now)

    @property
    def step(self) -> int | None:
        """Return the step of quality in which others' slides are sent; None for none."""
        return None if self.stream.quality is None else self.stream.quality.step

    def quality_changed(self) -> bool:
        """Return whether others' slides are to be sent in another step than when this was called last."""
        before, self._step = self._step, self.step
        return self._step != before

    def show(self, holder: Holder | None, source: Source | None, now: float) -> None:
        """Show others' slides, which come from `source`, and tell the room system whose are shown."""
        self.floor.show(holder, now)
        if self.forwarder is not None:
            self.forwarder.follow(source, now)

    def tick(self, now: float) -> None:
        """Repeat what was not answered in time."""
        self.stream.remind(now)
        self.floor.tick(now)

    def close(self) -> None:
        """Release the port of floor control; the stream is closed with the others."""
        self.floor.close()
