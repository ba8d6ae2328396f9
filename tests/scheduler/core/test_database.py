"""Write transactions run one at a time, and a cancelled one leaves no lock behind."""

import asyncio
import contextlib
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Select, column, select, table, text

from scheduler.core import database


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
        async with asyncio.timeout(30):
            with pytest.raises(ValueError, match="Connection closed"):
                await driver.close()
        assert not driver._thread.is_alive()
        await db.invalidate()
    await engine.dispose()
