"""Stores what the record of a meeting tells: floor times, chat, steps of the script, who controlled, calls,
weak lines.

Facts are written in the order in which they came, each once. While the database cannot be written they wait, and
meetings go on. Before one is written again, the database is asked whether it has it: a commit may have taken effect
though its connection broke before the answer came (decision 149).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from contextvars import Context
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnection

from scheduler.core.lock_timeout import lock_timeout

log = logging.getLogger(__name__)

MOST_FACTS = 20_000
"""Facts that wait at once; what comes beyond is logged and lost. A province's meetings make some ten a second."""
LOOK_SECONDS = 0.05
"""Interval of looks at whether the database refused a write, of a server that ends."""
AGAIN_SECONDS = 1.0
"""Pause after a write that the database refused."""
PATIENCE_SECONDS = 4.0
"""A meeting waits so long at most until a fact is stored, and not at all once the database is known to be away."""
STOP_SECONDS = 0.4
"""A server that ends waits so long for a database that does not answer, and so long again for a write that it cancels:
less in all than the second in which a server that was succeeded leaves its meetings."""


class FactNumbers(Protocol):
    """Knows which facts are stored, by their numbers."""

    def numbered(self, number: int) -> AbstractContextManager[None]:
        """Store a number with the fact that is written in the block."""

    async def has(self, number: int) -> bool:
        """Return whether the fact of a number is stored."""


@dataclass(slots=True)
class _PendingFact:
    what: str
    write: Callable[[], Awaitable[object]]
    number: int | None
    """None: it may be written again."""
    done: asyncio.Future[None]
    """Done once it is stored, or known to wait."""
    tried: bool = False


class RecordWriter:
    """Writes facts of all meetings one after the other."""

    def __init__(self, stored: FactNumbers) -> None:
        self._stored = stored
        self._numbers = count(1)
        self._facts: deque[_PendingFact] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._away = False
        """Whether the database refused the last write, or takes too long for it."""

    async def store(
        self,
        what: str,
        write: Callable[[], Awaitable[object]],
        patience_s: float = PATIENCE_SECONDS,
        *,
        repeatable: bool = False,
    ) -> bool:
        """Store a fact by `write`, which is one transaction; return once it is stored, the database has refused it, or
        after `patience_s`. `what` names it in the log. One that is `repeatable` changes nothing when it is written
        again, and is. Returns False if too many wait, so that it is lost."""
        if len(self._facts) >= MOST_FACTS:
            log.error("x %s is not stored: %d facts wait for the database", what, len(self._facts))
            return False
        number = None if repeatable else next(self._numbers)
        fact = _PendingFact(what, write, number, asyncio.get_running_loop().create_future())
        self._facts.append(fact)
        if self._writing is None:
            # Neither the time limit of a request nor what is written with its answer belongs to later facts.
            self._writing = asyncio.get_running_loop().create_task(self._write(), context=Context())
        if not self._away:
            settled, _ = await asyncio.wait([fact.done], timeout=patience_s)
            self._away |= not settled and patience_s >= PATIENCE_SECONDS
        return True

    async def stop(self) -> None:
        """Wait for what is not stored; log what is lost.

        A database that answers gets `PATIENCE_SECONDS`. Once a server was succeeded, its connections are cut within
        that time, and every write is refused.
        """
        clock = asyncio.get_running_loop().time
        began = clock()
        while self._writing is not None and clock() < began + (STOP_SECONDS if self._away else PATIENCE_SECONDS):
            await asyncio.wait([self._writing], timeout=LOOK_SECONDS)
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing], timeout=STOP_SECONDS)  # it may wait for a database that is gone
        for fact in self._facts:
            log.error("x %s is not stored: the server ended before the database could be written", fact.what)
        self._facts.clear()

    async def _write(self) -> None:
        while self._facts:
            fact = self._facts[0]
            try:
                with lock_timeout(PATIENCE_SECONDS):
                    await self._write_once(fact)
            except (IntegrityError, ProgrammingError):
                log.exception("x %s could not be stored", fact.what)
            except (DBAPIError, NoConnection) as fault:
                if not self._away:
                    log.warning("x the database does not answer: %s; %s waits for it", fault, fact.what)
                self._away = True
                for each in self._facts:
                    _settle(each)
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            except Exception:
                log.exception("x %s could not be stored", fact.what)
            if self._away:
                log.info("= the database answers again, %d facts waited", len(self._facts))
            self._away = False
            self._facts.popleft()
            _settle(fact)
        self._writing = None

    async def _write_once(self, fact: _PendingFact) -> None:
        """Write a fact, unless the database took it before and could not say so."""
        if fact.number is None:
            await fact.write()
            return
        if fact.tried and await self._stored.has(fact.number):
            log.info("= %s was stored before, though the database did not answer", fact.what)
            return
        fact.tried = True
        with self._stored.numbered(fact.number):
            await fact.write()


def _settle(fact: _PendingFact) -> None:
    """Let nobody wait any longer for a fact."""
    if not fact.done.done():
        fact.done.set_result(None)
