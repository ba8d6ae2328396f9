"""Priorities of the processes that make files of recordings: meetings come first.

Where the kernel shares out by sessions (sched_autogroup_enabled, sched(7)), niceness and SCHED_IDLE count within a
session alone, and two sessions get the same. So a process that leads a session lowers that, too.
"""

import os
from contextlib import suppress
from pathlib import Path

NICE = 10
"""Of what somebody waits for: a tenth of a core that is busy otherwise."""
IDLE_NICE = 19


def lower() -> None:
    """Give this process the priority of work that somebody waits for."""
    _nice(NICE)


def lower_to_idle() -> None:
    """Let this process compute, read and write when nothing else wants to."""
    _nice(IDLE_NICE)
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _nice(nice: int) -> None:
    os.nice(nice)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # the kernel does not share out by sessions
            Path("/proc/self/autogroup").write_text(str(nice))
