"""Port numbers that tests name, in a block of each process of the tests, and ports at which nobody listens."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from loadtest.server.ports import LOOPBACK, take_block

_BLOCK = take_block()
FIRST_PORT = _BLOCK.first
"""An even number. It and those above are free."""


@contextmanager
def refusing() -> Iterator[tuple[str, int]]:
    """Yield an address at which nobody takes connections as long as the block lasts."""
    with socket.socket() as bound:
        bound.bind((LOOPBACK, 0))
        yield bound.getsockname()
