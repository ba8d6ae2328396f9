"""Reads CPU seconds and memory of a process tree and of the machine from /proc (Linux)."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since start, of living processes and reaped children; resident memory in bytes."""

    cpu_s: float
    rss_bytes: int


ARENA_BYTES = 64 * 1024 * 1024
"""Glibc's `HEAP_MAX_SIZE`: the parts of an arena begin at multiples of this."""
_MAPPING = re.compile(r"([0-9a-f]+)-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)")


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident bytes of a process: all, its share of them where others map the same, and all by kinds of mappings."""

    rss_bytes: int
    pss_bytes: int
    kinds: dict[str, int]
    """`heap`: what `malloc` gave the main thread; `arenas`: what it gave other threads; `mapped`: large allocations,
    stacks, what Python's own allocator has; `files`: programs and libraries."""


def memory(pid: int, proc: Path = PROC) -> Memory:
    """Return the memory of one process (proc(5) smaps). Raises OSError if it is gone or another user's."""
    kinds, kind, share = dict.fromkeys(("heap", "arenas", "mapped", "files"), 0), "mapped", 0
    for line in (proc / str(pid) / "smaps").read_text().splitlines():
        if mapping := _MAPPING.fullmatch(line):
            kind = _kind(int(mapping[1], 16), mapping[2])
        elif line.startswith("Rss:"):
            kinds[kind] += int(line.split()[1]) * 1024
        elif line.startswith("Pss:"):
            share += int(line.split()[1]) * 1024
    return Memory(sum(kinds.values()), share, kinds)


def _kind(start: int, name: str) -> str:
    """Return the kind of a mapping; an arena right above a large allocation may have become one mapping with it."""
    if name == "[heap]":
        return "heap"
    if name.startswith("/"):
        return "files"
    return "mapped" if start % ARENA_BYTES else "arenas"


def usage(pid: int, proc: Path = PROC) -> Usage:
    """Return the sum over a process and all its descendants."""
    pids = tree(pid, proc)
    return Usage(sum(cpu_seconds(p, proc) for p in pids), sum(_rss_bytes(p, proc) for p in pids))


def processes(pid: int, proc: Path = PROC) -> dict[int, Usage]:
    """Return the usage of a process and of each living descendant."""
    return {p: Usage(cpu_seconds(p, proc), _rss_bytes(p, proc)) for p in tree(pid, proc)}


def command(pid: int, proc: Path = PROC) -> list[str]:
    """Return the command line of a process; empty if it is gone."""
    try:
        return (proc / str(pid) / "cmdline").read_text().split("\0")[:-1]
    except OSError:
        return []


def idle_seconds(proc: Path = PROC) -> float:
    """Return how long all cores together have been idle since boot (proc(5) stat: idle and iowait)."""
    fields = (proc / "stat").read_text().split(maxsplit=6)
    return (int(fields[4]) + int(fields[5])) / TICKS_PER_S


def tree(pid: int, proc: Path = PROC) -> list[int]:
    """Return a process and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in proc.iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name), proc)):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, at = [pid], 0
    while at < len(found):
        found += children.get(found[at], [])
        at += 1
    return found


def cpu_seconds(pid: int, proc: Path = PROC) -> float:
    """Return user and system time of one process and of its ended children; 0 if it is gone."""
    fields = _stat(pid, proc)
    return sum(map(int, fields[11:15])) / TICKS_PER_S if fields else 0.0


def running_seconds(pid: int, proc: Path = PROC) -> float:
    """Return how long the living threads of one process have run, to the nanosecond (proc(5) schedstat)."""
    threads = (proc / str(pid) / "task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def _rss_bytes(pid: int, proc: Path) -> int:
    try:
        status = (proc / str(pid) / "status").read_text()
    except OSError:
        return 0
    line = next((text for text in status.splitlines() if text.startswith("VmRSS:")), "VmRSS: 0 kB")
    return int(line.split()[1]) * 1024


def _stat(pid: int, proc: Path) -> list[str]:
    """Return the fields of proc(5) stat after the name, which may hold blanks and brackets: [0] is the state."""
    try:
        return (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
