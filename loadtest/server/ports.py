"""Ports that are chosen before they are bound: of servers that read theirs from a setting, and of room systems.

Each process has blocks of its own, below the numbers that the kernel gives to outgoing sockets (32,768 and above), so
that neither another process nor a chance socket takes one between its choice and its use.
"""

import atexit
import contextlib
import os
import socket
from dataclasses import dataclass, field
from functools import cache
from typing import Final

BLOCK_SIZE: Final = 400
BLOCKS: Final = range(12_000, 20_000, BLOCK_SIZE)
"""The first ports of the blocks; room systems have those above (:mod:`loadtest.rooms.baresip`)."""
LOOPBACK: Final = "127.0.0.1"


@dataclass
class PortBlock:
    """The ports from `first` on; a socket on the last one keeps the block from other processes."""

    first: int
    holder: socket.socket
    _next: int = field(default=0, init=False)

    @property
    def size(self) -> int:
        """The number of ports that can be used."""
        return BLOCK_SIZE - 1

    def free(self, host: str = LOOPBACK, count: int = 1) -> int:
        """Return the first of `count` ports that nobody has at an address, by UDP or TCP; each time the next ones.

        Raises OSError where there are none.
        """
        for _ in range(self.size):
            if self._next + count > self.size:
                self._next = 0
            port = self.first + self._next
            self._next += count
            if all(_is_free(host, each) for each in range(port, port + count)):
                return port
        raise OSError("no port of the block is free")


def take_block() -> PortBlock:
    """Return a block that no other process has, until this one ends. Raises OSError where all are taken."""
    for first in BLOCKS:
        holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            holder.bind((LOOPBACK, first + BLOCK_SIZE - 1))
        except OSError:
            holder.close()
        else:
            atexit.register(holder.close)
            return PortBlock(first, holder)
    raise OSError("every block of ports is taken")


def free_port(host: str = LOOPBACK, count: int = 1) -> int:
    """Return the first of `count` ports that nobody has at an address, by UDP or TCP."""
    return _own_block().free(host, count)


def worker_ports(host: str = LOOPBACK) -> int:
    """Return the first of as many ports as a server has media workers on this machine."""
    return free_port(host, os.cpu_count() or 1)


@cache
def _own_block() -> PortBlock:
    return take_block()


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.ExitStack() as sockets:
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                sockets.enter_context(socket.socket(family, kind)).bind((host, port))
        except OSError:
            return False
    return True
