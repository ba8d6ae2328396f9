"""Reads how much CPU and memory this process uses."""

import os
import time
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MEMORY = Path("/proc/self/statm")


def process_stats() -> dict[str, float]:
    """Return the seconds of CPU that all threads used so far, and the bytes of resident memory (proc(5))."""
    return {"cpu_s": round(time.process_time(), 3), "memory_bytes": int(_MEMORY.read_text().split()[1]) * _PAGE_BYTES}
