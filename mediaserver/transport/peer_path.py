"""The path of one peer's packets (keys, address), and the inbox of a worker, which finds the path of each datagram.

`native/` does the same several times faster; this Python version is used where that was not compiled, and documents it.
"""

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mediaserver.rtp.inbound_stream import InboundStream, plain_take
from mediaserver.rtp.packet import Packet, parse
from mediaserver.transport import stun
from mediaserver.transport.ice import Address
from mediaserver.transport.receive_time import receive
from mediaserver.transport.srtp import CALLS, Srtp, receive_view

MAX_SSRCS = 64
"""SSRCs under which one peer may send, packets and reports together. A browser with a microphone, three layers, a
screen, all their retransmissions and an SSRC of its own for reports has about ten; Firefox names one more for each
m-line that receives a tile.

libsrtp copies its keys for each SSRC that it opens a packet of, and looks through all of them for every packet: with
30,000, one participant could make one packet cost 0.8 ms. Packets under further SSRCs are dropped before they are
opened; only an SSRC that could be opened counts, so that nobody else can use them up. None is ever given up for
another: libsrtp would forget the packets received under it, and accept a recording of them again (RFC 3711 §3.3.2).
Nobody is locked out by this, since every offer makes a new path.
"""
MAX_READ = 1024
"""Datagrams read per poll of a socket, so that timers get their turn under a flood."""


@dataclass(slots=True)
class Counters:
    """Datagrams and bytes through the port since start."""

    packets_in: int = 0
    bytes_in: int = 0
    packets_out: int = 0
    bytes_out: int = 0
    strangers: int = 0
    """Datagrams from addresses that no peer validated."""
    malformed: int = 0
    """Unreadable RTP packets of peers."""
    excess: int = 0
    """Packets of peers under more SSRCs than allowed."""
    undecryptable: int = 0
    """Packets of room systems that could not be decrypted: forged, repeated, not encrypted, or of another key."""
    camera_requests: int = 0
    """Messages of room systems that would move a camera of ours: there is none."""
    refused: int = 0
    """Datagrams the kernel did not take: dropped, never queued."""
    lost_in: int = 0
    """RTP packets of peers that had not come when a report on them was due."""
    lost_out: int = 0
    """RTP packets of ours that peers reported as lost."""
    repeated: int = 0
    """RTP packets of pictures that were sent again unasked, to peers on long lines that lose much."""


class PlainPeerPath:
    """One peer's keys and address. `owner` gets the incoming packets; `heard` is the time of the last one in
    seconds."""

    def __init__(self, owner: Any, counters: Counters) -> None:
        self.owner = owner
        self.heard = 0.0
        self.level_id = 0
        """Id of the header extension with a microphone's level (RFC 6464), which is read from each packet; 0 for
        none."""
        self.pace = 0.0
        """Bit/s at which all paced streams together are sent (:mod:`mediaserver.congestion.pacer`)."""
        self.level = 0.0
        """Bytes of theirs estimated to be in the link's queue, at `level_time`."""
        self.level_time = 0.0
        self.waiting = 0
        """How many of them have packets that wait for their turn: later ones must wait behind them."""
        self.srtp: Srtp | None = None
        self.unsegmented = False
        """True when the kernel takes no segmented messages to its address: the route's MTU is too small, or it does not
        know them."""
        self.streams: dict[int, InboundStream] = {}
        """Registered streams by SSRC."""
        self._ssrcs: set[int] = set()
        self._aimed: tuple[socket.socket, Address] | None = None

    def open(self, srtp: Srtp) -> None:
        """Take the keys of a finished handshake."""
        self.srtp = srtp

    def admits(self, ssrc: int) -> bool:
        """Return whether a packet under that SSRC may be opened."""
        return ssrc in self._ssrcs or len(self._ssrcs) < MAX_SSRCS

    def opened(self, ssrc: int) -> None:
        """Count an SSRC under which a packet was opened."""
        self._ssrcs.add(ssrc)

    def register(self, ssrc: int, stream: InboundStream) -> None:
        """Let the inbox take packets of a stream that are in step; the SSRC is one under which a packet was opened."""
        self.streams[ssrc] = stream

    def aim(self, sock: socket.socket, address: Address) -> None:
        """Send to `address` from `sock` from now on; only the compiled loop sends by itself."""
        if self._aimed != (sock, address):
            self._aimed, self.unsegmented = (sock, address), False

    def close(self) -> None:
        """Stop sending and receiving."""
        self.owner = self.srtp = self._aimed = None
        self.streams.clear()


