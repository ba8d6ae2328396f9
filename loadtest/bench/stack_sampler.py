"""Runs a media worker and samples its stack 1000 times a second: `python -m loadtest.bench.stack_sampler FILE …`.

The stacks are written to FILE when it ends, one a line with its count, as flame graphs need them. Samples are taken at
random times, because the worker itself works at regular times; samples of a sleeping worker are not counted. Compiled
loops and system calls count for the Python function that calls them.
"""

import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from mediaserver.__main__ import main

MEAN_S = 0.001
SWITCH_S = 0.00005
"""Switch interval of the interpreter in seconds; with the usual 5 ms a sample would find every stack at its end."""
ASLEEP = "runners.Runner.run"
"""The top function while the event loop waits."""

_stacks: Counter[str] = Counter()


def _sample_forever(thread: int) -> None:
    while True:
        time.sleep(random.uniform(0, 2 * MEAN_S))
        _count_stack(sys._current_frames()[thread])


def _count_stack(frame: FrameType | None) -> None:
    names: list[str] = []
    while frame is not None:
        names.append(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_qualname}")
        frame = frame.f_back
    if names[0] != ASLEEP:
        _stacks[";".join(reversed(names))] += 1


if __name__ == "__main__":
    target = Path(sys.argv.pop(1))
    sys.setswitchinterval(SWITCH_S)
    threading.Thread(target=_sample_forever, args=(threading.get_ident(),), daemon=True).start()
    main()
    target.write_text("".join(f"{stack} {count}\n" for stack, count in list(_stacks.items())))
