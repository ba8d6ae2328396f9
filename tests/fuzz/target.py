"""A parser under test, and its limit of CPU time: a slow input is a crash too, because it blocks the server."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

ReadInput = Callable[[bytes], None]

ONE_IN = 16
"""One of so many inputs is also read at the greatest real length, where slow parsing shows."""
SECONDS = 0.5
"""CPU seconds that an input may take in the server's process."""
SANDBOXED_SECONDS = 5.0
"""CPU seconds for parsers that run in a sandboxed process, which is ended when it takes too long."""


class TooSlow(Exception):
    """An input took longer than it may."""


@dataclass(frozen=True, slots=True)
class Target:
    """A parser, its seeds, the bytes of its longest real input (0: not tried), and the CPU seconds it may take."""

    read: ReadInput
    seeds: tuple[bytes, ...]
    max_bytes: int = 0
    seconds: float = SECONDS

    def check(self, data: bytes) -> None:
        """Read an input; one in `ONE_IN` also with a part of it repeated to `max_bytes`. Raises TooSlow."""
        self._timed(data)
        if data and len(data) < self.max_bytes and crc32(data) % ONE_IN == 0:
            self._timed(_longer(data, self.max_bytes))

    def _timed(self, data: bytes) -> None:
        began = time.process_time()
        self.read(data)
        spent = time.process_time() - began
        if spent > self.seconds:
            raise TooSlow(f"{spent:.2f} s for {len(data)} bytes")


def _longer(data: bytes, max_bytes: int) -> bytes:
    """Repeat a part of `data`, chosen by a checksum of it, until it has `max_bytes` bytes."""
    start, end = sorted((crc32(data[::2]) % len(data), crc32(data[::3]) % len(data)))
    part = data[start : end + 1]
    return data[:start] + part * ((max_bytes - len(data)) // len(part) + 1) + data[end + 1 :]
