"""Parses untrusted files in a child process that is limited to 5 s of CPU and 512 MiB of memory.

A file that needs more ends the child, not the server. ``python -m scheduler.files.sandboxed_parser MODULE ARGUMENT…``
reads a file from its input and prints what `MODULE.parse(data, *arguments)` returns.
"""

import asyncio
import logging
import math
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module

log = logging.getLogger(__name__)

CPU_SECONDS = 5
MEMORY_BYTES = 512 << 20
PATIENCE_SECONDS = 60.0
"""The longest wait for a result, on a busy machine and with other files before it."""
AT_ONCE = 2

Run = Callable[[Sequence[str], bytes], Awaitable[tuple[int, bytes]]]
"""Runs a program with some input to its end; returns its exit status and its output."""


class SandboxedParser:
    """Parses files in child processes, at most `AT_ONCE` at a time."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def run(self, module: str, data: bytes, *arguments: str) -> bytes | None:
        """Return the result of `parse(data, *arguments)` of a module; None if the child failed or took too long."""
        argv = (sys.executable, "-m", "scheduler.files.sandboxed_parser", module, *arguments)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._gate:
                status, printed = await self._run(argv, data)
        except TimeoutError:
            status, printed = -1, b""
        if status:
            log.warning("x %d bytes could not be parsed by %s: status %d", len(data), module, status)
            return None
        return printed


# The child.


def parse(data: bytes, module: str, *arguments: str) -> bytes:
    """Return the result of a module's `parse`. This runs in the child."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a thread takes memory for each core, which would be all we have
    parsed: bytes = import_module(module).parse(data, *arguments)
    return parsed


def _bound() -> None:
    """Limit this process's CPU time and memory (setrlimit(2)), and lower its priority."""
    seconds = math.ceil(time.process_time()) + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)


if __name__ == "__main__":
    _bound()
    try:
        sys.stdout.buffer.write(parse(sys.stdin.buffer.read(), *sys.argv[1:]))
    except MemoryError:
        sys.exit(1)
