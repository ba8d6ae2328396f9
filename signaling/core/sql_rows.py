"""Base class of stores: reads and writes rows, one statement at a time."""

from typing import Any

from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core.database import WRITER


class SqlRows:
    """Reads and writes rows of a database; several statements in one transaction use `_writer`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # SQLite: take the write lock at BEGIN, so that a writer waits for its turn instead of failing midway.
        self._writer = engine.execution_options(**{WRITER: True})

    async def _write(self, statement: Any) -> None:
        async with self._writer.begin() as connection:
            await connection.execute(statement)

    async def _one(self, query: Any) -> RowMapping | None:
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).mappings().first()

    async def _all(self, query: Any) -> list[RowMapping]:
        async with self._engine.connect() as connection:
            return list((await connection.execute(query)).mappings())
