"""Runs work without pauses, or in the rhythm in which media arrive.

A core that sleeps between two steps does the next one with a slow clock and with caches that others have filled; on a
virtual machine that can double its time. A limit for what runs in that rhythm has to be measured in it, too.
"""

import time
from collections.abc import Iterator


def paced(count: int, every_s: float) -> Iterator[int]:
    """Yield numbers from 0; each at its multiple of `every_s` seconds, at once if that is 0."""
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number * every_s - time.monotonic()))
        yield number