Item = tuple[Any, Any, Any, float]
"""A STUN message as (None, bytes, address); a DTLS record or a decrypted RTCP packet as (owner, bytes, None); decrypted
RTP packets that are not in step as (owner, packets, header extensions of the first by local id): as many consecutive
ones of one stream as came in a row, of which only the first has extensions beside its level. The last element is the
time at which it (the first) came."""


TAKEN: Item = None, [], None, 0.0
"""Stands for a packet that was taken because it was in step."""


class PlainInbox:
    """Knows the path of each address, and the kind of each datagram (RFC 7983 §7). `packet` is the class of RTP
    packets."""

    def __init__(self, counters: Counters, packet: type[Packet]) -> None:
        self._counters = counters
        self._paths: dict[Address, PlainPeerPath] = {}
        self._looks = 0

    def route(self, address: Address, path: PlainPeerPath) -> None:
        """Assign what comes from `address` to the path."""
        self._paths[address] = path

    def forget(self, address: Address, path: PlainPeerPath) -> None:
        """Remove an address, if it is assigned to the path."""
        if self._paths.get(address) is path:
            del self._paths[address]

    def __len__(self) -> int:
        """Return how many addresses are routed."""
        return len(self._paths)

    def read(self, sock: socket.socket, now: float) -> list[Item]:
        """Read what waits in `sock`, at most `MAX_READ` datagrams; datagrams that belong to no path are counted."""
        self._looks += 1
        items: list[Item] = []
        media = TAKEN
        for _ in range(MAX_READ):
            try:
                length, address, received_at = receive(sock, now)
            except OSError:
                break
            if length:
                self._counters.packets_in += 1
                self._counters.bytes_in += length
                item = self._item(length, address, now, received_at)
                if item is TAKEN:
                    media = TAKEN  # what follows is not in a row with the run before
                    continue
                if item is None or _extends_run(media, item):
                    continue
                items.append(item)
                if isinstance(item[1], list):
                    media = item
        return items

    def _item(self, length: int, address: Address, now: float, received_at: float) -> Item | None:
        first = receive_view[0]
        if stun.is_stun(first):
            return None, bytes(receive_view[:length]), address, received_at
        path = self._paths.get(address)
        if path is None or path.owner is None:
            self._counters.strangers += 1
            return None
        path.heard = now
        if 128 <= first < 192:
            return self._media(path, length, received_at)
        return (path.owner, bytes(receive_view[:length]), None, received_at) if 20 <= first < 64 else None

    def _media(self, path: PlainPeerPath, length: int, received_at: float) -> Item | None:
        if path.srtp is None or length < 12:
            return None
        report = 192 <= receive_view[1] < 224  # RFC 5761 §4
        ssrc = int.from_bytes(receive_view[4:8] if report else receive_view[8:12])
        if not path.admits(ssrc):
            self._counters.excess += 1
            return None
        plain = path.srtp.unprotect_rtcp(length) if report else path.srtp.unprotect(length)
        if not plain:
            return None
        path.opened(ssrc)
        if report:
            return path.owner, bytes(receive_view[:plain]), None, received_at
        return self._packet(path, plain, received_at)

    def _packet(self, path: PlainPeerPath, length: int, received_at: float) -> Item | None:
        """Return the item of an RTP packet; None when it is malformed."""
        try:
            packet, extensions = parse(receive_view, length)
        except ValueError:
            self._counters.malformed += 1
            return None
        if level := extensions.pop(path.level_id, b""):
            packet.level = level[0] & 0x7F
        stream = path.streams.get(packet.ssrc)
        if stream is not None and plain_take(stream, packet, received_at, self._looks):
            return TAKEN
        return path.owner, [packet], extensions, received_at


def _extends_run(media: Item, item: Item) -> bool:
    """Add an item to the run of packets that it continues; return False if it continues none."""
    owner, run, *_ = media
    if not run or item[0] is not owner or not isinstance(item[1], list) or item[2]:
        return False
    last, packet = run[-1], item[1][0]
    before = last.ssrc, last.payload_type, (last.sequence + 1) & 0xFFFF
    if (packet.ssrc, packet.payload_type, packet.sequence) != before:
        return False
    run.append(packet)
    return True


def _load() -> tuple[Any, Any]:
    try:
        from mediaserver import _packet_io  # noqa: PLC0415 - optional: compiled at installation where that is possible
    except ImportError:
        return PlainPeerPath, PlainInbox
    _packet_io.use(*CALLS)
    return _packet_io.PeerPath, _packet_io.Inbox


if TYPE_CHECKING:
    PeerPath = PlainPeerPath
    Inbox = PlainInbox
else:
    PeerPath, Inbox = _load()
