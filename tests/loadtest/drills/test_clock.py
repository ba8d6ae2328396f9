"""The clock of a machine in the drills `worker-clock` and `leader-clock`: libfaketime moves the wall clock alone."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loadtest.drills.clock import LIBRARY, TIMER, clock_file, environment

PROGRAM = """
import asyncio, time
from mediaserver.worker.ticker import Ticker

ticks = []

async def main():
    Ticker(20, lambda: ticks.append(None)).start()
    while len(ticks) < 5:
        await asyncio.sleep(0.02)

asyncio.run(main())
print(time.time(), time.monotonic())
"""


@pytest.mark.parametrize("offset", [300, -300])
def test_a_clock_that_is_off_moves_neither_timers_nor_the_monotonic_clock(tmp_path: Path, offset: int) -> None:
    """A timer that libfaketime shifts fires five minutes later, or at once."""
    library = next(Path("/usr/lib").glob(f"*/{LIBRARY}"))
    assert library.read_bytes().count(TIMER) >= 1
    machine = tmp_path / "media-1"
    environ = {**os.environ, **environment(library, machine)}
    clock_file(machine).write_text(f"{offset:+}")
    began = time.time(), time.monotonic()
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environ, capture_output=True, check=True, timeout=20)
    wall, monotonic = map(float, done.stdout.split())
    ended = time.time(), time.monotonic()
    assert began[0] + offset < wall < ended[0] + offset
    assert began[1] < monotonic < ended[1]
