"""Writes the records of calls: of one that failed at once, of one that was answered when it ends.

A record that cannot be written is logged, and ends no call. The end of a call is tried again until it is written, for
a record without end is that of a call that goes on.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from scheduler.operations.incidents.model import LineMeasurement
from signaling.calls.call_test import CallTestReport
from signaling.calls.model import CallRecord, Measured, Outcome, outcome_of
from signaling.calls.store import CallRecordStore

log = logging.getLogger(__name__)
T = TypeVar("T")

UNWRITTEN = "x the record of a call could not be written"
RETRY_SECONDS = 30.0
"""Time between two attempts to write the end of a call."""
STOP_SECONDS = 2.0
"""Time for the records of calls that end with the server."""


class RecordedCall(Protocol):
    """A call as its record needs it."""

    ended: asyncio.Event
    reason: str


@dataclass(slots=True)
class _Open:
    """The record of a call that goes on."""

    id: int
    task: asyncio.Task[None]
    measured: Measured = field(default_factory=Measured)


class CallRecorder:
    """Follows all calls with room systems to their end."""

    def __init__(self, store: CallRecordStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._open: dict[RecordedCall, _Open] = {}

    async def failed(self, record: CallRecord, outcome: Outcome, status: int = 0) -> None:
        """Store the record of a call that did not come about."""
        await _guarded(self._store.add(replace(record, ended=self._clock(), outcome=outcome, status=status)))

    async def answered(self, record: CallRecord, call: RecordedCall) -> None:
        """Store the record of a call that was answered now, and follow the call."""
        id_ = await _guarded(self._store.add(replace(record, answered=self._clock())))
        self.resume(id_, call)

    def resume(self, id_: int | None, call: RecordedCall) -> None:
        """Follow a call whose record is open; nothing happens where there is none."""
        if id_ is not None:
            self._open[call] = _Open(id_, asyncio.create_task(self._follow(call)))

    async def open_ids(self) -> dict[tuple[str, str], int]:
        """Return the records of an earlier process that are open, by session and device."""
        return await _guarded(self._store.open_ids()) or {}

    async def close_rest(self) -> None:
        """End the records of calls of an earlier process that were not resumed."""
        await _guarded(self._store.close_all([each.id for each in self._open.values()], self._clock()))

    async def entered(self, call: RecordedCall, session: str, number: str) -> None:
        """Note that a call of the front door goes on in a session."""
        if (kept := self._open.get(call)) is not None:
            await _guarded(self._store.change(kept.id, session=session, number=number, purpose="session"))

    async def reported(self, call: RecordedCall, report: CallTestReport) -> None:
        """Keep the report of a test call with its record."""
        if (kept := self._open.get(call)) is not None:
            await _guarded(self._store.change(kept.id, report=json.dumps(asdict(report))))

    def measured(self, call: RecordedCall, measurement: LineMeasurement) -> None:
        """Count a measurement of the lines of a call."""
        if (kept := self._open.get(call)) is not None:
            kept.measured.add(measurement)

    async def stop(self) -> None:
        """Write the ends of calls that have ended."""
        tasks = [each.task for each in self._open.values()]
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*tasks)
        await self.leave()

    async def leave(self) -> None:
        """Leave the records open: the next process goes on with the calls."""
        tasks = [each.task for each in self._open.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, call: RecordedCall) -> None:
        try:
            await call.ended.wait()
            kept = self._open[call]
            values = {"ended": self._clock(), "outcome": outcome_of(call.reason), **kept.measured.values}
            await self._write_end(kept.id, values)
        finally:
            del self._open[call]

    async def _write_end(self, id_: int, values: Mapping[str, object]) -> None:
        """Write the end of a call, again and again until that succeeds."""
        while True:
            try:
                await self._store.change(id_, **values)
                return
            except (SQLAlchemyError, OSError):
                log.exception(UNWRITTEN)
            await asyncio.sleep(RETRY_SECONDS)


async def _guarded(work: Awaitable[T]) -> T | None:
    """Await work on the database; None where that fails."""
    try:
        return await work
    except (SQLAlchemyError, OSError):
        log.exception(UNWRITTEN)
        return None
