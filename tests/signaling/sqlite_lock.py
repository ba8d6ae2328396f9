"""Locks an SQLite file as another program does that writes and does not come to an end."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path


@asynccontextmanager
async def sqlite_locked(path: Path | str) -> AsyncIterator[None]:
    """Let nobody else write to the file.

    The lock is waited for in a thread: a transaction of a server in this process goes on meanwhile, and ends.
    """
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
