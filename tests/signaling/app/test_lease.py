"""One server at a time works on a database; the next one touches nothing before that.

Also tests `writing_time.py` and `signaling/core/server_id.py`.
"""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core import database
from signaling.app import lease
from signaling.app.lease import Lease, server_id
from signaling.app.services import open_services
from signaling.app.settings import Settings
from signaling.app.writing_time import WritingTime
from signaling.core.errors import DatabaseInUse, LeaseLost
from signaling.recording.model import Recording
from tests.conftest import PostgresServer
from tests.signaling.server_environment import server_environ
from tests.signaling.world import NOW, PATIENCE_S, make_settings
from tests.silent_postgresql import silent_postgresql

pytestmark = pytest.mark.postgres

KEY = b"k" * 32
WRITES = {database.WRITER: True}


LONG_S = 60.0
"""A lease that ends in no test."""
SHORT_S = 0.6
ENDS_S = 10.0
"""A server that is cut off from the database ends so soon once it is told that another one leads."""
DELAYS = st.floats(0, 5)


@pytest.fixture
def lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make leases long, and renewals frequent: on a busy machine nobody loses one before a test wants it."""
    monkeypatch.setattr(lease, "LEASE_SECONDS", LONG_S)
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.1)


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    """Yield a database engine by which a test observes the servers."""
    made = database.connect(postgres_url)
    yield made
    await made.dispose()


def server(tmp_path: Path, postgres_url: str, name: str) -> Settings:
    """Return the settings of a server with a data directory of its own."""
    (tmp_path / name).mkdir(exist_ok=True)
    return replace(make_settings(tmp_path / name, None), database_url=postgres_url, code_key=KEY)


def unended_recording(settings: Settings) -> Recording:
    """Return a recording that a server has not ended."""
    path = str(settings.recordings / "s1" / "1.mp4")
    return Recording("r1", "s1", 1, path, "Họp", "UBND.Khanh Hoa", "56", NOW)


def ignore_loss() -> None:
    """Do nothing: the callback of a server that never loses its lease."""


async def row(engine: AsyncEngine) -> tuple[str, int, int, int]:
    """Return server, epoch and end of the lease, and the database's time."""
    query = "SELECT server, epoch, until, (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM server_lease"
    async with engine.connect() as connection:
        found = (await connection.execute(text(query))).one()
    return (found[0], found[1], found[2], found[3])


async def is_short(engine: AsyncEngine) -> bool:
    """Return whether the lease was renewed for a short time."""
    *_, until, now = await row(engine)
    return until <= now + 1000 * SHORT_S


async def has_run_out(held: Lease) -> bool:
    """Return whether the holder of a lease may write no more."""
    return not held._writing_time.lasts(asyncio.get_running_loop().time())


