"""Enlarges the kernel's buffers of a UDP socket: what comes between two polls must fit, or is lost."""

import socket
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SocketBuffer:
    """One of the two buffers: the kernel's limit (sysctl net.core), the option that it limits, and the option of root
    that goes beyond it (`SO_*BUFFORCE`, socket(7), asm-generic/socket.h)."""

    limit: str
    option: int
    force: int


RECEIVE = SocketBuffer("rmem_max", socket.SO_RCVBUF, 33)
SEND = SocketBuffer("wmem_max", socket.SO_SNDBUF, 32)


def widen(sock: socket.socket, buffer: SocketBuffer, size: int) -> int:
    """Enlarge a buffer to `size` bytes, or as far as is allowed; return what it has then, of which the kernel's own
    records take about half."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, buffer.force, size)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, buffer.option, size)
    return sock.getsockopt(socket.SOL_SOCKET, buffer.option)
