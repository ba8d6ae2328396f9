"""The numbers of one outgoing RTP stream, and the loop that sends packets to all sinks in step with a source.

`native/` does the same several times faster; this Python version is used where that was not compiled, and documents it.
"""

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

HIGHEST_LAYER = 3
"""The highest id of a temporal layer, which has two bits (RFC 7741 §4.2)."""
MAX_RUNS = 64
"""Runs of packets between others that were left out, whose numbers are remembered: some seconds of a camera that is
sent without its upper temporal layers, about as many as its source can repeat."""

Run = tuple[int, int, int, int]
"""Packets of the current source between two that were left out: where it begins and ends, as `sent` counts; the offsets
of their sequence numbers and picture ids."""


class PlainOutboundStream:
    """One outgoing RTP stream: the offsets to add to its source's numbers, and its progress.

    `source` is the source whose packets the fast loop may send by itself, without calling the stream's owner: None
    until the owner has sent the source's first.
    """

    def __init__(self) -> None:
        self.source: Any = None
        self.path: Any = None
        """The path to the peer, a :class:`mediaserver.transport.peer_path.PeerPath`."""
        self.payload_type = 0
        self.ssrc = 0
        self.send_time = 0
        """The id of the header extension with the absolute send time; 0 for none."""
        self.switching = False
        """Whether the next packet is the first of a new source."""
        self.sequence_offset = 0
        self.timestamp_offset = 0
        self.next_sequence = 0
        self.sent = 0
        """Sequence numbers given to the current source so far, holes counted."""
        self.last_timestamp = 0
        self.last_time = 0.0
        self.newest: Any = None
        """The last packet sent that was not padding alone; None before the first."""
        self.packets = 0
        self.octets = 0
        self.pictures = 0
        """Packets with a marker: of a picture the last one has it (RFC 6184 §5.1, RFC 7741 §4.1)."""
        self.paced = False
        """Whether its packets may have to wait for the link, with those of the peer's other paced streams
        (:mod:`mediaserver.congestion.pacer`); sound never does."""
        self.moving = False
        """Whether the payloads are VP8 and the offsets below are added to their ids (RFC 7741 §4.2)."""
        self.picture_offset = 0
        self.tl0_offset = 0
        self.last_picture = -1
        """The newest picture's id as it was sent; −1 before the first that had one."""
        self.last_tl0 = -1
        self.layer_limit = HIGHEST_LAYER
        """No temporal layer above this one is begun (:mod:`mediaserver.rtp.temporal_layers`)."""
        self.layer_forwarded = HIGHEST_LAYER
        """The highest temporal layer that is forwarded now. The fast loop leaves out others where `moving` is set."""
        self.layer_seen = 0
        """The highest temporal layer that was seen while some may have been left out."""
        self.left_out = -1
        """The id of the picture last left out; −1 for none."""
        self.runs = deque[Run](maxlen=MAX_RUNS)
        """The runs before the current one, oldest first."""
        self.run_begin = 0
        """Where the current run begins, as `sent` counts."""


class Sink(Protocol):
    """Takes packets."""

    @property
    def stream(self) -> PlainOutboundStream | None:
        """Return the stream it sends, if it sends one."""


_S = TypeVar("_S", bound=Sink)


def plain_fan_out(source: object, sinks: list[_S], packets: Sequence[object], now: float) -> list[_S]:
    """Prepare `packets` for every sink whose stream is in step with `source`; return the sinks still to be served.

    :func:`plain_send` sends the prepared packets, with one system call for many sources.
    """
    return sinks.copy()


def plain_send_prepared() -> None:
    """Send the prepared packets."""


def _load() -> tuple[Any, Any, Any]:
    try:
        from mediaserver import _packet_io  # noqa: PLC0415 - optional: compiled at installation where that is possible
    except ImportError:
        return PlainOutboundStream, plain_fan_out, plain_send_prepared
    return _packet_io.OutboundStream, _packet_io.fan_out, _packet_io.send_prepared


if TYPE_CHECKING:
    OutboundStream = PlainOutboundStream
    fan_out = plain_fan_out
    send_prepared = plain_send_prepared
else:
    OutboundStream, fan_out, send_prepared = _load()