async def soon(done: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not await done():
            await asyncio.sleep(0.01)


async def test_a_second_server_is_refused_and_touches_nothing(
    tmp_path: Path, postgres_url: str, engine: AsyncEngine, lasting: None
) -> None:
    first, second = (server(tmp_path, postgres_url, name) for name in "ab")
    held = Lease(first, ignore_loss)
    async with open_services(first, lease=held) as services:
        await services.recording_store.add_part(unended_recording(first))
        with pytest.raises(DatabaseInUse, match=f"process {os.getpid()}"):
            async with open_services(second, lease=Lease(second, ignore_loss)):
                pass
        holder, epoch, until, now = await row(engine)
        assert (holder, epoch) == (server_id(first.data), 1)
        assert now < until <= now + 1000 * LONG_S
        assert [part.state for part in await services.recording_store.recordings()] == ["recording"]
        assert list(second.data.iterdir()) == []
        await held.give_back()  # as a server does that ends: what it still answers may be read, not written
        async with open_services(second, lease=Lease(second, ignore_loss)):
            assert not held.suspect(2)
            assert [part.state for part in await services.recording_store.recordings()] == ["recording"]
            with pytest.raises(OperationalError, match="lease"):
                await services.recording_store.add_part(unended_recording(first))
    async with open_services(first, lease=Lease(first, ignore_loss)):  # the second one gave it back at its end
        assert (await row(engine))[:2] == (server_id(first.data), 3)


async def test_the_lease_of_a_dead_server_keeps_others_away_until_it_runs_out(
    tmp_path: Path, postgres_url: str, engine: AsyncEngine, lasting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (server(tmp_path, postgres_url, name) for name in "ab")
    with monkeypatch.context() as patch:
        patch.setattr(lease, "LEASE_SECONDS", SHORT_S)
        await dies_with_its_lease(first)
    *_, until, _ = await row(engine)
    async with open_services(second, lease=Lease(second, ignore_loss)):
        holder, epoch, _, now = await row(engine)
        assert (holder, epoch, now >= until) == (server_id(second.data), 2, True)


async def test_the_lease_of_a_dead_server_delays_no_restart_of_its_own(
    tmp_path: Path, postgres_url: str, engine: AsyncEngine, lasting: None
) -> None:
    settings = server(tmp_path, postgres_url, "a")
    await dies_with_its_lease(settings)
    async with open_services(settings, lease=Lease(settings, ignore_loss)):
        assert (await row(engine))[:2] == (server_id(settings.data), 2)


@given(st.lists(st.tuples(DELAYS, DELAYS, DELAYS, st.booleans()), min_size=1, max_size=8), st.floats(-1e9, 1e9))
def test_the_time_for_writing_ends_before_another_server_can_take_the_lease(
    renewals: list[tuple[float, float, float, bool]], ahead: float
) -> None:
    """`ahead` is the difference of the two clocks; of each renewal the pause before it, its way to the database and
    the way of the answer are given, and whether one comes."""
    ours, now, database_end = WritingTime(), 0.0, -ahead - 1e9
    assert not ours.lasts(now)

    def another_can_take_it(at: float) -> bool:
        return at + ahead >= database_end

    for pause, there, back, answered in renewals:
        asked = now + pause
        carried_out, now = asked + there, asked + there + back
        moments = [asked, carried_out, now, asked + lease.LEASE_SECONDS]
        assert not any(ours.lasts(at) and another_can_take_it(at) for at in moments)
        database_end = carried_out + ahead + lease.LEASE_SECONDS
        if answered:
            ours.grant(asked, lease.LEASE_SECONDS)
    rest = [now + step / 100 for step in range(1200)]
    assert not any(ours.lasts(at) and another_can_take_it(at) for at in rest)
    ours.grant(now, lease.LEASE_SECONDS)
    assert [ours.lasts(now + after) for after in (0.0, lease.LEASE_SECONDS)] == [True, False]
    ours.end()
    assert not ours.lasts(now)


async def test_a_server_that_is_cut_off_from_the_database_ends_soon_once_it_is_succeeded(
    tmp_path: Path, postgres_url: str, engine: AsyncEngine, lasting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waited for the database to answer that its connections are closed."""
    first, second = (server(tmp_path, postgres_url, name) for name in "ab")
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(silent_postgresql(postgres_url, tmp_path))
        first = replace(first, database_url=relay.url)
        held = Lease(first, ignore_loss)
        services = await stack.enter_async_context(open_services(first, lease=held))
        await asyncio.gather(*(services.recording_store.recordings() for _ in range(5)))  # as many connections
        monkeypatch.setattr(lease, "LEASE_SECONDS", SHORT_S)
        await soon(lambda: is_short(engine))
        relay.fall_silent()
        await soon(lambda: has_run_out(held))
        monkeypatch.setattr(lease, "LEASE_SECONDS", LONG_S)
        reading = asyncio.create_task(services.recording_store.recordings())
        async with open_services(second, lease=Lease(second, ignore_loss)):
            began = asyncio.get_running_loop().time()
            assert held.suspect(2)
            with pytest.raises(DBAPIError, match="closed"):
                await reading
            with pytest.raises(DBAPIError, match="cut its connections"):
                await services.recording_store.recordings()
            with pytest.raises(LeaseLost):
                async with asyncio.timeout(PATIENCE_S):
                    await stack.aclose()
            assert asyncio.get_running_loop().time() - began < ENDS_S


async def dies_with_its_lease(settings: Settings) -> None:
    """Let a server take the lease and end without a word."""
    made = database.connect(settings.database_url)
    await Lease(settings, ignore_loss)._take(made)
    await made.dispose()


async def test_a_server_that_was_succeeded_writes_nothing_more_and_ends(
    tmp_path: Path, postgres_url: str, lasting: None
) -> None:
    settings, lost = server(tmp_path, postgres_url, "a"), asyncio.Event()
    stack = AsyncExitStack()
    services = await stack.enter_async_context(open_services(settings, lease=Lease(settings, lost.set)))
    await dies_with_its_lease(settings)  # as another one would that found ours run out
    async with asyncio.timeout(PATIENCE_S):
        await lost.wait()
    with pytest.raises(OperationalError, match="lease"):
        await services.recording_store.add_part(unended_recording(settings))
    with pytest.raises(LeaseLost, match="taken the database over"):
        await stack.aclose()


async def test_a_server_that_cannot_renew_its_lease_writes_nothing_until_it_can(
    tmp_path: Path, postgres_url: str, engine: AsyncEngine, lasting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = server(tmp_path, postgres_url, "a")

    async def rename(old: str, new: str) -> None:
        async with engine.begin() as connection:
            await connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    async def writes() -> bool:
        try:
            await services.accounts.ping()
        except DBAPIError:  # the lease is not to be found, then it has run out
            return False
        return True

    async def refuses() -> bool:
        return not await writes()

    async with open_services(settings, lease=Lease(settings, ignore_loss)) as services:
        assert await writes()
        monkeypatch.setattr(lease, "LEASE_SECONDS", SHORT_S)
        await soon(lambda: is_short(engine))
        await rename("server_lease", "elsewhere")
        await soon(refuses)
        await rename("elsewhere", "server_lease")
        await soon(writes)


@asynccontextmanager
async def hanging(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncEngine]:
    """Yield the engine of a server that takes the lease, and does not renew it."""
    made = database.connect(settings.database_url)
    with monkeypatch.context() as patched:
        patched.setattr(lease, "RENEW_SECONDS", 3600.0)
        stack = AsyncExitStack()
        await stack.enter_async_context(Lease(settings, ignore_loss).held(made))
        await asyncio.sleep(0)
    yield made
    await stack.aclose()
    await made.dispose()


@asynccontextmanager
async def begun(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Yield a connection in a writing transaction; it is not rolled back, since the database may have ended it."""
    async with engine.execution_options(**WRITES).connect() as connection:
        await connection.begin()
        try:
            yield connection
        finally:
            await connection.invalidate()


async def used_after(connection: AsyncConnection, statement: Awaitable[object]) -> None:
    """Await a statement, which may have succeeded before its connection was ended, and send one more."""
    await statement
    await connection.execute(text("SELECT 1"))


async def test_a_server_that_hangs_while_it_writes_keeps_no_other_away(
    tmp_path: Path, postgres_url: str, engine: AsyncEngine, lasting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (server(tmp_path, postgres_url, name) for name in "ab")
    async with hanging(first, monkeypatch) as made, AsyncExitStack() as stack:
        turn = text(f"SELECT pg_advisory_xact_lock({database.ADVISORY_LOCK})")
        writing = [await stack.enter_async_context(begun(made)) for _ in range(3)]
        await writing[0].execute(text("CREATE TABLE written_before (id int)"))
        await writing[0].execute(turn)
        waiting = [asyncio.create_task(writer.execute(turn)) for writer in writing[1:]]
        async with engine.begin() as connection:  # its lease runs out
            await connection.execute(text("UPDATE server_lease SET until = 1"))
        async with asyncio.timeout(PATIENCE_S), open_services(second, lease=Lease(second, ignore_loss)) as services:
            await services.recording_store.add_part(unended_recording(second))
        for writer, turn_taken in zip(writing, [asyncio.sleep(0), *waiting], strict=True):
            with pytest.raises(DBAPIError, match=r"administrator command|closed"):
                await used_after(writer, turn_taken)
    async with engine.connect() as connection:
        with pytest.raises(ProgrammingError, match="does not exist"):
            await connection.execute(text("SELECT * FROM written_before"))


async def test_a_server_ends_no_writers_of_a_copy_of_its_database(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str, lasting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = server(tmp_path, postgres_url, "a")
    await dies_with_its_lease(settings)
    with postgres_server.database(template=str(make_url(postgres_url).database)) as name:
        copy = replace(settings, database_url=postgres_server.url(name))
        async with hanging(copy, monkeypatch) as made, begun(made) as writing:
            await dies_with_its_lease(settings)  # it takes its lease again, and ends who writes
            assert (await writing.execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_server_whose_clock_says_that_it_leads_still_writes_nothing_once_another_does(
    tmp_path: Path, postgres_url: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LEASE_SECONDS", "RENEW_SECONDS"):
        monkeypatch.setattr(lease, name, 3600.0)
    settings = server(tmp_path, postgres_url, "a")
    async with open_services(settings, lease=Lease(settings, ignore_loss)) as services:
        await services.recording_store.add_part(unended_recording(settings))
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE server_lease SET epoch = epoch + 1"))
        with pytest.raises(OperationalError, match="is another server's"):
            await services.recording_store.add_part(unended_recording(settings))


async def test_a_sqlite_file_in_the_directory_of_another_server_is_left_alone(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    settings = replace(make_settings(own, None), database_url=f"sqlite:///{other / 'diemcau.sqlite3'}")
    async with open_services(settings, lease=Lease(settings, ignore_loss)):
        second = replace(settings, data=tmp_path)
        with pytest.raises(DatabaseInUse, match="other"):
            async with open_services(second, lease=Lease(second, ignore_loss)):
                pass
    async with open_services(settings, lease=Lease(settings, ignore_loss)):
        pass


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Process]:
    """Yield a process that serves."""
    variables = server_environ(settings.data) | {
        "DIEMCAU_DATABASE_URL": settings.database_url,
        "DIEMCAU_CODE_KEY": KEY.hex(),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "signaling", "serve", env=variables, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ready(process: Process) -> None:
    """Wait until a server serves."""
    assert process.stdout is not None
    async with asyncio.timeout(40):
        while b"Ctrl-C" not in (line := await process.stdout.readline()):
            assert line, await process.communicate()


async def test_two_servers_on_one_postgresql(tmp_path: Path, postgres_url: str) -> None:
    first, second = (server(tmp_path, postgres_url, name) for name in "ab")
    async with serving(first) as before:
        await ready(before)
        async with serving(second) as refused:
            async with asyncio.timeout(40):
                _, complaint = await refused.communicate()
        assert refused.returncode == 1
        assert re.fullmatch(
            rf"diemcau: another server works on this database \(\S+, process {before.pid}\); "
            r"stop it, or set DIEMCAU_DATABASE_URL\n",
            complaint.decode(),
        )
        before.send_signal(signal.SIGSTOP)  # for more than its lease
        async with serving(second) as successor:
            await ready(successor)
            before.send_signal(signal.SIGCONT)
            async with asyncio.timeout(40):
                _, complaint = await before.communicate()
            log_lines = complaint.decode().splitlines()
            assert before.returncode == 1
            assert re.fullmatch(
                rf"diemcau: another server has taken the database over \(\S+, process {successor.pid}\), "
                "so this one has ended",
                log_lines[-1],
            )
            assert "Traceback" not in complaint.decode()
            assert successor.returncode is None


async def test_a_lease_that_cannot_be_renewed_is_one_line_of_log_an_outage(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    held = Lease(settings, lambda: None)
    outcomes: list[Exception | None] = [OSError("refused"), OSError("refused"), TimeoutError(), None]
    outcomes += [OSError("refused again"), OSError("refused again")]

    async def renew(_: object) -> bool:
        if not outcomes:
            held._successor = "another"
            return False
        if (outcome := outcomes.pop(0)) is not None:
            raise outcome
        return True

    monkeypatch.setattr(held, "_renew", renew)
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.0)
    await held._renew_forever(None)  # type: ignore[arg-type]
    log_lines = [(each.getMessage(), each.exc_info) for each in caplog.records if each.name == lease.__name__]
    assert log_lines == [
        ("x the lease on the database could not be renewed: refused", None),
        ("x the lease on the database could not be renewed: refused again", None),
    ]
