"""Paces work: without pauses, or at the rate at which media arrive.

A core that sleeps between two steps does the next one with a slow clock and with cold caches; on a virtual machine that
can double its time. So the least cost of paced work has to be measured at its pace, too.
"""

import time
from collections.abc import Iterator


def paced(count: int, every_s: float) -> Iterator[int]:
    """Yield 0 to `count` - 1, each at its multiple of `every_s` seconds, without pauses if that is 0."""
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number * every_s - time.monotonic()))
        yield number
