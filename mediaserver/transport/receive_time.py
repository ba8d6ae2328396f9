"""Receive times of datagrams by the kernel's clock: sockets are polled only every few milliseconds.

`native/clock.c` does the same for many at once.
"""

import contextlib
import socket
import time
from struct import Struct

from mediaserver.transport.ice import Address
from mediaserver.transport.srtp import receive_view

_SO_TIMESTAMPNS = 35
"""From asm-generic/socket.h; Python's socket module does not name it."""
_TIMESPEC = Struct("@qq")
MAX_AGE_S = 1.0
"""A datagram that seems older came while the wall clock was being set."""


def note(sock: socket.socket) -> None:
    """Let the kernel note when each datagram of `sock` comes; where it cannot, the time of reading counts.

    That also holds for the moment after the machine's first socket asked.
    """
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def receive(sock: socket.socket, now: float) -> tuple[int, Address, float]:
    """Read one datagram into `receive_view`; return its length, its sender, and its time in seconds on the clock of
    `now`.

    Raises OSError when none waits.
    """
    length, notes, _, address = sock.recvmsg_into([receive_view], socket.CMSG_SPACE(_TIMESPEC.size))
    return length, address[:2], _receive_time(notes, now)


def _receive_time(notes: list[tuple[int, int, bytes]], now: float) -> float:
    for level, kind, data in notes:
        if (level, kind, len(data)) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS, _TIMESPEC.size):
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            received_at = seconds + nanoseconds * 1e-9 + time.monotonic() - time.time()
            return received_at if now - MAX_AGE_S <= received_at <= now else now
    return now
