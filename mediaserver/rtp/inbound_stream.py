"""The numbers of one incoming RTP stream, and those of its packets that the inbox takes by itself.

`native/` does the same several times faster; this Python version is used where that was not compiled, and documents it.
"""

from typing import TYPE_CHECKING, Any

from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import is_keyframe

ACTIVE_S = 1.5
"""Seconds without a packet after which a stream counts as off: browsers stop layers that their link cannot carry."""
MAX_PENDING = 256
"""Packets one batch may bring for a source; a flood beyond that is dropped, oldest first."""


class PlainInboundStream:
    """One incoming RTP stream: its receive statistics (RFC 3550 appendix A.3), and where its packets go.

    A packet is in step when it has the next number and nothing must be decided about it: then the inbox counts it and
    hands it to the source that it was told of with :meth:`feed`, without calling the stream's owner.
    """

    def __init__(self) -> None:
        self.received = 0
        self.octets = 0
        """Bytes of payload."""
        self.highest = -1
        """The highest sequence number; −1 before the first packet."""
        self.base = 0
        """The first sequence number."""
        self.cycles = 0
        """How often the numbers began anew."""
        self.heard = -ACTIVE_S
        """When the last packet came, in seconds."""
        self.steady = False
        """Whether the inbox may take packets. Its owner sets it once a packet was valid, and clears it when one was
        not, or to see each of them."""
        self.payload_type = 0
        self.look = 0
        """The last reading of the sockets that brought a packet for the owner, which also gets those behind it."""
        self.source: Any = None
        self.vp8 = False
        self.sinks: list[Any] = []
        self.pending: list[Packet] = []
        self.cache: list[Packet | None] = []
        self.flush_queue: list[Any] = []
        self.relay: Any = None
        """The :class:`mediaserver.audio.voice_relay.VoiceRelay` that must take its packets, if it is a voice that may
        be heard."""

    def feed(
        self,
        source: object,
        codec: str,
        sinks: list[Any],
        pending: list[Packet],
        cache: list[Packet | None],
        flush_queue: list[Any],
    ) -> None:
        """Hand packets that are in step to a video source, in the lists that are its own; without one they are only
        counted."""
        self.source, self.vp8, self.sinks, self.pending = source, codec == "VP8", sinks, pending
        self.cache, self.flush_queue = cache, flush_queue

    def flush(self, now: float) -> None:
        """Send the source's waiting packets to its sinks: the same as its own flush, without a call where all are in
        step."""
        if self.source is not None:
            self.source.flush(now)


def plain_take(stream: PlainInboundStream, packet: Packet, came: float, look: int) -> bool:
    """Take a packet that came at `came` seconds if it is in step; return False when the stream's owner must see it.

    Then the owner sees all of the same `look` behind it, too.
    """
    in_step = stream.look != look and _in_step(stream, packet, came)
    if not in_step or not (stream.relay is None or stream.relay.take(packet, came)):
        stream.look = look
        return False
    stream.received += 1
    stream.octets += len(packet.payload)
    stream.cycles += packet.sequence < stream.highest
    stream.highest, stream.heard = packet.sequence, came
    if stream.source is not None:
        stream.cache[packet.sequence % len(stream.cache)] = packet
        if stream.sinks:
            if not stream.pending:
                stream.flush_queue.append(stream)
            stream.pending.append(packet)
    return True


def _in_step(stream: PlainInboundStream, packet: Packet, came: float) -> bool:
    """Return whether a packet follows the last one, and changes nothing: a key frame ends requests for one, and a
    stream that was off begins anew."""
    return (
        stream.steady
        and packet.payload_type == stream.payload_type
        and packet.sequence == (stream.highest + 1) & 0xFFFF
        and came - stream.heard < ACTIVE_S
        and (stream.source is None or (len(stream.pending) < MAX_PENDING and not _begins_keyframe(stream, packet)))
    )


def _begins_keyframe(stream: PlainInboundStream, packet: Packet) -> bool:
    return is_keyframe("VP8" if stream.vp8 else "H264", packet.payload)


def _load() -> Any:
    try:
        from mediaserver import _packet_io  # noqa: PLC0415 - optional: compiled at installation where that is possible
    except ImportError:
        return PlainInboundStream
    return _packet_io.InboundStream


if TYPE_CHECKING:
    InboundStream = PlainInboundStream
else:
    InboundStream = _load()
