"""Writes the records of calls: of one that failed at once, of one that was answered when it ends.

They are facts of the record of meetings: in their order, each once, later while the database cannot be written
(decisions 137 and 149). None of them ends a call.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from scheduler.operations.incidents.model import LineMeasurement
from signaling.calls.call_test import CallTestReport
from signaling.calls.model import CallRecord, Measured, Outcome, outcome_of
from signaling.calls.store import CallRecordStore

log = logging.getLogger(__name__)

STOP_SECONDS = 2.0
"""Time for the records of calls that end with the server."""


class RecordedCall(Protocol):
    """A call as its record needs it."""

    ended: asyncio.Event
    reason: str


class FactWriter(Protocol):
    """Writes facts one after the other until the database takes them, each once."""

    async def store(self, what: str, write: Callable[[], Awaitable[object]], *, repeatable: bool = False) -> object:
        """Store a fact, which `what` names in the log, by `write`; one that is `repeatable` may be written again."""


@dataclass(slots=True)
class _Open:
    """The record of a call that goes on; `id` is None until it is stored."""

    id: int | None
    measured: Measured = field(default_factory=Measured)


class CallRecorder:
    """Follows all calls with room systems to their end."""

    def __init__(self, store: CallRecordStore, facts: FactWriter, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._facts = facts
        self._clock = clock
        self._open: dict[RecordedCall, _Open] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def failed(self, record: CallRecord, outcome: Outcome, status: int = 0) -> None:
        """Store the record of a call that did not come about."""
        await self._add(replace(record, ended=self._clock(), outcome=outcome, status=status), _Open(None))

    async def answered(self, record: CallRecord, call: RecordedCall) -> None:
        """Store the record of a call that was answered now, and follow the call."""
        kept = self._follow(call, _Open(None))
        await self._add(replace(record, answered=self._clock()), kept)

    def resume(self, id_: int | None, call: RecordedCall) -> None:
        """Follow a call whose record is open; nothing happens where there is none."""
        if id_ is not None:
            self._follow(call, _Open(id_))

    async def open_ids(self) -> dict[tuple[str, str], int]:
        """Return the records of an earlier process that are open, by session and device."""
        try:
            return await self._store.open_ids()
        except (SQLAlchemyError, OSError):
            log.exception("x the records of earlier calls could not be read")
            return {}

    async def close_rest(self) -> None:
        """End the records of calls of an earlier process that were not resumed."""
        resumed = [each.id for each in self._open.values() if each.id is not None]
        close = partial(self._store.close_all, resumed, self._clock())
        await self._facts.store("the end of calls of an earlier server", close, repeatable=True)

    async def entered(self, call: RecordedCall, session: str, number: str) -> None:
        """Note that a call of the front door goes on in a session."""
        if (kept := self._open.get(call)) is not None:
            await self._change(kept, session=session, number=number, purpose="session")

    async def reported(self, call: RecordedCall, report: CallTestReport) -> None:
        """Keep the report of a test call with its record."""
        if (kept := self._open.get(call)) is not None:
            await self._change(kept, report=json.dumps(asdict(report)))

    def measured(self, call: RecordedCall, measurement: LineMeasurement) -> None:
        """Count a measurement of the lines of a call."""
        if (kept := self._open.get(call)) is not None:
            kept.measured.add(measurement)

    async def stop(self) -> None:
        """Write the ends of calls that have ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*self._tasks)
        await self.leave()

    async def leave(self) -> None:
        """Leave the records open: the next process goes on with the calls."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _follow(self, call: RecordedCall, kept: _Open) -> _Open:
        """Follow a call to its end."""
        self._open[call] = kept
        task = asyncio.create_task(self._end(call, kept))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return kept

    async def _end(self, call: RecordedCall, kept: _Open) -> None:
        try:
            await call.ended.wait()
            values = {"outcome": outcome_of(call.reason), **kept.measured.values}
            await self._change(kept, ended=self._clock(), **values)
        finally:
            del self._open[call]

    async def _add(self, record: CallRecord, kept: _Open) -> None:
        """Store a record, whose id is known before the database confirms it."""

        async def write() -> None:
            kept.id = None  # that of an earlier attempt is not there
            async with self._store.adding(record) as id_:
                kept.id = id_

        await self._facts.store("the record of a call", write)

    async def _change(self, kept: _Open, **values: object) -> None:
        """Change some values of a record, after it was stored."""

        async def write() -> None:
            if kept.id is not None:  # the database did not refuse it
                await self._store.change(kept.id, **values)

        await self._facts.store("a change in the record of a call", write, repeatable=True)
