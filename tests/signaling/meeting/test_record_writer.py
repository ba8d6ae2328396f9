"""Facts of the record of a meeting are stored in order, later where the database is away, and once.

Also tests `stored_facts.py`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core.database import connect, dispose
from scheduler.core.lock_timeout import lock_timeout, waiting
from scheduler.policy import profile_files
from signaling.audit.log import AuditLog
from signaling.audit.schema import AUDIT
from signaling.core.audit_entry import AuditEntry
from signaling.core.schema import METADATA
from signaling.meeting import record_writer
from signaling.meeting.record_writer import RecordWriter
from signaling.meeting.schema import STORED_FACTS
from signaling.meeting.stored_facts import StoredFacts
from tests.scripted_commits import Fate, script_commits
from tests.signaling.world import NOW, PATIENCE_S
from tests.silent_postgresql import silent_postgresql

AWAY = OperationalError("INSERT", {}, OSError("the connection is closed"))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once; what can be stored at the end is waited for, however busy the machine is."""
    monkeypatch.setattr(record_writer, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(record_writer, "STOP_SECONDS", PATIENCE_S)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing at the end that cannot be stored."""
    monkeypatch.setattr(record_writer, "STOP_SECONDS", 0.05)


class Database:
    """Takes facts while it is `there`."""

    def __init__(self) -> None:
        self.there = asyncio.Event()
        self.there.set()
        self.stored: list[str] = []
        self.asked = 0

    def write(self, fact: str, fault: Exception | None = None) -> Callable[[], Awaitable[None]]:
        async def write() -> None:
            self.asked += 1
            if not self.there.is_set():
                raise AWAY
            if fault is not None:
                raise fault
            self.stored.append(fact)

        return write


class NothingUnanswered:
    """Says of no fact that was refused that it is stored."""

    def numbered(self, number: int) -> AbstractContextManager[None]:
        return nullcontext()

    async def has(self, number: int) -> bool:
        return False


async def test_a_fact_is_stored_before_the_meeting_goes_on() -> None:
    database, writer = Database(), RecordWriter(NothingUnanswered())
    await writer.store("a", database.write("a"))
    assert database.stored == ["a"]


async def test_facts_wait_for_the_database_in_their_order_and_hinder_nobody(caplog: pytest.LogCaptureFixture) -> None:
    database, writer = Database(), RecordWriter(NothingUnanswered())
    database.there.clear()
    await writer.store("a", database.write("a"), 0.01)
    while database.asked < 3:
        await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_S):
        for fact in ("b", "c"):
            await writer.store(fact, database.write(fact), 2 * PATIENCE_S)
    assert database.stored == []
    database.there.set()
    await writer.store("d", database.write("d"))
    await writer.stop()
    assert database.stored == ["a", "b", "c", "d"]
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        f"x the database does not answer: {AWAY}; a waits for it"
    ]


async def test_who_waits_for_a_database_that_refuses_goes_on_at_once() -> None:
    database, writer = Database(), RecordWriter(NothingUnanswered())
    database.there.clear()
    async with asyncio.timeout(record_writer.PATIENCE_SECONDS / 2):
        await asyncio.gather(*(writer.store(fact, database.write(fact)) for fact in "ab"))
    database.there.set()
    await writer.store("c", database.write("c"))
    await writer.stop()
    assert database.stored == ["a", "b", "c"]


@pytest.mark.parametrize("fault", [IntegrityError("INSERT", {}, Exception("no such session")), ValueError("text")])
async def test_a_fact_that_is_refused_for_itself_hinders_no_other(fault: Exception) -> None:
    database, writer = Database(), RecordWriter(NothingUnanswered())
    await writer.store("a", database.write("a", fault))
    await writer.store("b", database.write("b"))
    assert database.stored == ["b"]


@pytest.mark.usefixtures("hurry")
async def test_a_server_that_ends_says_what_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    database, writer = Database(), RecordWriter(NothingUnanswered())
    database.there.clear()
    await writer.store("the floor of A", database.write("a"), 0.01)
    await writer.stop()
    assert database.stored == []
    assert "x the floor of A is not stored: the server ended before the database could be written" in caplog.messages


async def test_no_more_facts_wait_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(record_writer, "MOST_FACTS", 2)
    database, writer = Database(), RecordWriter(NothingUnanswered())
    database.there.clear()
    for fact in "abc":
        await writer.store(fact, database.write(fact), 0.01)
    database.there.set()
    await writer.stop()
    assert "x c is not stored: 2 facts wait for the database" in caplog.messages
    assert database.stored == ["a", "b"]


async def test_a_fact_has_neither_the_time_limit_nor_the_context_of_a_request() -> None:
    writer, seen, request = RecordWriter(NothingUnanswered()), [], ContextVar("request", default="")

    async def write() -> None:
        with waiting() as seconds:
            seen.append((0 < seconds <= record_writer.PATIENCE_SECONDS, request.get()))

    request.set("a request")
    with lock_timeout(0.0):
        await writer.store("a", write)
    assert seen == [(True, "")]


@pytest.mark.usefixtures("hurry")
async def test_a_write_that_cannot_be_cancelled_does_not_hold_up_the_end() -> None:
    writer, released = RecordWriter(NothingUnanswered()), asyncio.Event()

    async def write() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await released.wait()  # as a driver that tells a database which does not answer

    await writer.store("a", write, 0.01)
    stopping = asyncio.create_task(writer.stop())
    ended, _ = await asyncio.wait([stopping], timeout=PATIENCE_S)
    released.set()
    await stopping
    assert ended == {stopping}


class Record:
    """The audit log of a database, of which several servers write one after the other."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._audit = AuditLog(engine, profile_files.load())
        self._writer = RecordWriter(StoredFacts(engine))

    async def prepare(self) -> None:
        async with self._engine.begin() as db:
            await db.run_sync(METADATA.create_all, [AUDIT, STORED_FACTS])

    def succeed(self) -> None:
        self._writer = RecordWriter(StoredFacts(self._engine))

    async def tell(self, facts: str) -> None:
        """Have the writer store facts, all of which wait for the first one."""
        entries = [AuditEntry(NOW, "host", "floor", "s", fact) for fact in facts]
        await asyncio.gather(*(self._writer.store(each.detail, partial(self._audit.append, each)) for each in entries))
        await self._writer.stop()

    async def held(self) -> str:
        return "".join([chained.entry.detail for chained in await self._audit.after(0, 100)])

    async def last_numbers(self) -> list[int]:
        async with self._engine.connect() as db:
            return list(await db.scalars(select(STORED_FACTS.c.number)))


async def test_facts_whose_commits_were_not_answered_are_there_once_and_in_order(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = connect(sqlite_url)
    record = Record(engine)
    await record.prepare()
    # Of each fact that was tried the database is asked in a transaction, whose commit may fail as well.
    of_a: list[Fate] = ["unanswered", "unanswered", "lost", "answered"]
    of_b: list[Fate] = ["lost", "answered", "lost", "answered", "unanswered", "answered"]
    left = script_commits(monkeypatch, engine, *of_a, *of_b, "answered", "unanswered")
    await record.tell("abcd")
    assert (await record.held(), left, await record.last_numbers()) == ("abcd", [], [4])
    record.succeed()  # its first facts have the numbers of those before
    script_commits(monkeypatch, engine, "lost", "answered", "unanswered")
    await record.tell("ef")
    assert (await record.held(), await record.last_numbers()) == ("abcdef", [2])
    await engine.dispose()


@pytest.mark.postgres
async def test_facts_are_there_once_where_the_connection_breaks_between_commit_and_answer(
    tmp_path: Path, postgres_url: str
) -> None:
    async with silent_postgresql(postgres_url, tmp_path) as relay:
        engine = connect(relay.url)
        record = Record(engine)
        await record.prepare()
        for facts in ("ab", "cd"):  # the number of a writer is inserted, and then updated
            relay.lose(b"COMMIT\0")
            await record.tell(facts)
        assert (await record.held(), await record.last_numbers()) == ("abcd", [4])
        await dispose(engine)
