"""SRTP (RFC 3711) without copies: packets are protected and unprotected where they lie.

pylibsrtp's own calls copy every packet twice and allocate on the way; its cffi handles let libsrtp work directly on the
buffer the socket reads into and the one it sends from. The loop thread alone uses these buffers.
"""

from collections.abc import Iterable
from struct import Struct

from pylibsrtp import Session

from mediaserver.transport.libsrtp import context, ffi, lib

RECEIVE_BYTES = 2048
SEND_BYTES = 64_000
"""Below the largest UDP datagram (65,507), the limit of one segmented send."""
MAX_SEGMENTS = 64
"""The kernel's own limit for UDP_SEGMENT (UDP_MAX_SEGMENTS before Linux 6.6)."""

_receive = ffi.new("unsigned char[]", RECEIVE_BYTES)
_send = ffi.new("unsigned char[]", SEND_BYTES + RECEIVE_BYTES)
_length = ffi.new("int *")

receive_view = memoryview(ffi.buffer(_receive)).cast("B")
"""The buffer that sockets write a datagram into before :meth:`Srtp.unprotect`."""
send_view = memoryview(ffi.buffer(_send)).cast("B")
"""The buffer in which :meth:`Srtp.protect_runs` leaves the packets to send."""

CALLS = tuple(
    int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))
    for name in ("srtp_protect", "srtp_unprotect", "srtp_unprotect_rtcp")
)
"""Addresses of these functions, for the compiled loops."""

_HEADER = Struct("!BBHII")

Outgoing = tuple[int, int, int, int, bytes]
"""Payload type with the marker as its top bit, sequence number, timestamp, SSRC, payload."""


class Srtp:
    """The SRTP sessions of one peer, both directions."""

    def __init__(self, tx: Session, rx: Session) -> None:
        # kept, since libsrtp's memory lives as long as they do
        self._sessions = (tx, rx)
        self._tx = context(tx)
        self._rx = context(rx)
        self.addresses = int(ffi.cast("uintptr_t", self._tx)), int(ffi.cast("uintptr_t", self._rx))
        """The addresses of libsrtp's two sessions, for the compiled loops; valid as long as this object
        lives."""

    def unprotect(self, length: int) -> int:
        """Decrypt the RTP packet in `receive_view`; return its plain length in bytes, 0 when it is not from this
        peer."""
        _length[0] = length
        return _length[0] if lib.srtp_unprotect(self._rx, _receive, _length) == 0 else 0

    def unprotect_rtcp(self, length: int) -> int:
        """Decrypt the RTCP packet in `receive_view`; return its plain length in bytes, 0 when it is not from this
        peer."""
        _length[0] = length
        return _length[0] if lib.srtp_unprotect_rtcp(self._rx, _receive, _length) == 0 else 0

    def protect(self, packet: bytes) -> memoryview:
        """Return a protected RTP packet, header extensions included, valid until the next call."""
        size = len(packet)
        send_view[:size] = packet
        _length[0] = size
        if lib.srtp_protect(self._tx, _send, _length) != 0:
            return send_view[:0]
        return send_view[: _length[0]]

    def protect_rtcp(self, packet: bytes) -> memoryview:
        """Return a protected RTCP compound packet, valid until the next call."""
        size = len(packet)
        send_view[:size] = packet
        _length[0] = size
        if lib.srtp_protect_rtcp(self._tx, _send, _length) != 0:
            return send_view[:0]
        return send_view[: _length[0]]

    def protect_runs(
        self, packets: Iterable[Outgoing], extension: bytes = b""
    ) -> Iterable[tuple[memoryview, int, int]]:
        """Protect packets one behind the other; yield runs ready for one segmented send each.

        `extension` is a whole header extension (RFC 8285) that every packet gets, in multiples of four bytes.

        A run is (bytes, segment size, packets): all segments have one size but the last, which may be shorter. The
        bytes are valid until the next step.
        """
        at = count = size = segment = 0
        closed = False
        first, head = (0x90, 12 + len(extension)) if extension else (0x80, 12)
        for second, sequence, timestamp, ssrc, payload in packets:
            plain = head + len(payload)
            if count and (closed or plain > size or count == MAX_SEGMENTS or at + plain > SEND_BYTES):
                yield send_view[:at], segment, count
                at = count = 0
            _HEADER.pack_into(send_view, at, first, second, sequence, timestamp, ssrc)
            if extension:
                send_view[at + 12 : at + head] = extension
            send_view[at + head : at + plain] = payload
            _length[0] = plain
            if lib.srtp_protect(self._tx, _send + at, _length) != 0:
                continue
            if not count:
                size, segment, closed = plain, _length[0], False
            else:
                closed = plain < size
            at += _length[0]
            count += 1
        if count:
            yield send_view[:at], segment, count
