"""Knows which facts of the record of meetings the database has, also where it did not answer (decision 149)."""

import secrets
from contextlib import AbstractContextManager
from functools import partial

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core.database import alongside, writing
from signaling.meeting.schema import STORED_FACTS


class StoredFacts:
    """The number of the last fact that this server stored; it is stored in the same transaction as the fact."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writer = secrets.token_hex(16)

    def numbered(self, number: int) -> AbstractContextManager[None]:
        """Store a number with the fact that is written in the block. Facts are written in the order of their numbers,
        each in one transaction."""
        return alongside(partial(self._note, number))

    async def has(self, number: int) -> bool:
        """Return whether the fact of a number is stored. A commit that still goes on has its turn before."""
        async with writing(self._engine) as db:
            last = await db.scalar(select(STORED_FACTS.c.number).where(STORED_FACTS.c.writer == self._writer))
        return last is not None and last >= number

    async def _note(self, number: int, db: AsyncConnection) -> None:
        ours = update(STORED_FACTS).where(STORED_FACTS.c.writer == self._writer)
        if not (await db.execute(ours.values(number=number))).rowcount:
            await db.execute(delete(STORED_FACTS))  # the number of a server before says nothing any more
            await db.execute(insert(STORED_FACTS).values(writer=self._writer, number=number))
