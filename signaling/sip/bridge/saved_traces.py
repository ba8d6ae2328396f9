"""The messages of devices' newest calls in the data folder, where the server that starts next finds them."""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from signaling.sip.protocol.trace import SavedCall, Trace

log = logging.getLogger(__name__)

MOST: Final = 200
"""Calls that are saved of each trace, the newest ones."""
MOST_CHARACTERS: Final = 4_000_000
"""Of those calls."""
SAVED_FOR: Final = timedelta(days=30)
_CALLS = TypeAdapter(list[list[SavedCall]])


class SavedTraces:
    """The file of some traces. They have neither codes nor passwords nor keys, and no calls of strangers are saved."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock
        self._traces: Sequence[Trace] = ()
        self._saved = 0
        """Changes of the traces that are in the file."""

    def load(self, traces: Sequence[Trace]) -> None:
        """Fill traces with what the server before saved, in the same order, and save them from now on."""
        self._traces = traces
        try:
            calls = _CALLS.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            log.warning("x traces of calls in %s are not read: %s", self._path, error)
            return
        for trace, its in zip(traces, calls, strict=False):
            trace.restore(its)
        self._saved = self._changes

    @property
    def _changes(self) -> int:
        return sum(each.changes for each in self._traces)

    async def save(self, _now: datetime | None = None) -> None:
        """Write the file, if there is anything new."""
        changes = self._changes
        if changes == self._saved:
            return
        since = self._clock() - SAVED_FOR
        data = _CALLS.dump_json([each.saved(MOST, MOST_CHARACTERS, since) for each in self._traces])
        try:
            await asyncio.to_thread(self._write, data)
        except OSError as error:
            log.warning("x traces of calls are not saved: %s", error)
            return
        self._saved = changes

    def _write(self, data: bytes) -> None:
        fresh = self._path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        fresh.replace(self._path)
