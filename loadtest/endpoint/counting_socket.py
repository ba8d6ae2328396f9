"""Counts what a thousand receivers get, in one socket, without decrypting or splitting it.

Each receiver joins with a socket of its own, bound to an address of the loopback network (127.0.0.0/8) and to one port
for all. Then it hands over to the counting socket, which is bound to that port at all addresses. Segmented messages
arrive whole (UDP_GRO), many are read with one system call, and all packets of a batch are counted at once.
"""

import ctypes
import errno
import os
import socket

import numpy as np
import numpy.typing as npt

from loadtest.endpoint.receive_counters import HEADER, StreamCounters

UDP_GRO = 104
"""From linux/udp.h; Python's socket module does not name it."""
_RCVBUFFORCE = 33
"""From asm-generic/socket.h."""
BUFFER_BYTES = 256 << 20
"""Socket buffer for several pictures to all receivers, if the kernel allows it (root); else up to net.core.rmem_max."""
BATCH, MESSAGE_BYTES = 256, 1 << 16
_MSG_DONTWAIT = 0x40
_RTCP = (192, 224)
"""The second bytes of RTCP packets (RFC 5761 §4)."""

_MESSAGE = np.dtype(
    {
        "names": ["name", "namelen", "iov", "iovlen", "control", "controllen", "flags", "length"],
        "formats": ["u8", "u4", "u8", "u8", "u8", "u8", "i4", "u4"],
        "offsets": [0, 8, 16, 24, 32, 40, 48, 56],
        "itemsize": 64,
    }
)
"""struct mmsghdr of 64-bit Linux (recvmmsg(2))."""
_CONTROL = np.dtype([("length", "u8"), ("level", "i4"), ("type", "i4"), ("segment", "i4"), ("padding", "i4")])
"""struct cmsghdr with the size of the segments (udp(7))."""

Numbers = npt.NDArray[np.int64]


class CountingSocket:
    """Counts the packets of registered streams that arrive at a port of any local address."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, BUFFER_BYTES)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._socket.bind(("", 0))
        self.port: int = self._socket.getsockname()[1]
        self._data = np.zeros((BATCH, MESSAGE_BYTES), np.uint8)
        self._vectors = np.zeros((BATCH, 2), np.uint64)
        self._vectors[:, 0] = self._data.ctypes.data + MESSAGE_BYTES * np.arange(BATCH, dtype=np.uint64)
        self._vectors[:, 1] = MESSAGE_BYTES
        self._controls = np.zeros(BATCH, _CONTROL)
        self._messages = np.zeros(BATCH, _MESSAGE)
        self._messages["iov"] = self._vectors.ctypes.data + self._vectors.strides[0] * np.arange(BATCH, dtype=np.uint64)
        self._messages["iovlen"] = 1
        self._messages["control"] = self._controls.ctypes.data + _CONTROL.itemsize * np.arange(BATCH, dtype=np.uint64)
        self._recvmmsg = ctypes.CDLL(None, use_errno=True).recvmmsg
        self._ssrcs: Numbers = np.zeros(0, np.int64)
        """The registered SSRCs, sorted; the arrays that follow are in their order."""
        self._base = self._highest = self._packets = self._frames = self._ssrcs
        """The first and the highest sequence number of each stream (-1 before the first packet), and its counts."""

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def register(self, ssrc: int) -> None:
        """Count the stream of this SSRC, too, from zero."""
        at = np.searchsorted(self._ssrcs, ssrc)
        self._ssrcs = np.insert(self._ssrcs, at, ssrc)
        self._base, self._highest = (np.insert(numbers, at, -1) for numbers in (self._base, self._highest))
        self._packets, self._frames = (np.insert(numbers, at, 0) for numbers in (self._packets, self._frames))

    def read(self) -> None:
        """Count what waits in the socket."""
        got = BATCH
        while got == BATCH:
            self._messages["controllen"] = _CONTROL.itemsize
            got = self._recvmmsg(
                self._socket.fileno(), ctypes.c_void_p(self._messages.ctypes.data), BATCH, _MSG_DONTWAIT, None
            )
            if got < 0:
                if ctypes.get_errno() in (errno.EAGAIN, errno.EINTR):
                    return
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            self._take(got)

    def _take(self, got: int) -> None:
        """Count all packets of so many messages."""
        lengths = self._messages["length"][:got].astype(np.int64)
        segmented = self._messages["controllen"][:got] > 0
        segments = np.where(segmented, self._controls["segment"][:got], np.maximum(lengths, 1))
        counts = -(-lengths // segments)
        message = np.repeat(np.arange(got), counts)
        number = np.arange(len(message)) - np.repeat(np.cumsum(counts) - counts, counts)
        start = number * segments[message]
        whole = start + HEADER.size <= lengths[message]
        at = message[whole] * MESSAGE_BYTES + start[whole]
        heads = self._data.reshape(-1)[at[:, None] + np.arange(HEADER.size)].astype(np.int64)
        heads = heads[(heads[:, 0] >> 6 == 2) & ((heads[:, 1] < _RTCP[0]) | (heads[:, 1] >= _RTCP[1]))]
        ssrcs = heads[:, 8] << 24 | heads[:, 9] << 16 | heads[:, 10] << 8 | heads[:, 11]
        known = np.isin(ssrcs, self._ssrcs)
        stream = np.searchsorted(self._ssrcs, ssrcs)
        self._count(stream[known], heads[known, 2] << 8 | heads[known, 3], heads[known, 1] >> 7)

    def _count(self, stream: Numbers, sequence: Numbers, marked: Numbers) -> None:
        """Count packets of known streams; one with the marker bit ends a picture."""
        new = self._highest[stream] < 0
        first_of, first = np.unique(stream[new], return_index=True)
        self._base[first_of] = self._highest[first_of] = sequence[new][first]
        highest = self._highest[stream]
        ahead = ((sequence - highest + 0x8000) & 0xFFFF) - 0x8000
        np.maximum.at(self._highest, stream, highest + ahead)
        np.add.at(self._packets, stream, 1)
        np.add.at(self._frames, stream, marked)

    @property
    def packets(self) -> int:
        """Packets that arrived."""
        return int(self._packets.sum())

    @property
    def expected(self) -> int:
        """Packets that were sent, by their sequence numbers."""
        return int((self._highest - self._base + 1)[self._base >= 0].sum())

    def least(self, ssrcs: list[int]) -> int:
        """Return the pictures that arrived in the stream with the fewest of these."""
        return int(self._frames[np.searchsorted(self._ssrcs, ssrcs)].min())

    def update(self, counters: StreamCounters) -> None:
        """Bring the counters of a stream up to date, for its next receiver report."""
        at = np.searchsorted(self._ssrcs, counters.ssrc)
        if self._packets[at]:
            counters.set(int(self._base[at]), int(self._highest[at]), int(self._packets[at]))
