"""Marks of what sockets of this process send (RFC 2474)."""

import os
import socket
from contextlib import suppress
from pathlib import Path

EF, AF41, CS3 = 46, 34, 24


def mark_of(sock: socket.socket) -> int:
    """Return the mark of what a socket sends."""
    if sock.family == socket.AF_INET6:
        return sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS) >> 2
    return sock.getsockopt(socket.IPPROTO_IP, socket.IP_TOS) >> 2


def marks_towards(host: str, port: int) -> set[int]:
    """Return the marks of what this process sends to an address by its connected sockets."""
    marks = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if not os.readlink(descriptor).startswith("socket:"):
                continue
            with socket.socket(fileno=os.dup(int(descriptor.name))) as held:
                if held.getpeername() == (host, port):
                    marks.add(mark_of(held))
    return marks
