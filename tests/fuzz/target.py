"""A parser under test, and how long it may take: a slow input is a crash too, as nobody else is served then."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

Read = Callable[[bytes], None]

ONE_IN = 16
"""So many inputs are read at the length of real ones too: what is slow is so when there is much of it."""
SECONDS = 0.5
SANDBOXED_SECONDS = 5.0
"""For what a process of its own reads, and ends of."""


class TooSlow(Exception):
    """An input took longer than it may."""


@dataclass(frozen=True, slots=True)
class Target:
    """How a parser reads, inputs to begin with, the bytes of the longest real one, and the CPU seconds it may take."""

    read: Read
    seeds: tuple[bytes, ...]
    max_bytes: int = 0
    seconds: float = SECONDS

    def check(self, data: bytes) -> None:
        """Read an input, and some of them with a part of it said over and over. Raises TooSlow."""
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
    """Say a part of `data` again until it has `max_bytes` bytes; which one comes of the data itself."""
    here, there = sorted((crc32(data[::2]) % len(data), crc32(data[::3]) % len(data)))
    part = data[here : there + 1]
    return data[:here] + part * ((max_bytes - len(data)) // len(part) + 1) + data[there + 1 :]
