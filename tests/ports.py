"""Port numbers that tests name. Each process of the tests has its own block, below the numbers that the kernel gives to
outgoing sockets (32,768 and above), so neither another process nor a chance socket holds one of them."""

import socket
from typing import Final

BLOCK_SIZE: Final = 200


def _take_block() -> tuple[int, socket.socket]:
    """Return the first port of a block and the socket that holds the block's last port as long as this process runs."""
    for first in range(12_000, 32_000, BLOCK_SIZE):
        lock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            lock.bind(("127.0.0.1", first + BLOCK_SIZE - 1))
        except OSError:
            lock.close()
        else:
            return first, lock
    raise RuntimeError("every block of ports is taken")


FIRST_PORT, _LOCK = _take_block()
"""An even number. The block's last port is taken; the others are free."""
