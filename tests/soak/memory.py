"""The C library and the resident memory of this process, for soak tests."""

import ctypes
import os
from pathlib import Path

LIBC = ctypes.CDLL(None)


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
