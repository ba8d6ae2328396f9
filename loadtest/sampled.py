"""A media worker that notes where it is after each millisecond of CPU: `python -m loadtest.sampled FILE …`.

The stacks are written to FILE when it ends, one a line with its count, as flame graphs are made of. Compiled loops and
system calls count for the Python function that calls them.
"""

import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

from mediaserver.__main__ import main

INTERVAL_S = 0.001

_stacks: Counter[str] = Counter()


def _note(_number: int, frame: FrameType | None) -> None:
    names: list[str] = []
    while frame is not None:
        names.append(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_qualname}")
        frame = frame.f_back
    _stacks[";".join(reversed(names))] += 1


if __name__ == "__main__":
    target = Path(sys.argv.pop(1))
    signal.signal(signal.SIGPROF, _note)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_S, INTERVAL_S)
    main()
    signal.setitimer(signal.ITIMER_PROF, 0)
    target.write_text("".join(f"{stack} {count}\n" for stack, count in _stacks.items()))
