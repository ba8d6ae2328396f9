"""Write transactions run one at a time, and a cancelled one leaves no lock behind."""

import asyncio
import contextlib
import gc
import threading
from collections.abc import Iterator
from importlib.util import find_spec, module_from_spec
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy import Select, column, select, table, text

from scheduler.core import database
from tests.silent_postgresql import silent_postgresql

PATIENCE_S = 30.0


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Switch the garbage collector off, which might close a cancelled transaction."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
async def test_a_writer_cancelled_while_writing_blocks_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 100)
    engine = database.connect(f"sqlite:///{tmp_path / 'a.db'}")
    async with database.writing(engine) as db:
        await db.execute(text("CREATE TABLE numbers (number INTEGER)"))
        await db.execute(text("INSERT INTO numbers VALUES (0), (0), (0)"))

    async def cancelled() -> None:
        async with database.writing(engine) as db:
            await db.execute(text("INSERT INTO numbers VALUES (-1)"))
            while True:
                (await db.execute(text("SELECT number FROM numbers"))).all()

    ends: list[BaseException | None] = []
    for number in range(1, 60):
        task = asyncio.create_task(cancelled())
        for _ in range(number):
            await asyncio.sleep(0.0002)
        task.cancel()
        ends += await asyncio.gather(task, return_exceptions=True)
        async with database.writing(engine) as db:
            await db.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})
    async with engine.begin() as db:
        numbers = (await db.execute(text("SELECT number FROM numbers"))).scalars().all()
    assert numbers == [0, 0, 0, *range(1, 60)]
    assert {type(end) for end in ends} == {asyncio.CancelledError}
    await engine.dispose()


async def test_what_is_committed_is_on_the_disk(tmp_path: Path) -> None:
    """By the module as a server loads it: for other tests `tests/conftest.py` has it wait for no disk."""
    spec = find_spec(database.__name__)
    assert spec is not None and spec.loader is not None
    loaded = module_from_spec(spec)
    spec.loader.exec_module(loaded)
    engine = loaded.connect(f"sqlite:///{tmp_path / 'a.db'}")
    async with engine.connect() as db:
        full = 2
        assert await db.scalar(text("PRAGMA synchronous")) == full
    await engine.dispose()


async def test_a_read_that_is_broken_off_leaves_no_old_snapshot_to_the_next_writer(tmp_path: Path) -> None:
    """Another engine writes in between, and the pool gives the connection of the read to the writer."""
    engine, other = (database.connect(f"sqlite:///{tmp_path / 'a.db'}") for _ in range(2))
    async with database.writing(engine) as db:
        await db.execute(text("CREATE TABLE numbers (number INTEGER)"))
        await db.execute(text("INSERT INTO numbers VALUES (0), (0), (0)"))
    async with engine.connect() as db, contextlib.AsyncExitStack() as stack:
        query: Select[tuple[int]] = select(column("number")).select_from(table("numbers"))
        rows = await stack.enter_async_context(database.streaming(db, query))
        await anext(rows.partitions(1))
    assert rows.closed
    async with database.writing(other) as db:
        await db.execute(text("INSERT INTO numbers VALUES (1)"))
    async with database.writing(engine) as db:
        await db.execute(text("INSERT INTO numbers VALUES (2)"))
        assert (await db.execute(text("SELECT number FROM numbers"))).scalars().all() == [0, 0, 0, 1, 2]
    await engine.dispose()
    await other.dispose()


async def test_a_connection_that_was_stopped_is_closed_at_once(tmp_path: Path) -> None:
    """As where a task is cancelled a second time while its connection is being closed."""
    engine = database.connect(f"sqlite:///{tmp_path / 'a.db'}")
    async with engine.connect() as db:
        driver = (await db.get_raw_connection()).driver_connection
        assert driver is not None
        driver.stop()
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(ValueError, match="Connection closed"):
                await driver.close()
        driver._thread.join(PATIENCE_S)
        assert not driver._thread.is_alive()
        await db.invalidate()
    await engine.dispose()


def test_a_query_outlives_the_loop_that_waited_for_it(tmp_path: Path) -> None:
    """As that of a task that is cancelled where a server, or a test, ends: its thread ended with a traceback."""
    begun, released = threading.Event(), threading.Event()

    def query() -> None:
        begun.set()
        released.wait(PATIENCE_S)

    async def begin() -> aiosqlite.Connection:
        connection = await database._FileConnection.open(tmp_path / "a.db")
        waiting = asyncio.create_task(connection._execute(query))  # type: ignore[no-untyped-call]
        await asyncio.to_thread(begun.wait, PATIENCE_S)
        assert not waiting.done()
        return connection

    connection = asyncio.run(begin())
    released.set()
    connection.stop()
    connection._thread.join(PATIENCE_S)
    assert not connection._thread.is_alive()
    assert connection._connection is None


@pytest.mark.postgres
async def test_connections_to_a_database_that_does_not_answer_are_closed(tmp_path: Path, postgres_url: str) -> None:
    """The driver waits for that without end, and with it the end of the server."""
    async with silent_postgresql(postgres_url, tmp_path) as relay:
        engine = database.connect(relay.url)
        async with engine.connect() as first, engine.connect() as second:
            assert [await each.scalar(text("SELECT 1")) for each in (first, second)] == [1, 1]
        relay.fall_silent()
        async with asyncio.timeout(PATIENCE_S):
            await database.dispose(engine)
