"""What strangers send is read apart: by a process that has little time and memory, and that alone ends of too much.

``python -m scheduler.files.sandboxed_parser table COLUMN…`` or ``… letter`` reads from its input and prints what it
understood, as JSON.
"""

import asyncio
import logging
import math
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from scheduler.files.errors import BadSheet, LineError
from scheduler.inbound_mail import message
from scheduler.inbound_mail.message import OfficialLetter

log = logging.getLogger(__name__)

CPU_SECONDS = 5
MEMORY_BYTES = 512 << 20
PATIENCE_SECONDS = 60.0
"""On a busy machine, and while others wait before it."""
AT_ONCE = 2

Run = Callable[[Sequence[str], bytes], Awaitable[tuple[int, bytes]]]
"""Runs a program to its end with something to read; returns its exit status and what it printed."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of a file, or its faults."""

    rows: list[tuple[int, dict[str, str]]]
    faults: list[LineError]


_TABLE, _LETTER = TypeAdapter(_Table), TypeAdapter(OfficialLetter)


class SandboxedParser:
    """Has files read, few at once."""

    def __init__(self, run: Run) -> None:
        # given
        self._run = run
        # owned
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def table(self, data: bytes, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
        """Return the rows of a file, as `directory.sheets.read` does. Raises BadSheet, also with ``too-large``."""
        printed = await self._read(data, "table", *columns)
        if printed is None:
            raise BadSheet([LineError(1, "", "too-large")])
        table = _TABLE.validate_json(printed)
        if table.faults:
            raise BadSheet(table.faults)
        return table.rows

    async def letter(self, raw: bytes) -> OfficialLetter | None:
        """Return a letter, as `mailroom.letter.read` does; None when it is too large or too complex."""
        printed = await self._read(raw, "letter")
        return None if printed is None else _LETTER.validate_json(printed)

    async def _read(self, data: bytes, *told: str) -> bytes | None:
        """Return what the process printed; None when it did not get to the end."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._gate:
                status, printed = await self._run(
                    (sys.executable, "-m", "scheduler.files.sandboxed_parser", *told), data
                )
        except TimeoutError:
            status, printed = -1, b""
        if status:
            log.warning("x %d bytes could not be read (%s): status %d", len(data), told[0], status)
            return None
        return printed


# The process.


def understood(data: bytes, kind: str, *columns: str) -> bytes:
    """Read a file; return what can be said of it, as JSON."""
    if kind == "letter":
        return _LETTER.dump_json(message.read(data))
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a thread takes memory for each core, which would be all we have
    from scheduler.files import spreadsheet  # noqa: PLC0415 - imports numpy

    try:
        return _TABLE.dump_json(_Table(spreadsheet.read(data, columns), []))
    except BadSheet as bad:
        return _TABLE.dump_json(_Table([], bad.faults))


def _bound() -> None:
    """Ask the kernel for an end (setrlimit(2)), and to be served after everybody else."""
    seconds = math.ceil(time.process_time()) + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)


if __name__ == "__main__":
    _bound()
    try:
        sys.stdout.buffer.write(understood(sys.stdin.buffer.read(), *sys.argv[1:]))
    except MemoryError:
        sys.exit(1)
